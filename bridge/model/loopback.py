"""Loop-back trips: an SMS from one of the bridge's lines to another, to see whether it arrives. Pure."""

import base64
import re
import secrets

from bridge.dataclass import dataclass

#: what the text says before its token; so that a person who finds it on a phone can look it up
_SAYS = "sms-bridge loop-back "
#: bytes of chance in a token: 130 bits, so nobody hits one by guessing
_CHANCE = 16
_MARK = re.compile(re.escape(_SAYS) + r"([a-z2-7]{26})(?![a-z2-7])")


@dataclass(frozen=True, slots=True)
class Trip:
    """One loop-back SMS as stored. Times are Unix ms, 0 for unset."""

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
        """Sender and receiver."""
        return self.sender, self.receiver

    @property
    def seconds(self) -> float:
        """The time from sending to arrival, in seconds."""
        return max(0, self.arrived_at - self.started_at) / 1000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that sent none, and the reason."""

    sender: str
    reason: str


@dataclass(frozen=True, slots=True)
class Departures:
    """The result of one round of loop-back SMS."""

    started: tuple[Trip, ...]
    skipped: tuple[Skipped, ...]
    #: seconds that each has to arrive
    deadline: float


def new_token() -> str:
    """A new random token, so that another SMS cannot pass for a loop-back."""
    return base64.b32encode(secrets.token_bytes(_CHANCE)).decode().rstrip("=").lower()


def text(token: str) -> str:
    """The text to send: one part in the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1)."""
    return _SAYS + token


def token_in(text: str) -> str:
    """Find the token in a text, whatever the network added; "" without one."""
    found = _MARK.search(text)
    return found[1] if found else ""
