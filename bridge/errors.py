"""What can go wrong, as one tree. An error's docstring is its default message.

BridgeError
├── BadRequest                 the caller's fault; `field` names the parameter
│   ├── InvalidNumber
│   ├── InvalidText
│   ├── UnknownLine
│   └── UnknownTemplate
├── NotAllowed                 credentials wrong, missing or not enough
│   ├── UnknownCaller
│   ├── WrongSecret
│   ├── KeyExpired
│   ├── ScopeMissing           the key is for other things
│   ├── AccountDisabled
│   ├── AddressRefused         of the network
│   └── NotVerified
├── TooManyRequests            `retry_after` says when to come again
├── NoSuchThing                message, endpoint, ledger row … that this account does not have
├── NotPossible                the thing is there, but its state forbids this
│   ├── IdempotencyConflict
│   ├── AlreadyUsed            the caller's own id of a message
│   ├── OutOfCredit
│   └── DailyLimit
├── StoreUnavailable           disk full, file locked or damaged: nothing was accepted, or it says so
│   └── StoreClosed            for good: trying again is of no use
├── ConfigError                the configuration has mistakes, all of them listed
└── LinkError                  raised by links; these three decide every retry
    ├── DeviceLost             nothing left us: retry, elsewhere if possible
    ├── SendRefused            a definite no, with a cause and what it means for a retry
    └── OutcomeUnknown         the device had it and no answer came: never re-sent unasked
"""

from datetime import UTC, datetime
from enum import StrEnum


class BridgeError(Exception):
    """Something went wrong inside the bridge."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The sentence for the person who reads it."""
        return str(self.args[0])


class BadRequest(BridgeError):
    """The request is not valid."""

    def __init__(self, message: str = "", field: str = "") -> None:
        super().__init__(message)
        #: the parameter at fault, in our words (`recipient`, `text`, `not_before` …); dialects rename it
        self.field = field


class InvalidNumber(BadRequest):
    """The recipient is not a phone number."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "recipient")


class InvalidText(BadRequest):
    """The text is empty or too long."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "text")


class UnknownLine(BadRequest):
    """No such line or device is configured."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "line")


class UnknownTemplate(BadRequest):
    """There is no such template in this account."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message, "template")


class NotAllowed(BridgeError):
    """The credentials are missing or wrong."""


class UnknownCaller(NotAllowed):
    """Unknown identifier."""


class WrongSecret(NotAllowed):
    """The secret is wrong."""


class KeyExpired(NotAllowed):
    """The key has expired: ask for a new one."""

    def __init__(self, expired_at: int = 0) -> None:
        #: `2026-11-20 22:48 UTC`; "" when that is not known
        self.when = datetime.fromtimestamp(expired_at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if expired_at else ""
        super().__init__(f"The key expired on {self.when}: ask for a new one." if self.when else "")


class ScopeMissing(NotAllowed):
    """The key is good, but not for this: it lacks a scope."""

    def __init__(self, missing: str = "") -> None:
        #: the scopes that it would need too, with spaces between them
        self.missing = missing
        super().__init__(f"The key is good, but not for this: it lacks the scope {missing}." if missing else "")


class AccountDisabled(NotAllowed):
    """The account is disabled."""


class AddressRefused(NotAllowed):
    """This account may not be used from this network address."""

    def __init__(self, address: str = "") -> None:
        #: as the bridge sees it, a proxy's where that is not trusted; "" when it has none
        self.address = address
        super().__init__(f"This account may not be used from the network address {address}." if address else "")


class NotVerified(NotAllowed):
    """The account is not verified and may not send yet."""


class TooManyRequests(BridgeError):
    """Too many requests."""

    def __init__(self, retry_after: int, message: str = "") -> None:
        super().__init__(message)
        #: seconds until it is worth trying again
        self.retry_after = retry_after


class NoSuchThing(BridgeError):
    """There is no such thing in this account."""


class NotPossible(BridgeError):
    """The state it is in does not allow this."""


class IdempotencyConflict(NotPossible):
    """This idempotency key was used before with another request."""


class AlreadyUsed(NotPossible):
    """This id was used before: each message needs its own."""


class OutOfCredit(NotPossible):
    """The account's credits do not cover this."""


class DailyLimit(NotPossible):
    """This recipient has had its number of messages for today."""

    def __init__(self, message: str = "", recipients: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        #: every one of the submission that it is about, as `Message.recipient` has them
        self.recipients = recipients


class StoreUnavailable(BridgeError):
    """The store cannot be written; nothing was accepted, unless it says that this is not certain."""


class StoreClosed(StoreUnavailable):
    """The store is closed."""


class ConfigError(BridgeError):
    """The configuration has mistakes."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        #: every problem found, each as `file: key: message`
        self.problems = problems


class LinkError(BridgeError):
    """The link to the device failed."""


class DeviceLost(LinkError):
    """The device went away before anything was handed to it."""


class Refusal(StrEnum):
    """What a refusal means for the next try."""

    #: the network or device will never take this message: fail it
    PERMANENT = "permanent"
    #: it may be taken later: a try of the message is spent
    TEMPORARY = "temporary"
    #: no message would go now (no service, network or device busy): the line rests, and no try is spent
    NETWORK = "network"
    #: out of credit: not on this line until somebody tops up
    CREDIT = "credit"
    #: the line itself is unusable (no SIM, PIN, barred): park the line, the message goes elsewhere
    LINE = "line"


class SendRefused(LinkError):
    """The network or the device refused the message."""

    def __init__(self, cause: str, refusal: Refusal) -> None:
        super().__init__(cause)
        #: the device's own words and code, for people: `+CMS ERROR: 42 (congestion)`
        self.cause = cause
        self.refusal = refusal


class OutcomeUnknown(LinkError):
    """The device had the message and no answer came; it may or may not have been sent."""
