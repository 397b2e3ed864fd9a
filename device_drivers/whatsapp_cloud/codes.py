"""What the Graph API's error codes mean for a message and for the line (Meta, "Cloud API error codes").

The code decides, not the HTTP status or the text: Meta says that both may change.
"""

import json
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import OutcomeUnknown, Refusal, SendRefused

#: more than 24 hours since the recipient last wrote: a template alone may go
WINDOW_CLOSED = 131047
#: the recipient cannot get it: not on WhatsApp, terms not accepted, or too old a client
UNDELIVERABLE = 131026
#: what says nothing about whether the message went out
_UNSURE = frozenset({1, 2})

_LINE = frozenset(
    {0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 131045, 131048, 131064, 133010, *range(200, 300)}
)  # fmt: skip
_CREDIT = frozenset({131042})
#: rates and outages of the whole number: every message would meet them
_NETWORK = frozenset({4, 80007, 130429, 131016, 131057, 133004})
#: this message or this recipient, later
_TEMPORARY = frozenset({131000, 131056})
#: "object does not exist, or the token may not see it", of code 100
_NO_SUCH_OBJECT = 33

#: what to do, where Meta's own words do not say it
_REMEDIES = {
    0: "make a new access token and put it into the configuration",
    190: "make a new access token of a system user and put it into the configuration",
    33: "the number was deleted: check phone_number_id",
    131042: "check the payment method in Meta's Business Manager",
    WINDOW_CLOSED: "more than 24 hours since the recipient last wrote: only an approved template may be sent",
    UNDELIVERABLE: "the recipient is not on WhatsApp, has not accepted its terms, or has too old a version",
    131030: "a test number reaches only the recipients that are listed in Meta's dashboard",
    131048: "Meta has limited the number for spam or quality: see WhatsApp Manager",
    133010: "register the number with the Cloud API first",
}


@dataclass(frozen=True, slots=True)
class GraphError:
    """An error as the API or a status tells it."""

    code: int
    message: str = ""
    details: str = ""
    subcode: int = 0

    @property
    def cause(self) -> str:
        """For people: what Meta says, and what to do."""
        said = self.message if f"(#{self.code})" in self.message else f"(#{self.code}) {self.message or 'no words'}"
        more = f": {self.details}" if self.details and self.details not in said else ""
        remedy = _REMEDIES.get(self.code, "")
        return f"WhatsApp {said}{more}" + (f"; {remedy}" if remedy else "")

    @property
    def refusal(self) -> Refusal:
        """What it means for the next try."""
        if self.code in _LINE or (self.code == 100 and self.subcode == _NO_SUCH_OBJECT):
            return Refusal.LINE
        if self.code in _CREDIT:
            return Refusal.CREDIT
        if self.code in _NETWORK:
            return Refusal.NETWORK
        return Refusal.TEMPORARY if self.code in _TEMPORARY else Refusal.PERMANENT


class GraphRefused(SendRefused):
    """Meta refused a message with a code."""

    def __init__(self, error: GraphError) -> None:
        super().__init__(error.cause, error.refusal)
        self.code = error.code


def error_in(body: bytes) -> GraphError | None:
    """The error that an answer of the API tells; None when it tells none."""
    try:
        told = json.loads(body)
        return graph_error(told["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def graph_error(told: Any) -> GraphError | None:
    """An error object, of an answer or of a status; None when it has no code."""
    try:
        code = int(told["code"])
    except (ValueError, KeyError, TypeError):
        return None
    data = told.get("error_data")
    details = data.get("details", "") if isinstance(data, dict) else data or ""
    subcode = told.get("error_subcode")
    words = told.get("message") or told.get("title") or ""
    return GraphError(code, str(words), str(details), subcode if isinstance(subcode, int) else 0)


def failure_of(status: int, body: bytes) -> SendRefused | OutcomeUnknown:
    """What an answer that is no success says of the message."""
    error = error_in(body)
    if error is None:
        return OutcomeUnknown(f"WhatsApp answered {status} without saying what became of the message")
    known = error.code in _LINE | _CREDIT | _NETWORK | _TEMPORARY
    if status >= 500 and not known:
        return OutcomeUnknown(f"WhatsApp answered {status}: {error.cause}")
    if error.code in _UNSURE and (status >= 500 or error.code == 2):
        return OutcomeUnknown(f"WhatsApp answered {status}: {error.cause}")
    return GraphRefused(error)
