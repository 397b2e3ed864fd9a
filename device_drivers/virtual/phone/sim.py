"""A SIM in the phone: what comes for its number goes to the store."""

import contextlib
from typing import TYPE_CHECKING

from bridge.messages.segmentation import join
from device_drivers.gsm_modem.pdu import Deliver, Malformed, decode
from device_drivers.virtual.network.message import SERVICE_CENTRE
from device_drivers.virtual.phone.provider import MESSAGING, Box, Provider
from device_drivers.virtual.phone.radiolog import RadioLog

if TYPE_CHECKING:
    from device_drivers.virtual.phone.state import State


class Sim:
    """A subscriber of the network."""

    def __init__(self, number: str, slot: int, state: "State", provider: Provider, log: RadioLog) -> None:
        self.number = number
        #: from 1
        self.slot = slot
        self._state = state
        self._provider = provider
        self._log = log
        self._parts: dict[tuple[str, int, int, int], dict[int, Deliver]] = {}
        #: what came while the storage was locked
        self._raw: list[list[Deliver]] = []

    @property
    def sub_id(self) -> int:
        """Android's name for it."""
        return self.slot

    @property
    def iccid(self) -> str:
        """As printed on the card, without its check digit."""
        return f"890010112345{self.number[-6:]}"

    # -- the air -----------------------------------------------------------------------------------
    def take(self, pdu: str) -> bool:
        """A message arrives; False while there is no radio."""
        if self._state.faults.airplane or self._state.faults.no_sim:
            return False
        with contextlib.suppress(Malformed):
            deliver = decode(pdu)
            if isinstance(deliver, Deliver) and deliver.encoding != "8bit":
                self._collect(deliver)
        return True

    def take_report(self, pdu: str) -> bool:
        """Nothing that the shell sends asks for reports."""
        return bool(pdu)

    def _collect(self, deliver: Deliver) -> None:
        place = deliver.concat
        if place is None:
            self._whole([deliver])
            return
        key = (deliver.sender, place.reference, place.total, place.bits)
        parts = self._parts.setdefault(key, {})
        parts[place.index] = deliver
        if len(parts) == place.total:
            del self._parts[key]
            self._whole([parts[index] for index in sorted(parts)])

    # -- the store ---------------------------------------------------------------------------------
    def _whole(self, parts: list[Deliver]) -> None:
        if self._state.locked:
            self._raw.append(parts)
            return
        self._log.write("GsmInboundSmsHandler", f"Delivering SMS to: {MESSAGING} .SmsDeliverReceiver")
        if self._state.faults.default_sms_app:
            self._provider.insert(
                type=int(Box.INBOX), address=parts[0].sender, body=join([part.text for part in parts]),
                date=self._state.now(), date_sent=parts[0].sent_at or 0, sub_id=self.sub_id, creator=MESSAGING,
                service_center=SERVICE_CENTRE, protocol=0, read=0, seen=0,
            )  # fmt: skip

    def unlock(self) -> None:
        """The storage opens: what waited is stored now."""
        waiting, self._raw = self._raw, []
        for parts in waiting:
            self._whole(parts)
