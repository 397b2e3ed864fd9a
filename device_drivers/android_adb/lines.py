"""The lines of a phone: one for each active SIM, with its health and what keeps it from working."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bridge.model.line import Line, LineState
from device_drivers.android_adb import conditions, isms
from device_drivers.android_adb.conditions import Condition, Stops
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.health import Health
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.subscriptions import Sim


class Lines:
    """What is known of them. A phone whose SIMs change is another phone: its link ends."""

    def __init__(self, device: str, phone: Phone, messaging: Messaging, options: Options) -> None:
        self._device = device
        self._phone = phone
        self._options = options
        #: by the line's name
        self.sims: Mapping[str, Sim] = {_name(device, sim, messaging.sims): sim for sim in messaging.sims}
        self._lines = [self._line(name, sim) for name, sim in self.sims.items()]
        self.judge(messaging)

    def _line(self, name: str, sim: Sim) -> Line:
        numbers = self._options.numbers
        configured = numbers[sim.slot - 1] if sim.slot <= len(numbers) else ""
        return Line(
            name,
            self._device,
            "android_adb",
            slot=sim.slot,
            number=configured or sim.number,
            iccid=sim.iccid,
            operator=sim.carrier,
            model=self._phone.model,
            reports=False,
            most_parts=isms.MOST_PARTS,
            fewest_digits=1 if self._options.allow_short_codes else isms.SHORT_CODE + 1,
        )

    @property
    def all(self) -> Sequence[Line]:
        """By slot."""
        return tuple(self._lines)

    @property
    def first(self) -> str:
        """The name of the first one."""
        return self._lines[0].name

    @property
    def slots(self) -> Sequence[int]:
        """The slots of the active SIMs, from 1."""
        return [sim.slot for sim in self.sims.values()]

    def name_of(self, sub: int) -> str:
        """The line of a SIM by Android's subscription id; the first one when the phone does not say which."""
        return next((name for name, sim in self.sims.items() if sim.sub == sub), self.first)

    def judge(self, messaging: Messaging) -> None:
        """Find what a person must act on."""
        self.conditions = tuple(conditions.of_messaging(self._phone, messaging, self._options.allow_unknown_sdk))

    def find_stop(self, stops: Stops) -> Condition | None:
        """The first condition that prevents this."""
        return next((each for each in self.conditions if each.stops is stops), None)

    def find_bar(self, line: str) -> Condition | None:
        """What prevents sending by this line."""
        return self.find_stop(Stops.SENDING) or conditions.of_sim(self.sims[line])

    def tell_of_calls(self, readable: bool, why: str) -> None:
        """Whether the call log can be read, and why it cannot."""
        self._lines = [replace(line, calls=readable, calls_reason=why) for line in self._lines]

    def lose(self, reason: str) -> None:
        """The phone is gone."""
        self._lines = [replace(line, state=LineState.ABSENT, reason=f"{_capital(reason)}.") for line in self._lines]

    def fits(self, found: Health) -> bool:
        """Whether the phone still has the SIMs that it was opened with."""
        return found.sims is None or _identity(found.sims) == _identity(self.sims.values())

    def note(self, found: Health) -> None:
        """Take over what the phone says of its battery and its networks."""
        now = time.time_ns() // 1_000_000
        self._lines = [self._healthy(line, found, now) for line in self._lines]

    def _healthy(self, line: Line, found: Health, now: int) -> Line:
        radio = found.radios[line.slot]
        barred = _sentence(self.find_bar(line.name)) or radio.reason
        return replace(
            line,
            state=LineState.OUT_OF_SERVICE if barred else LineState.READY,
            operator=radio.operator or line.operator,
            registration=radio.registration,
            signal_dbm=radio.signal_dbm,
            battery=found.battery.level,
            charging=found.battery.charging,
            reason=barred or f"{_sentence(self.find_stop(Stops.RECEIVING))} {found.battery.reason}".strip(),
            seen_at=now,
        )


def _sentence(condition: Condition | None) -> str:
    return f"{_capital(condition.words)}." if condition else ""


def _name(device: str, sim: Sim, sims: Sequence[Sim]) -> str:
    return device if len(sims) == 1 else f"{device}:{sim.slot}"


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _identity(sims: Iterable[Sim]) -> set[tuple[int, int, str, int]]:
    return {sim.identity for sim in sims}
