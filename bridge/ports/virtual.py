"""What the bridge may do with the phones of a virtual network; only `sms-bridge demo` has one."""

from collections.abc import Sequence
from typing import Protocol

from bridge.dataclass import dataclass
from bridge.model.line import Channel


@dataclass(frozen=True, slots=True)
class VirtualMessage:
    """A message as it stands on a customer's phone."""

    #: it came to the phone; False for one that was written on it
    incoming: bool
    #: of the other side
    number: str
    text: str
    #: Unix ms
    at: int
    channel: Channel = Channel.SMS


@dataclass(frozen=True, slots=True)
class VirtualPhone:
    """A customer's phone."""

    number: str
    #: how many messages it holds
    messages: int
    #: the newest one; None for an empty phone
    last: VirtualMessage | None


class VirtualPhones(Protocol):
    """The customers' phones of a virtual network."""

    def phones(self) -> Sequence[VirtualPhone]:
        """All of them, those with the newest messages first."""
        ...

    def messages(self, number: str) -> Sequence[VirtualMessage]:
        """The newest messages on a phone, oldest first; none for a number that nobody wrote to."""
        ...

    def write(self, number: str, to: str, text: str) -> VirtualMessage:
        """Write to a line of the bridge. Raises BadRequest for a number that is no line's, and for a line's own."""
        ...
