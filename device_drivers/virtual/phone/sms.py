"""A message that an app asked the phone to send."""

from dataclasses import field

from bridge.dataclass import dataclass
from device_drivers.virtual.phone.provider import SHELL


@dataclass(slots=True)
class Sms:
    """What is asked for, and how far it got."""

    sub_id: int
    recipient: str
    parts: list[str]
    #: as given: None for the SIM's own
    service_centre: str | None = None
    persist: bool = True
    package: str = SHELL
    #: by which the radio log speaks of it, from Android 11 on; 0 for none, as apps have it
    message_id: int = 0
    #: Unix ms by the phone's clock
    at: int = 0
    #: accepted, waiting (for a tap on the phone), sending, sent, failed, lost (the framework dropped it)
    state: str = "accepted"
    error: int = 0
    #: how many parts the network took, and how many are settled
    taken: int = 0
    settled: int = 0
    #: nobody ever hears of it again
    silent: bool = False
    #: TP-MR of the parts
    references: list[int] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """The whole."""
        return "".join(self.parts)
