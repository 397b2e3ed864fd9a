"""The settings of a modem, and whether they are still in effect.

Another program on another port of the modem, or a restart without a word, changes settings that nothing shows: text
mode, notifications, the form of errors, the service centre, a PIN that is wanted again. So they are read once the modem
is set up, and compared now and then: a few with each message, where that costs no question of its own.
"""

import re
from collections.abc import Sequence
from contextlib import suppress

from device_drivers.gsm_modem import framing
from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.bringup import Wire, attempt

#: what a message and its report depend on; asked with every message and every sign of life
QUICK = ("+CMGF?", "+CNMI?")
#: asked from time to time as well; +CPIN? first, for the others may need the SIM
SLOW = ("+CPIN?", "+CMEE?", "+CSMS?", "+CPMS?", "+CREG?", "+CSCA?")
PDU_MODE = "0"

_MEMORY = re.compile(r'"(\w+)"')


class NotAsSetUp(Exception):
    """The modem has lost its settings; nothing was handed over."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Settings:
    """One modem's settings, as read after set-up."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: question → value; only what the modem told
        self.values: dict[str, str] = {}
        #: takes several commands in one line (ITU-T V.250 §5.2.1)
        self.chains = False

    def learn(self) -> None:
        """Read the settings that must persist. Raises Failed for a modem in text mode, PortLost."""
        found = {question: _value(question, attempt(self._wire, f"AT{question}") or ()) for question in (*QUICK, *SLOW)}
        self.values = {question: value for question, value in found.items() if value is not None}
        if self.values.get("+CMGF?", PDU_MODE) != PDU_MODE:
            raise Failed("AT+CMGF=0", "OK, and stays in text mode")
        self.chains = self._takes_two_at_once()

    def _takes_two_at_once(self) -> bool:
        known = list(self.values)[:2]
        if len(known) < 2:
            return False
        answer = attempt(self._wire, f"AT{';'.join(known)}") or ()
        return all(_value(question, answer) == self.values[question] for question in known)

    @property
    def shibboleth(self) -> str:
        """The query to add to the AT+CMGS line; its answer reveals a modem that restarted silently."""
        return "+CNMI?;" if "+CNMI?" in self.values else ""

    @property
    def service_centre(self) -> str:
        """The service centre's number for `AT+CSCA=`; "" without one."""
        return self.values.get("+CSCA?", "")

    def check(self, thoroughly: bool = False) -> None:
        """Check that all settings persist. Raises NotAsSetUp, Silent, PortLost."""
        questions = [question for question in (*QUICK, *(SLOW if thoroughly else ())) if question in self.values]
        if not questions:
            with suppress(Failed):  # an answer, too
                self._wire.ask("AT")
            return
        for line in [";".join(questions)] if self.chains else questions:
            try:
                self.compare(self._wire.ask(f"AT{line}"))
            except Failed as failed:
                self._explain(failed, questions)

    def _explain(self, failed: Failed, questions: Sequence[str]) -> None:
        """Find out why a query that worked before is refused: a busy or missing SIM."""
        if not self.chains:
            return
        for question in questions:
            self.compare(attempt(self._wire, f"AT{question}") or ())

    def compare(self, answer: Sequence[str]) -> None:
        """Compare settings in an answer. Raises NotAsSetUp."""
        for line in answer:
            name = framing.name_of(line)
            wanted = self.values.get(f"{name}?") if name else None
            if wanted is not None and (value := _told(name, line)) not in (None, wanted):
                raise NotAsSetUp(f"{name} is {value or 'nothing'} in place of {wanted or 'nothing'}")


def _value(question: str, answer: Sequence[str]) -> str | None:
    """The value an answer gives to this query; None without one."""
    name = question[:-1]
    return next((_told(name, line) for line in answer if framing.name_of(line) == name), None)


def _told(name: str, line: str) -> str | None:
    """The value in a line, without parts that change by themselves; None when nothing is left."""
    told = line.partition(":")[2].strip()
    match name:
        case "+CPMS":  # where the modem writes and receives; where we read changes all the time
            names = _MEMORY.findall(told)
            return ",".join(names[1:]) if names else None  # what AT+CPMS= answers has only numbers
        case "+CREG" if "," not in told:
            return None  # the registration alone, or news of it
        case "+CREG" | "+CSMS" | "+CSCA":
            return told.partition(",")[0].strip().strip('"')
    return told.replace(" ", "")
