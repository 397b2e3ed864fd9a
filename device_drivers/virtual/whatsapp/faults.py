"""Faults of the emulated platform, to be switched on by tests. Every field may be changed while it runs."""

from dataclasses import field

from bridge.dataclass import dataclass
from device_drivers.virtual.provider_server import AnswerFaults


@dataclass(slots=True)
class Faults(AnswerFaults):
    """Switches of one number at Meta. Seconds; codes are those of the Graph API."""

    #: error codes of the next messages, first one first
    refuse_next: list[int] = field(default_factory=list)
    #: number → the code that every message to it meets
    refuse: dict[str, int] = field(default_factory=dict)
    #: people who have no WhatsApp: their messages fail with 131026
    without_whatsapp: set[str] = field(default_factory=set)
    #: seconds before an answer; the message and its statuses are on their way meanwhile
    answer_delay: float = 0.0
    #: the token has expired: 190 for everything
    token_expired: bool = False
    #: it may send, and not ask about the number
    token_only_sends: bool = False
    #: `error_data` is a plain text, as some errors have it
    plain_error_data: bool = False
    #: errors have no `error_data`
    bare_errors: bool = False
    #: people may be written to though they did not write first
    always_open: bool = False
    #: seconds for which somebody may be written to after writing
    window: float = 86_400.0
    #: a closed window is told by a status, after a 200
    late_refusals: bool = False
    #: approved templates, and how many parameters their body has
    templates: dict[str, int] = field(default_factory=dict)
    #: what the statuses of a message say, in this order
    statuses: list[str] = field(default_factory=lambda: ["sent", "delivered"])
    #: the code of a `failed` status
    failure: int = 131026
    #: seconds before the first status, and between two
    status_delay: float = 0.0
    #: statuses come before the answer of the message
    statuses_first: bool = False
    #: every webhook comes twice
    twice: bool = False
    #: statuses carry what the sender gave along
    with_reference: bool = True
    #: webhooks say whom they are about in `contacts`, as newer ones do
    with_contacts: bool = True
    #: people show an id and no number
    hide_numbers: bool = False
    #: files that people sent are not there any more
    media_gone: bool = False
    #: their SHA-256 is another's
    media_altered: bool = False
    #: they are said to be at this URL; "" for where they are
    media_elsewhere: str = ""
    #: seconds before a webhook that was not answered 200 is repeated, then twice as many, and so on
    retry_delay: float = 0.2
