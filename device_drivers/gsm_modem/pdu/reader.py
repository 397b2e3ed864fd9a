"""Reads octets field by field, with one error for missing ones."""


class Malformed(ValueError):
    """The PDU is not valid."""

    def __init__(self, reason: str, pdu: str = "") -> None:
        super().__init__(reason)
        #: the whole PDU as it was handed in, so that nothing is lost
        self.pdu = pdu


class Reader:
    """A cursor over octets that names the field at which they ended."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def left(self) -> int:
        """The number of octets left."""
        return len(self._octets) - self._at

    def octet(self, what: str) -> int:
        """Read the next octet. Raises Malformed at the end."""
        return self.take(1, what)[0]

    def take(self, count: int, what: str) -> bytes:
        """Read the next `count` octets. Raises Malformed when there are fewer."""
        if count > self.left:
            raise Malformed(f"ends inside {what}: {self.left} of {count} octets there")
        self._at += count
        return self._octets[self._at - count : self._at]
