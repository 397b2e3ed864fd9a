"""A trip: one SMS from one of our own lines to another (or itself), sent to see whether it arrives. Pure."""

import base64
import re
import secrets
from dataclasses import dataclass

#: what the text says before its token; whoever finds it on a phone can look it up
_SAYS = "sms-bridge loop-back "
#: bytes of chance in a token: 130 bits, so nobody hits one by guessing
_CHANCE = 16
_MARK = re.compile(re.escape(_SAYS) + r"([a-z2-7]{26})(?![a-z2-7])")


@dataclass(frozen=True, slots=True)
class Trip:
    """One loop-back SMS as the store has it. Times are Unix ms, 0 for not yet."""

    token: str
    #: names of lines
    sender: str
    receiver: str
    started_at: int
    arrived_at: int = 0
    #: when it was given up; it may arrive later all the same
    lost_at: int = 0
    #: why it was, as far as known
    reason: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """From and to."""
        return self.sender, self.receiver

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0, self.arrived_at - self.started_at) / 1000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that sent none, and why."""

    sender: str
    reason: str


@dataclass(frozen=True, slots=True)
class Departures:
    """What became of one round."""

    started: tuple[Trip, ...]
    skipped: tuple[Skipped, ...]
    #: seconds that each has to arrive
    deadline: float


def new_token() -> str:
    """Never the same twice, and not to be guessed: a stranger's SMS must not pass for ours."""
    return base64.b32encode(secrets.token_bytes(_CHANCE)).decode().rstrip("=").lower()


def text(token: str) -> str:
    """What is sent: one part in the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1)."""
    return _SAYS + token


def token_in(text: str) -> str:
    """The token in a text, whatever the network put around it; "" for none."""
    found = _MARK.search(text)
    return found[1] if found else ""
