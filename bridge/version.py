"""The version of this release."""

import os
import sys
from contextlib import suppress
from functools import cache

#: the folder beside the installed package that is named after its version (PEP 376)
_BEFORE, _AFTER = "sms_bridge-", ".dist-info"


def version() -> str:
    """The version of the installed package; `0+source` when it runs from its source tree uninstalled."""
    return installed() or "0+source"


@cache
def installed() -> str:
    """The same, "" when it is not installed. `importlib.metadata` takes half a megabyte to find it."""
    for folder in sys.path:
        with suppress(OSError):  # a path that is not there, or an archive
            for name in os.listdir(folder or "."):
                if name.startswith(_BEFORE) and name.endswith(_AFTER):
                    return name.removeprefix(_BEFORE).removesuffix(_AFTER)
    return ""
