"""aiohttp, without what it would read of the disk. The packages of `api` that use it import this before anything.

It is not imported here: a command that opens the store in its own process has the operations without HTTP, and aiohttp
takes longer to import than all else of it.
"""

import mimetypes
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from types import ModuleType

from bridge import authorities

LIBRARY = "aiohttp"


class _Finder:
    """Finds aiohttp where it is, once."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None for all else."""
        if name != LIBRARY:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Imports it without the machine's table of file types and, as long as there are no threads, its certificates."""

    def exec_module(self, module: ModuleType) -> None:
        """Import it, with all that it imports."""
        # of the machine's files, none of which is served by aiohttp: a third of a megabyte
        mimetypes.knownfiles.clear()
        # what says where they are is everybody's
        with authorities.unread() if threading.active_count() == 1 else nullcontext():
            super().exec_module(module)


def load() -> None:
    """Import it now: a process that has threads later gives it less to read before."""
    import aiohttp  # noqa: F401


if LIBRARY not in sys.modules:
    sys.meta_path.insert(0, _Finder())
