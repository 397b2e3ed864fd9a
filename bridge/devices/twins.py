"""Refuses a device that is configured twice, by two of its ports, addresses or accounts: each SMS would come twice.

A phone on a cable and on the network is two transports of adb, and a modem has several AT ports. Two devices that tell
one SIM are both used, and said to: a SIM may be a copy, or a device tell what it was made with.
"""

from bridge.errors import Refusal, SendRefused
from bridge.model.line import LineState
from bridge.ports.driver import Identified, Link, Relaying


class Twins:
    """The open links of one bridge, of which no two may lead to the same hardware."""

    def __init__(self) -> None:
        #: by the device's name
        self._links: dict[str, Link] = {}
        #: line → the other one with its SIM
        self._shared: dict[str, str] = {}

    async def admit(self, device: str, link: Link) -> Link:
        """Return the link just opened. Raises SendRefused, with the link closed, where another one has its hardware."""
        mine = _hardware(link)
        for other, theirs in self._links.items():
            if other != device and mine and mine == _hardware(theirs):
                await link.close()
                raise SendRefused(
                    f"it is the same device as {other}, by another port or address: each SMS would be received twice. "
                    "Remove one of the two from the configuration.",
                    Refusal.LINE,
                )
            if device != other and (twin := _twin(link, theirs)):
                await link.close()
                raise SendRefused(
                    f"{twin[0]} is {twin[1]} by another account of the site: each SMS would be received twice. "
                    f"Share a line with one account only, or remove {device}.",
                    Refusal.LINE,
                )
        self._links[device] = link
        return link

    def release(self, device: str) -> None:
        """The device's link is closed. Harmless when repeated."""
        self._links.pop(device, None)
        self.compare()

    def compare(self) -> None:
        """Look which lines that are ready have one SIM; one that is not may have been moved into another device."""
        lines = [line for link in self._links.values() for line in link.lines if line.state is LineState.READY]
        by_sim: dict[str, list[str]] = {}
        for line in lines:
            if line.sim:
                by_sim.setdefault(line.sim, []).append(line.name)
        names = [each for each in by_sim.values() if len(each) > 1]
        self._shared = {name: next((other for other in each if other != name), "") for each in names for name in each}

    def trouble(self, line: str) -> str:
        """What is wrong where another line has the SIM of this one, as `compare` saw it; else ""."""
        other = self._shared.get(line)
        return f"The line {other} has the same SIM: reports of one may be taken for the other's." if other else ""


def _twin(mine: Link, theirs: Link) -> tuple[str, str] | None:
    """Two lines with one SIM, where both links only relay what SIMs elsewhere do."""
    if not (isinstance(mine, Relaying) and isinstance(theirs, Relaying)):
        return None
    known = theirs.sims
    return next(((line, known[sim]) for sim, line in mine.sims.items() if sim in known), None)


def _hardware(link: Link) -> str:
    return link.hardware if isinstance(link, Identified) else ""
