"""A SIM in the phone: what comes for its number goes to the store."""

import contextlib
from collections.abc import Callable

from bridge.messages.segmentation import join
from device_drivers.gsm_modem.pdu import Deliver, Malformed, decode
from device_drivers.virtual.network.message import SERVICE_CENTRE
from device_drivers.virtual.network.timers import Timers
from device_drivers.virtual.phone import spelling
from device_drivers.virtual.phone.card import Card
from device_drivers.virtual.phone.provider import MESSAGING, Box, Provider
from device_drivers.virtual.phone.radiolog import RadioLog
from device_drivers.virtual.phone.state import State


class Sim:
    """A subscriber of the network."""

    def __init__(self, card: Card, state: State, provider: Provider, log: RadioLog) -> None:
        self.card = card
        self._state = state
        self._provider = provider
        self._log = log
        self._timers = Timers()
        self._parts: dict[tuple[str, int, int, int], dict[int, Deliver]] = {}
        #: what came while the storage was locked
        self._raw: list[list[Deliver]] = []

    @property
    def number(self) -> str:
        """With + and country code."""
        return self.card.number

    @property
    def slot(self) -> int:
        """From 1."""
        return self.card.slot

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
        faults = self._state.faults
        if not faults.log_silent:
            self._log.write("GsmInboundSmsHandler", f"Delivering SMS to: {MESSAGING} .SmsDeliverReceiver")
        if faults.default_sms_app:
            self._later(self._store, parts)

    def _later(self, store: Callable[[list[Deliver]], None], parts: list[Deliver]) -> None:
        if self._state.faults.store_lag:
            self._timers.after(self._state.faults.store_lag, store, parts)
        else:
            store(parts)

    def _store(self, parts: list[Deliver]) -> None:
        faults, stamp = self._state.faults, parts[0].sent_at or 0
        self._provider.insert(
            type=int(Box.INBOX),
            address=spelling.written(parts[0].sender, faults),
            body=join([part.text for part in parts]),
            date=stamp if faults.network_dates else self._received_at(stamp),
            date_sent=0 if faults.no_network_dates else stamp,
            sub_id=self.card.sub_id,
            creator=None if faults.no_creators else MESSAGING,
            service_center=SERVICE_CENTRE,
            protocol=0,
            read=0,
            seen=0,
        )

    def _received_at(self, stamp: int) -> int:
        """By the phone's clock, in ms; what is on its way takes at least one of them, also here."""
        at = self._state.now()
        return at + 1 if at == stamp else at

    def unlock(self) -> None:
        """The storage opens: what waited is stored now."""
        waiting, self._raw = self._raw, []
        for parts in waiting:
            self._whole(parts)

    def close(self) -> None:
        """Forget what was to be stored. Harmless when repeated."""
        self._timers.close()
