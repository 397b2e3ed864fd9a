"""The version of this release."""

from functools import cache


@cache
def version() -> str:
    """The version of the installed package; `0+source` when it runs from its source tree uninstalled."""
    from importlib import metadata

    try:
        return metadata.version("sms-bridge")
    except metadata.PackageNotFoundError:
        return "0+source"
