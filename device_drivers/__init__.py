"""The drivers, one module or folder each, with a `DRIVER` that implements `bridge.ports.Driver`; discovered by name."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ports.driver import Driver


class Drivers(Mapping[str, "Driver"]):
    """All drivers by name. Looking one up imports it; ImportError names a dependency missing on this machine."""

    def __getitem__(self, name: str) -> "Driver":
        if name not in set(self):
            raise KeyError(name)
        driver: Driver | None = getattr(importlib.import_module(f"{__name__}.{name}"), "DRIVER", None)
        if driver is None:
            raise KeyError(name)
        return driver

    def __iter__(self) -> Iterator[str]:
        return (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))

    def __len__(self) -> int:
        return len(list(iter(self)))
