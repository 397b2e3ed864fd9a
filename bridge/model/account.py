"""Accounts, their terms and payments, as data. `bridge.model.message` has the words for messages.

All times are Unix milliseconds.
"""

from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from bridge.dataclass import dataclass
from bridge.model.scope import FULL, Grant


class Payment(StrEnum):
    """How an account pays."""

    #: nothing goes out that its credits do not cover, of which it has none before its first top-up
    PREPAID = "prepaid"
    #: credits may go below zero
    POSTPAID = "postpaid"


class Verification(StrEnum):
    """Whether an operator has approved an account; only approved ones send."""

    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"


#: the time zone of an account that has chosen none
NO_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account may do, set by the operator."""

    payment: Payment = Payment.POSTPAID
    #: networks it may call from, CIDR or single addresses; none for any
    addresses: tuple[str, ...] = ()
    #: requests a minute; 0 for any number
    requests_per_minute: int = 0
    #: messages a recipient may get in a day of the account's time zone; 0 for any number
    daily_per_recipient: int = 0
    #: IANA time zone of its dates, in answers and in webhooks
    zone: str = NO_ZONE
    #: ISO 3166 country that numbers without a country code belong to; "" leaves them as they are
    country: str = ""
    verification: Verification = Verification.APPROVED
    #: what counts as success in reports: sent, delivered, or "" for what the line can tell
    report_on: str = ""
    #: names of the lines or devices that it may send by; none for all
    lines: tuple[str, ...] = ()
    #: names of the lines or devices whose received SMS, calls and typed messages it sees; none for all
    inbound_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders, kept for an account."""

    account: str
    id: str
    #: `{name}`, `${name}` and `{1}` are places
    text: str
    approved: bool = True
    created_at: int = 0


class Suppressed(NamedTuple):
    """A number that an account must not send to."""

    number: str
    reason: str
    #: Unix ms
    at: int
    #: of one who wrote STOP to a line, what may go by it, whichever account sends; "" for this account alone
    line: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of an account's credits; their sum is its balance."""

    seq: int
    account: str
    #: reserve, refund, top_up or adjust
    kind: str
    #: credits; negative when they leave the account
    amount: int
    at: int
    #: the message it is about; "" for none
    message: str = ""
    note: str = ""
    balance: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, and when, for the audit trail."""

    #: `command line`, the account that called, or one of the two below
    who: str
    #: Unix ms
    at: int


#: authors that nobody calls with
THE_BRIDGE, THE_RECIPIENT = "the bridge", "the recipient"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An administrative change: who did what to which account."""

    seq: int
    at: int
    who: str
    what: str
    account: str
    detail: str = ""


class UnknownPolicy(StrEnum):
    """What to do with a message whose outcome is unknown."""

    HOLD = "hold"
    RESEND = "resend"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls the bridge."""

    name: str
    created_at: int = 0
    disabled: bool = False
    on_unknown: UnknownPolicy = UnknownPolicy.HOLD
    #: may see and steer everything (the command line uses such a one)
    operator: bool = False
    #: signs the webhooks of endpoints that are added without a secret of their own
    webhook_secret: str = field(default="", repr=False)
    #: credits left, one a radio part; None when they are not counted, as before the first top-up of a postpaid one
    credits: int | None = None
    terms: Terms = field(default_factory=Terms)
    #: of one who calls: what the credentials of this call allow. Not kept with the account
    grant: Grant = field(default=FULL, compare=False)


@dataclass(frozen=True, slots=True)
class AccountChange:
    """Changes to an account; None leaves a field as it is."""

    disabled: bool | None = None
    on_unknown: UnknownPolicy | None = None
    #: the terms, by their names in `Terms`
    payment: Payment | None = None
    addresses: tuple[str, ...] | None = None
    requests_per_minute: int | None = None
    daily_per_recipient: int | None = None
    zone: str | None = None
    country: str | None = None
    verification: Verification | None = None
    report_on: str | None = None
    lines: tuple[str, ...] | None = None
    inbound_lines: tuple[str, ...] | None = None
