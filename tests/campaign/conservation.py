"""The conservation check: what the bridge says against what the world outside knows. Each violation is a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.campaign.books import Books, Order, token_of

Row = Mapping[str, Any]

#: no state to end in
OPEN = frozenset({"scheduled", "queued", "sending"})
SENT = frozenset({"sent", "delivered"})
NOT_SENT = frozenset({"failed", "expired", "cancelled"})


@dataclass(frozen=True)
class Account:
    """An account's money."""

    name: str
    credits: int
    #: oldest first: kind, amount, balance, message
    movements: Sequence[Row]


@dataclass(frozen=True)
class Told:
    """What the bridge says when all has come to rest."""

    messages: Sequence[Row]
    #: message id → its parts that were tried
    parts: Mapping[str, Sequence[Row]]
    inbox: Sequence[Row]
    #: message id → sends that it takes: 1 for one that a phone takes whole
    units: Mapping[str, int] = field(default_factory=dict)
    accounts: Sequence[Account] = ()
    #: webhooks that were not delivered yet
    owed: int = 0
    #: tokens of SMS that lay in a phone's store when all had come to rest
    on_phones: frozenset[str] = frozenset()
    #: whole texts that customers' phones showed
    shown: frozenset[str] = frozenset()
    #: monotonic seconds, and after how many of these the bridge lets a message expire by itself
    at: float = 0.0
    expires_after: float = 0.0
    #: numbers of phones: nothing but the phone itself can lose an SMS that is not in its store
    phones: frozenset[str] = frozenset()


@dataclass
class Tally:
    """For the table."""

    states: Counter[str] = field(default_factory=Counter)
    #: unknown ones that went on air
    carried_unknown: int = 0
    #: parts that went on air once more, where the policy is to send again
    again: int = 0


def violations(books: Books, told: Told) -> list[str]:
    """Everything that does not add up."""
    by_token = defaultdict(list)
    for message in told.messages:
        by_token[token_of(message["text"]) or ""].append(message)
    found = list(_ids(told))
    for order in books.orders.values():
        found += _accepted(order, by_token[order.token])
        found += _on_air(order, by_token[order.token], books, told)
    found += _nobody_asked(books, by_token)
    found += _inbox(books, told)
    found += _webhooks(books, told)
    for account in told.accounts:
        found += _credits(account, told)
    return found


def tally(books: Books, told: Told) -> Tally:
    """The numbers of the table."""
    done = Tally(Counter(message["state"] for message in told.messages))
    for message in told.messages:
        air = books.air(token_of(message["text"]) or "")
        done.carried_unknown += message["state"] == "unknown" and bool(air)
    done.again = sum(count - 1 for count in books.on_air.values() if count > 1)
    return done


# -- messages -----------------------------------------------------------------------------------
def _ids(told: Told) -> Iterator[str]:
    for name, count in Counter(message["id"] for message in told.messages).items():
        if count > 1:
            yield f"{name} is listed {count} times"
    for message in told.messages:
        if message["state"] in OPEN:
            yield f"{_name(message)} is still {message['state']} ({message['error'] or 'no reason'})"


def _accepted(order: Order, messages: Sequence[Row]) -> Iterator[str]:
    """Each success is one message; where a repeat is known, all successes are one. Silence may be one."""
    least = min(order.accepted, 1) if order.once else order.accepted
    most = min(order.accepted + order.silent, 1) if order.once else order.accepted + order.silent
    if len(messages) < least:
        yield f"lost: {order.token} was accepted {order.accepted} times over {order.dialect}, there are {len(messages)}"
    if len(messages) > most:
        yield (
            f"made twice: {order.token} was accepted {order.accepted} times over {order.dialect} and {order.silent} "
            f"tries had no answer, there are {len(messages)}: {', '.join(map(_name, messages))}"
        )


def _on_air(order: Order, messages: Sequence[Row], books: Books, told: Told) -> Iterator[str]:
    """What went on air is what was sent, and at most what is unknown besides."""
    air = books.air(order.token)
    total = max((message["parts"] for message in messages), default=0)
    for index in range(1, max(total, *air, 0) + 1 if air else total + 1):
        sure = sum(_went_out(message, index, told) for message in messages)
        tries = sum(_may_have_gone(order, message, index, told) for message in messages)
        count = air.get(index, 0)
        states = ", ".join(f"{_name(message)} {message['state']}" for message in messages) or "no message"
        if count < sure:
            yield f"never on air: part {index} of {order.token} went out {count} times, told {sure} ({states})"
        if count > sure + tries:
            yield f"doubled: part {index} of {order.token} went out {count} times, told {sure} + {tries} ({states})"
    for message in messages:
        if message["state"] == "expired" and told.at - order.asked_at < (order.ttl or told.expires_after):
            yield f"expired too early: {_name(message)}, {told.at - order.asked_at:.1f} s after it was asked for"
        if message["state"] == "delivered" and order.text not in told.shown:
            yield f"no evidence: {_name(message)} is delivered, its recipient has never seen it"
        if message["state"] in SENT and len(told.parts.get(message["id"], ())) < 1:
            yield f"no evidence: {_name(message)} is {message['state']} and none of its parts was tried"


def _part(message: Row, index: int, told: Told) -> Row | None:
    """The row that tells of a part; a phone that takes a text whole has one row for all of it."""
    rows = {row["idx"]: row for row in told.parts.get(message["id"], ())}
    return rows.get(index) or (rows.get(1) if len(rows) == 1 and told.units.get(message["id"]) == 1 else None)


def _went_out(message: Row, index: int, told: Told) -> bool:
    """Whether the bridge says that this part went on air."""
    row = _part(message, index, told)
    return row is not None and bool(row["sent_at"]) and row["state"] != "unknown"


def _may_have_gone(order: Order, message: Row, index: int, told: Told) -> int:
    """How often it may have gone on air besides: once when unknown, and for each other try where that is the policy."""
    row = _part(message, index, told)
    if row is None:
        return 0
    unsure = row["state"] == "unknown" or (order.policy == "fail" and row["state"] == "failed" and not row["sent_at"])
    if order.policy != "resend":
        return int(unsure)
    # a phone takes the whole text in the row of its first part: each of those tries was one of every part
    first = next((each for each in told.parts[message["id"]] if each["idx"] == 1), None)
    whole = first["attempts"] - 1 if first is not None and row["idx"] > 1 else 0
    return int(unsure) + row["attempts"] - 1 + whole


def _nobody_asked(books: Books, by_token: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for token, messages in by_token.items():
        if token not in books.orders:
            yield f"made up: {', '.join(map(_name, messages))} was asked for by nobody"
    for token in {token for token, _ in books.on_air} - books.orders.keys():
        yield f"made up: {token} went on air and was asked for by nobody"


def _name(message: Row) -> str:
    return f"{token_of(message['text']) or message['text'][:20]!r} ({message['id']})"


# -- the inbox ----------------------------------------------------------------------------------
def _inbox(books: Books, told: Told) -> Iterator[str]:
    """Each SMS that came is in the inbox once, with its text."""
    rows = Counter(row["text"] for row in told.inbox)
    known = {written.text for written in books.written.values()}
    for text, count in rows.items():
        if text not in known:
            yield f"made up: {count} times {text[:60]!r} is in the inbox, and nobody wrote it"
    for written in books.written.values():
        least, most = books.coming(written.token)
        if written.to in told.phones and written.token not in told.on_phones:
            least = 0  # the phone itself has it not
        if rows[written.text] < least:
            yield f"lost: {written.token} to {written.to} is {rows[written.text]} times in the inbox"
        if rows[written.text] > most:
            yield f"doubled: {written.token} to {written.to} is {rows[written.text]} times in the inbox, it came {most}"


def _webhooks(books: Books, told: Told) -> Iterator[str]:
    """Each row of the inbox was told at least once, under its own id, and nothing else was."""
    if told.owed:
        yield f"{told.owed} webhooks are still owed"
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for row in told.inbox:
        ids[token_of(row["text"]) or ""].add(row["id"].upper())
    for token, wanted in ids.items():
        heard = {each.upper() for each in books.heard[token]}
        if not told.owed and wanted - heard:
            yield f"not told: no webhook of {token} came with its id {', '.join(wanted - heard)}"
        if heard - wanted:
            yield f"told under another id: {token} is {', '.join(wanted)}, webhooks said {', '.join(heard - wanted)}"
    for token in books.heard.keys() - ids.keys():
        yield f"made up: a webhook told of {token}, which is not in the inbox"


# -- credits ------------------------------------------------------------------------------------
def _credits(account: Account, told: Told) -> Iterator[str]:
    """Movements add up to the balance, and each message paid for what went out."""
    balance, paid = 0, Counter[str]()
    for row in account.movements:
        balance += row["amount"]
        paid[row["message"]] -= row["amount"]
        if row["balance"] != balance:
            yield f"credits of {account.name}: {balance} after {row['kind']}, written down as {row['balance']}"
            balance = row["balance"]
    if balance != account.credits:
        yield f"credits of {account.name}: {account.credits}, and its movements make {balance}"
    for message in told.messages:
        if message["account"] != account.name or message["state"] in OPEN:
            continue
        out = sum(_went_out(message, index, told) for index in range(1, message["parts"] + 1))
        least, most = {True: (message["parts"],) * 2, False: (out, message["parts"])}[message["state"] in SENT]
        if message["state"] in NOT_SENT:
            most = out
        if not least <= paid[message["id"]] <= most:
            yield (
                f"credits of {account.name}: {_name(message)} is {message['state']} with {out} of {message['parts']} "
                f"parts out and paid {paid[message['id']]}"
            )
