"""The far end of emulated providers: people with phones, and what was sent to them."""

from collections.abc import Callable, Mapping

from bridge.dataclass import dataclass
from bridge.messages.templates import render
from device_drivers.virtual.network.message import now
from device_drivers.virtual.whatsapp.person import Message, Person


@dataclass(slots=True)
class Record:
    """A message that a provider took."""

    #: the provider's id of it
    id: str
    #: E.164
    number: str
    template: str
    text: str
    #: what the sender gave along
    ours: str
    #: Unix ms
    taken_at: int
    #: "" while the carrier has not told, else `delivered` or `failed`
    outcome: str = ""
    #: the carrier's word
    word: str = ""
    #: Unix ms; 0 while the carrier has not told
    told_at: int = 0


class Far:
    """People by number. `wrote` is called with who writes, and what."""

    def __init__(self, sender: str, wrote: Callable[[Person, str], None]) -> None:
        self._sender = sender
        self._wrote = wrote
        self._people: dict[str, Person] = {}
        #: all that were taken, oldest first: how often one was sent is how often its label stands here
        self.records: list[Record] = []

    def person(self, number: str) -> Person:
        """Whose number (E.164) it is."""
        if number not in self._people:
            self._people[number] = Person(number, self._wrote)
        return self._people[number]

    def take(self, record: Record) -> None:
        """It goes out, and arrives unless it fails."""
        self.records.append(record)

    def arrive(self, record: Record) -> None:
        """The recipient reads it."""
        self.person(record.number).take(Message(self._sender, record.text, now(), template=record.template))


def rendered(text: str, values: Mapping[str, str]) -> str:
    """What a recipient reads, without the signature. Raises BadRequest for a value that is missing."""
    return render(text, values)
