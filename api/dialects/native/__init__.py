"""The bridge's own API, `/v1`: one module a subject, described by `api/openapi.yaml`."""

from typing import Any


def __getattr__(name: str) -> Any:
    """DIALECT, with all of HTTP, is for those who serve: a command needs the operations alone."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.native.dialect import Native

    return Native
