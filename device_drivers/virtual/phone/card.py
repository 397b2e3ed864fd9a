"""A SIM card in a slot, as the phone knows it."""

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """Its number, and the one under which Android remembers it; a card that comes back has the same."""

    number: str
    #: from 1
    slot: int
    sub_id: int

    @property
    def iccid(self) -> str:
        """As printed on the card, without its check digit."""
        return f"890010112345{self.number[-6:]}"
