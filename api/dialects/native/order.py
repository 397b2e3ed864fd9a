"""Parses a submission from the members of its body, in the order in which they arrive."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.dialects.native import fields, validators
from bridge import tasks
from bridge.dataclass import dataclass
from bridge.model.account import UnknownPolicy
from bridge.model.message import Draft

#: messages in one call; more would hold the store's writer for seconds
MAX_BATCH = 100_000
#: seconds; a message that waits longer than a month is of no use to anybody
MAX_TTL = 31 * 24 * 3600
#: bytes that a message takes until it is on disk, besides its text and its number
COST = 768

MESSAGE: Mapping[str, fields.Reader] = {
    "to": validators.text,
    "text": validators.text,
    "line": validators.short(100),
    "slot": validators.number(0, 2),
    "not_before": validators.moment,
    "expires_at": validators.moment,
    "ttl": validators.number(1, MAX_TTL),
    "on_unknown": validators.choice(UnknownPolicy),
    "report": validators.flag,
    "client_ref": validators.short(128),
    "tag": validators.short(256),
    "media": validators.short(2048),
}


@dataclass(frozen=True, slots=True)
class Order:
    """A parsed POST."""

    drafts: Sequence[Draft]
    #: what the caller calls the field with this name of the draft at this index
    place: Callable[[int, str], str]
    #: one object was sent, so one object is answered
    single: bool = False


class Ordering:
    """Builds an order of one message, of `messages`, or of one text for many `to`. Obeys `pieces.Taking`."""

    lists = frozenset({"messages", "to"})

    def __init__(self) -> None:
        #: bytes that it has come to
        self.memory = 0
        self._given: dict[str, Any] = {}
        self._drafts: list[Draft] | None = None
        self._recipients: list[str] | None = None

    def all(self, given: Mapping[str, Any]) -> Order:
        """Build the order of a whole object. Raises BadRequest."""
        if "messages" not in given and not isinstance(given.get("to"), list):
            return _single(given)
        for name, value in given.items():
            if name in self.lists and isinstance(value, list):
                item = self.begin(name)
                for each in value:
                    item(each)
            else:
                self.member(name, value)
        return self.made()

    def begin(self, name: str) -> Callable[[Any], None]:
        """A list begins; returns what takes its messages or numbers."""
        if name == "messages":
            self._once(name, self._drafts)
            self._drafts = []
            return self._add_message
        self._once(name, self._recipients)
        self._recipients = []
        return self._add_recipient

    def member(self, name: str, value: Any) -> None:
        """Read a member that applies to all messages."""
        if name == "messages":
            raise _no_batch(name)
        if name not in MESSAGE:
            raise fields.Unfit("is not known here" + fields.nearest(name, MESSAGE), name[: fields.LONGEST_NAME])
        self._once(name, self._recipients if name == "to" else None)
        self._given[name] = value

    def _once(self, name: str, list_of_it: object) -> None:
        if name in self._given or list_of_it is not None:
            raise fields.Unfit("is given twice in the same object", name)

    def _add_message(self, value: Any) -> None:
        assert self._drafts is not None  # noqa: S101 - narrows the type: it was begun
        if len(self._drafts) >= MAX_BATCH:
            raise _no_batch("messages")
        try:
            if type(value) is not dict:
                raise fields.Unfit(f"must be an object, not {validators.kind(value)}")
            draft = Draft(**_draft(value))
        except fields.Unfit as error:
            raise error.within(f"messages[{len(self._drafts)}]") from None
        self._drafts.append(draft)
        self.memory += COST + sys.getsizeof(draft.text) + sys.getsizeof(draft.recipient)

    def _add_recipient(self, value: Any) -> None:
        assert self._recipients is not None  # noqa: S101 - narrows the type: it was begun
        if len(self._recipients) >= MAX_BATCH:
            raise _no_batch("to")
        try:
            self._recipients.append(validators.text(value))
        except fields.Unfit as error:
            raise error.within(f"to[{len(self._recipients)}]") from None
        self.memory += COST + sys.getsizeof(value)

    def made(self) -> Order:
        """The order, once the body is complete. Raises BadRequest."""
        if self._drafts is not None:
            beside = [*self._given, *(["to"] if self._recipients is not None else [])]
            if beside:
                raise fields.Unfit("does not go beside `messages`; it belongs into each of them", beside[0])
            if not self._drafts:
                raise _no_batch("messages")
            return Order(self._drafts, lambda index, name: f"messages[{index}].{name}")
        if self._recipients is not None:
            self._drafts = _many(self._recipients, self._given)
            return Order(self._drafts, lambda index, name: f"to[{index}]" if name == "to" else name)
        return _single(self._given)

    def let_go(self) -> None:
        """Have what it holds freed, once nobody else has it any more."""
        tasks.let_go(self._drafts or self._recipients or ())
        self._drafts = self._recipients = None


def _single(given: Mapping[str, Any]) -> Order:
    return Order([Draft(**_draft(given))], lambda index, name: name, single=True)


def _many(recipients: Sequence[str], given: Mapping[str, Any]) -> list[Draft]:
    if not recipients:
        raise _no_batch("to")
    if len(recipients) > 1 and "client_ref" in given:
        raise fields.Unfit("must be unique, so it cannot go with several recipients", "client_ref")
    shared = _draft({**given, "to": ""})
    return [Draft(**(shared | {"recipient": recipient})) for recipient in recipients]


def _no_batch(name: str) -> fields.Unfit:
    return fields.Unfit(f"must be a list of 1 to {MAX_BATCH}", name)


def _draft(entry: Mapping[str, Any]) -> dict[str, Any]:
    wanted = fields.take(entry, MESSAGE)
    if "to" not in wanted or "text" not in wanted:
        raise fields.Unfit("is missing", "text" if "to" in wanted else "to")
    wanted["recipient"] = wanted.pop("to")
    if "line" in wanted:
        wanted["route"] = wanted.pop("line")
    if "ttl" in wanted:
        if "expires_at" in wanted:
            raise fields.Unfit("does not go together with `expires_at`", "ttl")
        wanted["ttl_ms"] = wanted.pop("ttl") * 1000
    return wanted
