"""adbutils without what it imports for screenshots and downloads: Pillow and requests, 8 MB and a tenth of a second.

It imports both at once and has no switch for it. So while it is imported, stand-ins are in their place, which look for
the real module when somebody wants something of it: what adbutils can do with them, it still can. Its version, which it
has from `importlib.metadata`, for half a megabyte, is read from the name of the folder that pip has made.
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["AdbClient", "AdbConnection", "AdbError", "adb_path"]

#: what adbutils imports → the classes of it in adbutils' own annotations, which Python looks up at once
FOR_LATER = {"requests": (), "PIL.Image": ("Image",), "zipfile": ()}
#: the module in which it looks up its version
VERSION = "adbutils._version"


class StandIn(ModuleType):
    """A module that is imported when something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def put_off() -> Iterator[None]:
    """Keep these from being imported within the block, unless they are there; afterwards nobody sees the stand-ins."""
    made: dict[str, ModuleType] = {name: StandIn(name) for name in FOR_LATER if name not in sys.modules}
    for name, module in made.items():
        vars(module).update({annotated: type(annotated, (), {}) for annotated in FOR_LATER[name]})
    if VERSION not in sys.modules:
        made[VERSION] = ModuleType(VERSION)
        vars(made[VERSION])["__version__"] = release()
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in made.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def release() -> str:
    """The version of adbutils; "0.0.0" where nothing says which, as it says itself."""
    spec = importlib.util.find_spec("adbutils")
    if spec is not None and spec.origin is not None:
        for each in Path(spec.origin).parents[1].glob("adbutils-*.dist-info"):
            return each.name.removeprefix("adbutils-").removesuffix(".dist-info")
    return "0.0.0"


with put_off():
    from adbutils import AdbClient, AdbConnection, AdbError, adb_path
