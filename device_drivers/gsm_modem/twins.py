"""SIM and modem may be two names of one memory: then each SMS would appear twice."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from device_drivers.gsm_modem.memories import Listing, Stored

log = logging.getLogger(__name__)

#: what the two are called; the first name is kept
NAMES = ("SM", "ME")


class Twins:
    """Of one modem's memories."""

    def __init__(self) -> None:
        #: they are one; None while that is not known
        self.are_one: bool | None = None

    def name_of(self, memory: str) -> str:
        """The name under which this memory is read."""
        return NAMES[0] if self.are_one and memory == NAMES[1] else memory

    def compare(self, names: Collection[str], second: Listing, list_again: Callable[[str], Listing | None]) -> bool:
        """Whether SM and ME are the same memory, of which this is the list of ME; checked until certain."""
        if self.are_one is not None or not set(NAMES) <= set(names):
            return bool(self.are_one)
        for _ in range(2):  # what arrives between two lists makes them differ
            first = list_again(NAMES[0])
            if first is None:
                return False
            if first.is_like(second):
                log.info("SM and ME are one memory of this modem")
                self.are_one = True
                return True
            second = list_again(NAMES[1]) or second
        self.are_one = False
        return False


def other_slot(stored: Stored) -> str:
    """The slot that it would have in the other memory; "" where there is none."""
    if stored.memory not in NAMES:
        return ""
    return replace(stored, memory=NAMES[stored.memory == NAMES[0]], known_as="").slot
