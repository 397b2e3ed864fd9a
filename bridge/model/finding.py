"""Findings of `check` and `doctor`: what is right or wrong, and how to fix it."""

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check` or `doctor`."""

    #: ok, warn or fail
    level: str
    subject: str
    message: str
    #: the command or step that fixes it; "" when nothing is to be done
    remedy: str = ""
