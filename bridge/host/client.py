"""A command's client of the native API, over whichever transport reaches the bridge."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode

from bridge.errors import BadRequest, BridgeError
from bridge.host.control_file import Control, NotRunning, for_its_owner
from bridge.host.exchange import LOST, Exchange

#: names the account that a call is made for
ACCOUNT_HEADER = "SMS-Bridge-Account"
CALL_TIMEOUT = 15.0  # seconds; the bridge answers from its own disk
READY_TIMEOUT = 4.0  # seconds for a bridge that is alive to say what keeps it from its work
SLOW = 3.0  # seconds; what is refused after more may be the store's fault, whatever the refusal says
UPLOAD_TIMEOUT = 120.0  # seconds; each row of a file is looked at before the answer

#: method, path with query, headers, body → status and body of the answer
Ask = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]


class Declined(BridgeError):
    """The bridge refused; the message is its own."""

    def __init__(self, detail: str, field: str = "", status: int = 0) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        #: of the answer
        self.status = status


def path(*segments: str) -> str:
    """Build a path of the native API. Raises BadRequest for an empty segment, which would change the path."""
    if not all(segments):
        raise BadRequest("a name or an id is missing: it must not be empty")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


class Client:
    """Calls of the native API with the token of the command line.

    Raises NotRunning when nobody answers, Declined with the bridge's own sentence.
    """

    def __init__(
        self, control: Control, start: str, account: str = "", ask: Ask | None = None, *, name_fields: bool = True
    ) -> None:
        """`start` is the command that starts the bridge, `account` the account that calls are made for.

        `ask`: for a bridge in this process. `name_fields`: begin what the bridge declines with the parameter at fault.
        """
        self.url = control.url
        self._socket = control.socket
        self._start = start
        self._exchange = Exchange(control.url, control.socket)
        self._ask = ask or self._exchange.ask
        self._name_fields = name_fields
        self._headers = {"Authorization": f"Bearer {control.token}"} | ({ACCOUNT_HEADER: account} if account else {})

    async def get(self, path: str, query: Mapping[str, str | int] | None = None, patience: float = CALL_TIMEOUT) -> Any:
        """GET a path as JSON; `patience` in seconds."""
        return await self.call("GET", f"{path}?{urlencode(query)}" if query else path, patience=patience)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, patience: float = CALL_TIMEOUT) -> Any:
        """POST to a path; `patience` in seconds."""
        return await self.call("POST", path, body or {}, patience)

    async def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, patience: float = CALL_TIMEOUT
    ) -> Any:
        """Make a call; returns its JSON, None for an empty answer. `patience` in seconds."""
        content = b"" if body is None else json.dumps(body).encode()
        text = await self._call(method, path, self._headers, content, patience)
        return json.loads(text) if text else None

    async def download(self, path: str, query: Mapping[str, str]) -> bytes:
        """GET a file."""
        return await self._call("GET", f"{path}?{urlencode(query)}", self._headers, b"", UPLOAD_TIMEOUT)

    async def upload(self, path: str, query: Mapping[str, str], file: bytes, kind: str) -> Any:
        """POST a file of a content type; returns the JSON of the answer."""
        headers = {**self._headers, "Content-Type": kind}
        return json.loads(await self._call("POST", f"{path}?{urlencode(query)}", headers, file, UPLOAD_TIMEOUT))

    async def _call(self, method: str, path: str, headers: Mapping[str, str], content: bytes, patience: float) -> bytes:
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                status, text = await self._ask(method, path, headers, content)
        except LOST as error:
            if isinstance(error, TimeoutError) and (trouble := await self.trouble()):
                raise NotRunning(f"the bridge at {self.url} runs, but cannot answer now: {trouble}") from error
            raise self._not_running(error) from error
        if 200 <= status < 300:
            return text
        if time.monotonic() >= began + SLOW and (trouble := await self.trouble()):
            raise Declined(trouble, status=503)
        raise self._declined(text, status, f"{method} {path}")

    async def trouble(self) -> str:
        """What `/readyz` says keeps the bridge from storing messages; "" where nothing does or nobody says so."""
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                status, text = await self._ask("GET", "/readyz", {}, b"")
            return str(json.loads(text)["reason"]) if status == 503 else ""
        except (*LOST, ValueError, KeyError, TypeError):
            return ""

    @asynccontextmanager
    async def listen(self, since: str = "") -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Stream events, first those of the log `since` a moment (RFC 3339); inside the block none is missed."""
        target = f"/v1/events?{urlencode({'since': since})}" if since else "/v1/events"
        listening = False
        try:
            async with self._exchange.begin("GET", target, self._headers) as answer:
                if answer.status != 200:
                    raise self._declined(await answer.read(), answer.status, "GET /v1/events")
                listening = True
                yield self._events(answer.content)
        except LOST as error:
            if listening:  # it is the block's own, such as a closed pipe that it prints into
                raise
            raise self._not_running(error) from error

    async def _events(self, content: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        try:
            async for event in _events(content):
                yield event
        except LOST as error:
            raise self._not_running(error) from error

    def _declined(self, text: bytes, status: int, call: str) -> Declined:
        """The error message of an error answer (RFC 9457)."""
        try:
            problem = json.loads(text)
            field = str(problem.get("field", "")) if self._name_fields else ""
            return Declined(str(problem["detail"]), field, status)
        except (ValueError, KeyError, TypeError, AttributeError):
            return Declined(f"the bridge answered {status} to {call}", status=status)

    def _not_running(self, error: Exception) -> NotRunning:
        if isinstance(error, TimeoutError):
            return NotRunning(f"the bridge at {self.url} does not answer; restart it with: {self._start}")
        if isinstance(error, PermissionError):
            return NotRunning(for_its_owner(self._socket))
        return NotRunning(f"the bridge is not running (nobody answers at {self.url}); start it with: {self._start}")


async def _events(content: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The `data` of server-sent events (WHATWG HTML, "Server-sent events"); comments are ignored."""
    async for raw in content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
