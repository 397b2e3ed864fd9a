"""What a provider's API has to offer so that a `CloudLink` can use it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from bridge.model.callback import Reply
from bridge.model.forms import Form
from device_drivers._cloud.inquiries import Inquiry
from device_drivers._cloud.news import Report, Written

#: ms by which the provider's clock and this one may differ
CLOCKS = 60_000
News = Report | Written


class Provider(Protocol):
    """The API of one provider. No call is ever repeated by itself."""

    #: what a callback is answered, and a look whether the URL works
    reply: Reply
    #: seconds between pulls of news; 0 where there are none to pull
    pull_interval: float

    async def send(self, recipient: str, form: Form, values: Mapping[str, str], ours: str) -> str:
        """Hand a message over; the provider's id of it. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        ...

    async def ask(self, inquiry: Inquiry) -> Sequence[Report]:
        """What is known of messages to this number since then. Raises LinkError."""
        ...

    def pull(self) -> AsyncGenerator[Sequence[News], None]:
        """News that are given out once, an answer at a time; nothing when there are none left. Raises LinkError."""
        ...

    def read(self, body: bytes) -> Sequence[News]:
        """What a callback tells. Raises ValueError."""
        ...

    async def check(self) -> None:
        """Whether it answers and takes the key. Raises DeviceLost, SendRefused(LINE)."""
        ...

    async def close(self) -> None:
        """Hang up. Never raises."""
        ...
