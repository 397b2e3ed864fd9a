"""Answers to AT commands: information lines, an error, a prompt for text, or an answer that takes time."""

from collections.abc import Callable, Sequence

from bridge.dataclass import dataclass

#: 3GPP TS 27.005 §3.2.5, TS 24.011 annex E and TS 23.040 §9.2.3.22, as verbose modems put them (+CMEE=2)
CMS_TEXT = {
    1: "Unassigned (unallocated) number",
    8: "Operator determined barring",
    10: "Call barred",
    21: "Short message transfer rejected",
    27: "Destination out of service",
    28: "Unidentified subscriber",
    29: "Facility rejected",
    30: "Unknown subscriber",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Congestion",
    47: "Resources unavailable, unspecified",
    50: "Requested facility not subscribed",
    69: "Requested facility not implemented",
    96: "Invalid mandatory information",
    208: "SIM SMS storage full",
    300: "ME failure",
    302: "Operation not allowed",
    303: "Operation not supported",
    304: "Invalid PDU mode parameter",
    305: "Invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    316: "SIM PUK required",
    320: "Memory failure",
    321: "Invalid memory index",
    322: "Memory full",
    330: "SMSC address unknown",
    331: "No network service",
    332: "Network timeout",
    340: "No +CNMA acknowledgement expected",
    500: "Unknown error",
    512: "User abort",
    515: "Please wait, init or command processing in progress",
}
#: 3GPP TS 27.007 §9.2
CME_TEXT = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    20: "memory full",
    21: "invalid index",
    30: "no network service",
    50: "Incorrect parameters",
    100: "unknown",
    515: "Please wait, init or command processing in progress",
}


class Refused(Exception):
    """The modem refuses a command.

    `family` is "CMS" for what speaks of messages (TS 27.005), "CME" for the rest (TS 27.007), and "" for a
    modem that only ever says ERROR, or what `text` says.
    """

    def __init__(self, family: str = "", code: int = 0, text: str = "ERROR") -> None:
        super().__init__(f"{family} {code}" if family else text)
        self.family = family
        self.code = code
        self.text = text

    def line(self, detail: int) -> str:
        """The final line: `detail` is +CMEE's value. Message errors are numbered even at 0 (TS 27.005 §3.2.5)."""
        if not self.family or (detail == 0 and self.family == "CME"):
            return self.text
        if detail == 2:
            words = (CMS_TEXT if self.family == "CMS" else CME_TEXT).get(self.code, "Unknown error")
            return f"+{self.family} ERROR: {words}"
        return f"+{self.family} ERROR: {self.code}"


def cms(code: int) -> Refused:
    """A refusal that speaks of messages."""
    return Refused("CMS", code)


def cme(code: int) -> Refused:
    """A refusal that speaks of the equipment."""
    return Refused("CME", code)


class NoAnswer(Exception):
    """The modem does what it was told and never says so: a lost answer."""


#: information lines, before the OK
Lines = Sequence[str]
Outcome = Lines | Refused | NoAnswer


class Pending:
    """An answer that comes later, or has come by the time somebody asks."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._hear: Callable[[Outcome], None] | None = None

    def settle(self, outcome: Outcome) -> None:
        """The outcome is known."""
        self._outcome = outcome
        if self._hear is not None:
            self._hear(outcome)

    def then(self, hear: Callable[[Outcome], None]) -> None:
        """Call `hear` once with the outcome: at once when it is known already."""
        self._hear = hear
        if self._outcome is not None:
            hear(self._outcome)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem asks for text; it ends with Ctrl-Z, or with ESC for nothing (TS 27.005 §3.5.1)."""

    take: Callable[[str], "Reply"]


Reply = Lines | Pending | Prompt
