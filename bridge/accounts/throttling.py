"""Counts failed logins by address and by identifier, in memory only; processes on one database count together.

After too many failures the answer is "too many" for a time that doubles with each further one, up to five minutes.
API keys have 128 random bits, so a pause only saves work: one that is right is let in at any time (`pause`). Passwords
and one-time codes can be guessed: none is looked at before the pause is over (`left`).
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

from bridge.dataclass import dataclass
from bridge.networks import sender

log = logging.getLogger(__name__)

#: wrong ones that are answered as such before the first pause: people mistype, and clients try a few ways
FREE = 10
#: the first pause; each further one is twice as long
FIRST_PAUSE = 1_000  # ms
LONGEST_PAUSE = 300_000  # ms
#: what is remembered of the one who was wrong ends so long after the last pause
FORGIVEN = 900_000  # ms
#: addresses, and identifiers, remembered at a time; the longest quiet one goes first
MOST = 4096


@dataclass(slots=True)
class Record:
    """Failed logins of one address or identifier."""

    wrong: int = 0
    #: monotonic ms; further wrong ones are not answered as such before
    paused_until: int = 0

    def count(self, wrong: int, now: int) -> None:
        """Count more, and begin a pause where they are too many."""
        self.wrong += wrong
        if self.wrong >= FREE:
            self.paused_until = now + min(FIRST_PAUSE << min(self.wrong - FREE, 20), LONGEST_PAUSE)


Records = OrderedDict[Hashable, Record]


class FailedLogins:
    """Tracks failed logins and how long their senders must wait. `now` is monotonic ms.

    `tell` is called with address and identifier of each that counts.
    """

    def __init__(self, tell: Callable[..., None] = lambda *of: None) -> None:
        self._tell = tell
        self._addresses: Records = OrderedDict()
        self._identifiers: Records = OrderedDict()
        #: all wrong credentials since the start
        self.wrong = 0
        #: those of them that were answered with "too many"
        self.paused = 0

    def __len__(self) -> int:
        return len(self._addresses) + len(self._identifiers)

    def left(self, address: str, identifier: tuple[str, str] | None, now: int) -> int:
        """Milliseconds that somebody has to wait before anything is looked at; nothing is counted.

        For secrets that people choose: of those the right one must not be found by trying on.
        """
        concerned = [self._addresses.get(sender(address))]
        if identifier is not None:
            concerned.append(self._identifiers.get(identifier))
        left = max((_left(record, now) for record in concerned if record is not None), default=0)
        self.paused += bool(left)
        return left

    def pause(self, address: str, identifier: tuple[str, str] | None, now: int) -> int:
        """Count a failed login; returns the milliseconds its sender must wait, 0 for an immediate answer.

        `identifier` is kind and identifier of somebody who exists, None for nobody: what attackers make up is not
        remembered.
        """
        self.wrong += 1
        concerned = [_record(self._addresses, sender(address), now)]
        if identifier is not None:
            concerned.append(_record(self._identifiers, identifier, now))
        left = max(_left(record, now) for record in concerned)
        if left:
            self.paused += 1
            return left
        self._tell(address, *(identifier or ()))
        for record in concerned:
            record.count(1, now)
        if concerned[0].wrong == FREE:
            log.warning(
                "%d failed logins from %s: each further one must wait, up to %d s",
                FREE, sender(address) or "the local socket", LONGEST_PAUSE // 1000,
            )  # fmt: skip
        return 0

    def hear(self, of: Sequence[str], count: int, now: int) -> None:
        """Another process counted so many failed logins from an address, and for an identifier of somebody."""
        address, *identifier = of
        _record(self._addresses, sender(address), now).count(count, now)
        if identifier:
            _record(self._identifiers, tuple(identifier), now).count(count, now)


def _record(records: Records, key: Hashable, now: int) -> Record:
    """Return the record of an address or identifier; a new one when the old one has lapsed."""
    record = records.pop(key, None)
    if record is None or now - record.paused_until >= FORGIVEN:
        record = Record(0, now)
    records[key] = record
    while len(records) > MOST:
        records.popitem(last=False)
    return record


def _left(record: Record, now: int) -> int:
    return max(record.paused_until - now, 0) if record.wrong >= FREE else 0
