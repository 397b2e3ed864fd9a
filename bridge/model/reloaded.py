"""The result of a reload of the configuration."""

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What changed in the configuration, one sentence for each setting, device and dialect."""

    #: in effect now
    applied: tuple[str, ...] = ()
    #: in effect after the next start
    needs_restart: tuple[str, ...] = ()
