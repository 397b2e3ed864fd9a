"""Memory that callers share: a total for all of them, and a share of it for each address."""

from collections import Counter

from bridge.networks import sender

#: bytes of a long body that are given on at once: others are answered before the next ones
PIECE = 16 * 1024


class Room:
    """Counts reserved bytes by address; an IPv6 /64 counts as one address."""

    def __init__(self, size: int, share: int) -> None:
        #: bytes that are left
        self.left = size
        #: bytes that one address may hold
        self.share = share
        self._held: Counter[str] = Counter()

    def take(self, address: str, size: int) -> bool:
        """Reserve bytes for an address; False, with nothing reserved, when they do not fit."""
        holder = sender(address)
        if size > self.left or self._held[holder] + size > self.share:
            return False
        self.left -= size
        self._held[holder] += size
        return True

    def give_back(self, address: str, size: int) -> None:
        """Release bytes of an address."""
        holder = sender(address)
        self.left += size
        self._held[holder] -= size
        if not self._held[holder]:
            del self._held[holder]
