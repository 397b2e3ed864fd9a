"""The site's native API, as far as its lines are used from here: each call is one request."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from device_drivers import _trust
from device_drivers._http import Answer, Http, by_tcp
from device_drivers.bridge_remote.fates import read_message
from device_drivers.bridge_remote.lines import read_alarm, read_line
from device_drivers.bridge_remote.options import Options
from device_drivers.bridge_remote.switchboard import Switchboard
from device_drivers.bridge_remote.told import Unread, identifier, integer, is_moment, name, parsed, shape, words

#: statuses by which the site, or a server in between, does not say whether anything was accepted
_IN_BETWEEN = frozenset({408, 500, 502, 503, 504})
#: what to do about a key that is refused
ADVICE = "check the account and its key there (sms-bridge key list), and `key` here"
#: a request for each scope, and what it is for; the first is refused for its empty body once the scope is there
_TRIALS = (
    ("POST", "/v1/messages", "send"),
    ("GET", "/v1/messages?limit=1", "see what became of messages"),
    ("GET", "/v1/inbox?limit=1", "see what comes in"),
)
_MOST_CREDITS = 1 << 53
#: seconds until something is asked again, where the site does not say
RETRY_AFTER = 5
Shape = Mapping[str, Any]
Connector = Callable[[], aiohttp.BaseConnector]


class Problem(Exception):
    """The site answered with a problem (RFC 9457)."""

    def __init__(self, status: int, kind: str, detail: str, field: str = "", retry_after: str = "") -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        #: the last word of its type: bad-request, not-possible …
        self.kind = kind
        self.detail = detail
        #: the parameter at fault
        self.field = field
        #: seconds until the same may be asked again
        is_number = retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10
        self.retry_after = int(retry_after) if is_number else RETRY_AFTER


def refused(problem: Problem) -> SendRefused:
    """What a problem means for a message that was to be sent."""
    kinds = {
        "bad-request": Refusal.LINE if problem.field == "line" else Refusal.PERMANENT,
        "not-possible": Refusal.TEMPORARY,  # a limit for a day, of this recipient
        "out-of-credit": Refusal.CREDIT,
        "not-authenticated": Refusal.LINE,
        "not-allowed": Refusal.LINE,
        "no-such-thing": Refusal.LINE,
    }
    if problem.field == "expires_at":
        return SendRefused("its time ran out before the site had it", Refusal.TEMPORARY)
    advice = f": {ADVICE}" if problem.status in (401, 403) else ""
    words = f"the site refuses ({problem.status}): {problem.detail}{advice}"
    return SendRefused(words, kinds.get(problem.kind, Refusal.NETWORK))


class Api:
    """The native API of one site. `close` it."""

    def __init__(self, options: Options, connector: Connector = by_tcp, board: Switchboard | None = None) -> None:
        """`board`: where the site dials in, if it does."""
        self.board = board
        self.base = options.base
        self.headers = {"Authorization": f"Bearer {options.key}", "Accept": "application/json"}
        #: makes what connects to the site, for the stream of events, too
        self.connector = connector
        self._http = Http(options.timeout, options.timeout, connector)
        #: how far the site's clock is ahead of ours, ms, to a second; by its last answer
        self.ahead = 0
        #: the alarms about its lines, by its last answer; a release before this one tells none
        self.alarms: Sequence[Shape] = ()
        #: what it told that makes no sense
        self.unread = Unread(f"the site at {options.base}")
        #: Unix ms of its last answer, and ms that this took
        self.heard_at, self.round_trip = 0, 0

    @classmethod
    async def by_network(cls, options: Options) -> Self:
        """That of a site that is reached where it is. Raises SendRefused(LINE) for authorities that cannot be read."""
        if not options.ca:
            return cls(options)
        try:
            trusted = await asyncio.to_thread(_trust.context, options.ca)
        except _trust.NoAuthority as error:
            raise SendRefused(str(error), Refusal.LINE) from error
        return cls(options, partial(by_tcp, trusted))

    async def me(self) -> Shape:
        """The account of the key. Raises LinkError."""
        return await self._calm("GET", "/v1/me", read_account)

    async def lines(self) -> Sequence[Shape]:
        """All lines of the site. Raises LinkError."""
        told = await self._calm("GET", "/v1/lines", self._lines)
        self.alarms = told["alarms"]
        found: Sequence[Shape] = told["lines"]
        return found

    def _lines(self, told: Shape) -> Shape:
        """Raises ValueError."""
        return {
            "lines": self.unread.readable("a line", read_line, told.get("lines")),
            "alarms": self.unread.readable("an alarm", read_alarm, told.get("alarms", [])),
        }

    async def submit(self, message: Shape, key: str) -> tuple[Shape, bool]:
        """Hand a message over, once for each key: as it is there, and whether it came by an earlier request.

        Raises Problem, DeviceLost, OutcomeUnknown.
        """
        answer = await self._answer("POST", "/v1/messages", message, {"Idempotency-Key": key})
        return self._sensible(_message, _shape(answer)), "idempotency-replayed" in answer.headers

    async def find(self, reference: str) -> Shape | None:
        """The message of this client reference. Raises LinkError."""
        path = f"/v1/messages?limit=1&client_ref={quote(reference, safe='')}"
        return next(iter((await self._calm("GET", path, _messages))["messages"]), None)

    async def show(self, message: str) -> Shape:
        """A message with the parts that were tried. Raises LinkError."""
        return await self._calm("GET", f"/v1/messages/{quote(message, safe='')}", _message)

    async def cancel(self, message: str) -> Shape | None:
        """Take a message back; as it is then, None when that is not possible any more. Raises LinkError."""
        try:
            told = await self._ask("POST", f"/v1/messages/{quote(message, safe='')}/cancel")
            return self._sensible(_message, told)
        except Problem as problem:
            if problem.kind in ("not-possible", "no-such-thing"):
                return None
            raise refused(problem) from problem

    async def missing_scopes(self) -> Sequence[str]:
        """What the key may not do, by harmless requests that need each scope. Raises LinkError, Problem."""
        missing = []
        for method, path, what in _TRIALS:
            try:
                await self._ask(method, path)
            except Problem as problem:
                if problem.status == 403:
                    missing.append(f"{what}: {problem.detail}")
                elif problem.kind not in ("bad-request", "not-json"):
                    raise
        return missing

    def site_time(self, ours: int) -> int:
        """A moment of our clock by the site's, Unix ms."""
        return ours + self.ahead

    async def close(self) -> None:
        """Hang up. Never raises."""
        await self._http.close()

    async def _calm(self, method: str, path: str, read: Callable[[Shape], Shape]) -> Shape:
        """A request that changes nothing. Raises DeviceLost, SendRefused."""
        try:
            return self._sensible(read, await self._ask(method, path))
        except Problem as problem:
            if not problem.kind:
                self.unread.add("an answer", problem.detail)
            raise refused(problem) from problem
        except OutcomeUnknown as error:
            raise DeviceLost(error.message) from error

    async def _ask(self, method: str, path: str, body: Shape | None = None, more: Mapping[str, str] = {}) -> Shape:
        """Raises Problem, DeviceLost, OutcomeUnknown."""
        return _shape(await self._answer(method, path, body, more))

    async def _answer(self, method: str, path: str, body: Shape | None, more: Mapping[str, str]) -> Answer:
        """Raises DeviceLost, OutcomeUnknown."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        began = time.time_ns() // 1_000_000
        answer = await self._http.ask(method, self.base + path, headers={**self.headers, **kind, **more}, body=content)
        self._look_at_clock(answer, began)
        return answer

    def _sensible(self, read: Callable[[Shape], Shape], told: Shape) -> Shape:
        """Raises OutcomeUnknown for an answer that makes no sense."""
        try:
            return read(told)
        except (ValueError, TypeError) as error:
            self.unread.add("an answer", error)
            raise OutcomeUnknown(f"the site's answer makes no sense: {error}") from error

    def _look_at_clock(self, answer: Answer, began: int) -> None:
        self.heard_at = time.time_ns() // 1_000_000
        self.round_trip = max(0, self.heard_at - began)
        try:
            # it tells whole seconds, and was written at some moment of that second
            told = round(parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000) + 500
        except (KeyError, ValueError, OverflowError, OSError):
            return
        if not is_moment(told):
            return
        ahead = told - (began + self.heard_at) // 2
        self.ahead = ahead if abs(ahead) > 1000 + self.round_trip else 0


def read_account(told: Shape) -> Shape:
    """An account, bounded and legible; without `terms` where it has none. Raises ValueError."""
    read: dict[str, Any] = {key: name(told.get(key)) for key in ("name", "created_at")}
    read["credits"] = integer(told.get("credits") or 0, -_MOST_CREDITS, _MOST_CREDITS)
    terms = told.get("terms")
    if isinstance(terms, dict):
        read["terms"] = {key: name(terms[key]) for key in ("verification", "payment") if terms.get(key) is not None}
        for key in {"lines", "inbound_lines"} & set(terms):
            read["terms"][key] = [name(each) for each in terms[key] or ()]
        read["terms"].setdefault("lines", [])
    return read


def _message(told: Shape) -> Shape:
    """Raises ValueError."""
    identifier(told.get("id"))
    return read_message(told)


def _messages(told: Shape) -> Shape:
    """Raises ValueError."""
    found = told.get("messages")
    if not isinstance(found, list):
        raise ValueError("it is no list")
    return {"messages": [_message(shape(each)) for each in found]}


def _shape(answer: Answer) -> Shape:
    try:
        found = parsed(answer.body) if answer.body else {}
    except ValueError:
        found = None
    if 200 <= answer.status < 300 and isinstance(found, dict):
        return found
    kind, detail, field = _problem(found)
    if answer.status in _IN_BETWEEN:
        raise OutcomeUnknown(f"the site, or a server before it, answered {answer.status} {detail}".rstrip())
    if not isinstance(found, dict) or not kind:
        kind, detail, field = "", "this is no answer of an sms-bridge: check `url`", ""
    raise Problem(answer.status, kind, detail, field, answer.headers.get("retry-after", ""))


def _problem(found: object) -> tuple[str, str, str]:
    """Its kind, its detail and the parameter at fault; "" for what it does not say."""
    try:
        told = shape(found)
        return name(told.get("type")).rpartition(":")[2], words(told.get("detail")), name(told.get("field"))
    except ValueError:
        return "", "", ""
