"""Deletes SMS and lists what is left in one command line, which saves a question to the modem."""

import time
from collections.abc import Iterable, Sequence

from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.memories import Listing, Memories, Stored, unless

#: seconds for which what was read is taken to lie there still
SURE = 2.0
#: deletions in a row
MOST = 3
#: how often in a row such a line may be refused
_TRIES = 2


class Joining:
    """Of one modem's memories."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        self._refused = 0

    def choose(self, name: str, committed: Iterable[Stored]) -> Sequence[Stored]:
        """What may be deleted from a memory together with its list: it was seen there just now."""
        if self._refused >= _TRIES or not self._memories.may_join(name):
            return ()
        since = time.monotonic() - SURE
        chosen = [each for each in committed if each.memory == name and each.read_at >= since]
        # from the last one on: some modems move up what lies behind
        return sorted(chosen, key=lambda each: each.index, reverse=True)[:MOST]

    def delete_and_list(self, name: str, chosen: Iterable[Stored]) -> tuple[Listing, list[Stored]]:
        """The list afterwards, and what is seen to be gone. Raises Failed, Silent, NotAsSetUp, PortLost."""
        try:
            listing = self._memories.delete_and_list(name, chosen)
            self._refused = 0
        except Failed:
            self._refused += 1
            listing = self._memories.list_all(name)
        if not listing.total or not listing.is_whole:
            return listing, []
        return listing, [each for each in chosen if unless(each, listing.at(each.index)) is not None]
