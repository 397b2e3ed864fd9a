"""Makes messages from drafts: validates number, text, times and line before anything is stored."""

import asyncio
import hashlib
import itertools
import json
import operator
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TypeVar

from bridge.errors import BadRequest, InvalidNumber
from bridge.messages import phone_numbers, routing
from bridge.messages.templates import choose
from bridge.messages.validation import Limits, check_recipient, check_times, check_whatsapp, parts_of
from bridge.model.account import Account
from bridge.model.line import Channel, Line
from bridge.model.message import WHATSAPP_ROUTE, Draft, Message, State, other_leg, restamped
from bridge.ports.clock import Clock

#: more drafts than these are looked at on a worker thread, so that the event loop goes on meanwhile
INLINE_DRAFTS = 500

#: messages for whose ids the system is asked at once
DRAWN = 256

#: ms; less is two clocks that were not read at once
LEAST_STEP = 1_000

#: what was not there when older keys were remembered; `country` follows from the dialect
_LATER_FIELDS = ("country", "channel", "media", "leg")
_EVERY_FIELD = operator.attrgetter(*(field.name for field in fields(Draft) if field.name not in _LATER_FIELDS))
_PLAIN = (Channel.SMS, "", False)
T = TypeVar("T")


class Composer:
    """Makes messages from drafts. `expire_after_ms` is the default lifetime; 0 for unlimited."""

    def __init__(self, clock: Clock, lines: Callable[[], Sequence[Line]], limits: Limits, expire_after_ms: int) -> None:
        self._clock = clock
        self._lines = lines
        self._limits = limits
        self._expire_after_ms = expire_after_ms
        self._counter = itertools.count(secrets.randbits(20))
        self._noise: deque[str] = deque()

    def adopt(self, limits: Limits, expire_after_ms: int) -> None:
        """Go by these from the next message on."""
        self._limits = limits
        self._expire_after_ms = expire_after_ms

    def check(self, account: Account, draft: Draft) -> None:
        """Validate a draft. Raises BadRequest and its subclasses."""
        self._message(account, draft, self._clock.now(), "", self._lines())

    async def messages(self, account: Account, drafts: Sequence[Draft]) -> list[Message]:
        """Make one message per draft, in order. Raises BadRequest and its subclasses."""
        now = self._clock.now()
        if len(drafts) <= INLINE_DRAFTS:
            return self._all(account, drafts, now)
        began = self._clock.monotonic()
        made = await _aside(drafts, lambda: self._all(account, drafts, now))
        step = self._clock.now() - now - (self._clock.monotonic() - began)
        return [restamped(message, step) for message in made] if abs(step) >= LEAST_STEP else made

    def _all(self, account: Account, drafts: Sequence[Draft], now: int) -> list[Message]:
        lines, accepted = self._lines(), list[Message]()
        if len(drafts) == 1:
            return [self._message(account, drafts[0], now, self._id(now), lines)]
        for index, draft in enumerate(drafts):
            name = self._id(now)
            try:
                own = other_leg(accepted[-1].id) if draft.leg and accepted else name
                accepted.append(self._message(account, draft, now, own, lines))
            except BadRequest as error:
                error.field = f"messages[{index}].{error.field}"
                raise
        return accepted

    def _id(self, now: int) -> str:
        """The next id of a message: 40 hex digits, ascending."""
        return f"{now:012x}{next(self._counter) & 0xFFFFFF:06x}{self._chance()}"

    def _chance(self) -> str:
        """22 random hex digits; the system's random source is read once for many messages."""
        while True:
            try:
                return self._noise.popleft()  # large submissions are on a thread of their own
            except IndexError:
                drawn = secrets.token_hex(11 * DRAWN)
                self._noise.extend(drawn[start : start + 22] for start in range(0, len(drawn), 22))

    def _message(self, account: Account, draft: Draft, now: int, id: str, lines: Sequence[Line]) -> Message:
        country = account.terms.country or draft.country
        recipient = phone_numbers.normalise(draft.recipient, country)
        check_recipient(recipient, country, self._limits)
        route = routing.route(draft.route, draft.slot, lines, draft.channel)
        parts = self._parts(draft, recipient, route)
        route = routing.within(route, account.terms.lines, lines, recipient, parts)
        if (forms := routing.forms_of(route, lines)) is not None:
            choose(forms, recipient, draft.text)
        check_times(draft, now, self._limits)
        later = draft.not_before > now
        due = draft.not_before if later else now
        lifetime = draft.ttl_ms or self._expire_after_ms
        return Message(
            id=id,
            account=account.name,
            recipient=recipient,
            written=draft.recipient,
            text=draft.text,
            state=State.SCHEDULED if later else State.QUEUED,
            created_at=now,
            updated_at=now,
            due_at=due,
            expires_at=draft.expires_at or (due + lifetime if lifetime else 0),
            route=route,
            slot=draft.slot,
            parts=parts,
            on_unknown=draft.on_unknown or account.on_unknown,
            report=draft.report,
            not_before=draft.not_before,
            client_ref=draft.client_ref,
            tag=draft.tag,
            dialect=draft.dialect,
            media=draft.media,
        )

    def _parts(self, draft: Draft, recipient: str, route: str) -> int:
        """In how many pieces it goes. Raises InvalidText, InvalidNumber, and BadRequest for media in an SMS."""
        if not route.startswith(WHATSAPP_ROUTE):
            if draft.media:
                raise BadRequest("an SMS carries text only: media go by a WhatsApp line", "media")
            return parts_of(draft.text, self._limits)
        check_whatsapp(draft.text, draft.media)
        if not recipient.startswith("+"):
            raise InvalidNumber("WhatsApp needs a number with its country code, such as +447700900123")
        return 1


async def _aside(drafts: Sequence[Draft], work: Callable[[], T]) -> T:
    """Run the work, on a worker thread when there are many drafts."""
    return work() if len(drafts) <= INLINE_DRAFTS else await asyncio.to_thread(work)


async def digest_of(drafts: Sequence[Draft]) -> str:
    """SHA-256 over all fields of all drafts, to recognise a repeated request."""
    return await _aside(drafts, lambda: _digest(drafts))


def _digest(drafts: Sequence[Draft]) -> str:
    hasher = hashlib.sha256()
    # in C, a bite at a time: one call for all of them would keep the event loop from running meanwhile
    for start in range(0, len(drafts), INLINE_DRAFTS):
        bite = [_told(draft) for draft in drafts[start : start + INLINE_DRAFTS]]
        hasher.update(json.dumps(bite).encode())
    return hasher.hexdigest()


def _told(draft: Draft) -> tuple[object, ...]:
    """Every field, the later ones where they say something."""
    said: tuple[object, ...] = _EVERY_FIELD(draft)
    later = (draft.channel, draft.media, draft.leg)
    return said if later == _PLAIN else said + later
