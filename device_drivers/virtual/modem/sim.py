"""The SIM: who the subscriber is, and the PIN that guards it (3GPP TS 27.007 §8.3)."""

from bridge.dataclass import dataclass
from device_drivers.virtual.modem.answers import Refused, cme, cms

PIN_TRIES, PUK_TRIES = 3, 10
#: opens every virtual SIM that is blocked
PUK = "12345678"


@dataclass(slots=True)
class Sim:
    """A SIM in its slot, or the lack of one."""

    number: str
    imsi: str
    iccid: str
    #: None when it asks for none
    pin: str | None = None
    #: False: the slot is empty
    present: bool = True
    verified: bool = False
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES

    @property
    def state(self) -> str:
        """What +CPIN? says. Raises Refused when there is no SIM, or none that will ever work again."""
        if not self.present:
            raise cme(10)
        if not self.puk_tries:
            raise cme(13)
        if not self.pin_tries:
            return "SIM PUK"
        return "READY" if self.pin is None or self.verified else "SIM PIN"

    @property
    def ready(self) -> bool:
        """Whether it may be used."""
        return self.present and self.puk_tries > 0 and self.state == "READY"

    def lock(self) -> None:
        """Power lost: the PIN is wanted again."""
        self.verified = False

    def guard_with(self, pin: str | None) -> None:
        """It wants this PIN from now on, at once; None for none any more."""
        self.pin, self.verified = pin, False

    def enter(self, secret: str, new_pin: str) -> None:
        """A PIN, or the PUK and a new PIN. Raises Refused when it is wrong or not asked for."""
        state = self.state
        if state == "READY":
            raise cme(3)
        if state == "SIM PUK":
            self._unblock(secret, new_pin)
        elif secret != self.pin:
            self.pin_tries -= 1
            raise cme(16 if self.pin_tries else 12)
        self.pin_tries, self.verified = PIN_TRIES, True

    def _unblock(self, puk: str, new_pin: str) -> None:
        if not new_pin:
            raise cme(12)
        if puk != PUK:
            self.puk_tries -= 1
            raise cme(16)
        self.pin, self.puk_tries = new_pin, PUK_TRIES

    def require(self, family: str) -> None:
        """Raises Refused when the SIM cannot be used now; `family` is the command's own kind of error."""
        if self.ready:
            return
        try:
            state = self.state
        except Refused as refused:
            if family == "CMS":
                raise cms({10: 310}.get(refused.code, 313)) from None
            raise
        blocked = state == "SIM PUK"
        raise cms(316 if blocked else 311) if family == "CMS" else cme(12 if blocked else 11)
