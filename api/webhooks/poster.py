"""Posts webhooks: one attempt over HTTP, and its result."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from api.webhooks.payloads import Format, formats
from api.webhooks.url_policy import CheckedResolver, Policy, TargetRefused, check_url
from bridge.errors import BadRequest
from bridge.http_answers import AnswerRefused, BoundedConnector
from bridge.model.event import Event
from bridge.model.webhook import Delivery, Endpoint
from bridge.version import installed
from bridge.webhooks.retry_policy import Answer
from bridge.zones import zone

#: seconds for one attempt, from looking up the name to the head of the answer
TIMEOUT = 15.0
CONNECT_TIMEOUT = 5.0
#: seconds an idle connection is kept: longer than the gap between the SMS of a conversation
KEEP_ALIVE = 75.0
#: what is read of an answer's body, so that the connection can be used again; more is cut off
LONGEST_ANSWER = 64 * 1024
#: of a number of seconds in `Retry-After`: digits that are read, and what it is taken for at most
MOST_DIGITS, LONGEST_WAIT = 100, 10**9
#: seconds it may take
ANSWER_TIMEOUT = 1.0


def user_agent() -> str:
    """The User-Agent, by which a bridge recognises a loop of webhooks to itself."""
    return f"sms-bridge/{installed()}".removesuffix("/")


class Webhooks:
    """Makes attempts (`Poster`). Redirects are not followed; certificates are verified."""

    def __init__(
        self,
        policy: Policy = Policy(),  # noqa: B008 - immutable
        known: Mapping[str, Format] | None = None,
        timeout: float = TIMEOUT,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._policy = policy
        #: the machine's own when None
        self._resolver = resolver
        self._formats = known or formats()
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT_TIMEOUT, timeout))
        #: by scheme, because what a name may resolve to depends on it
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        #: parsed and allowed URLs; as many as there are endpoints
        self._targets: dict[str, URL] = {}
        #: of a former policy: what is under way in them ends
        self._former: list[aiohttp.ClientSession] = []

    def adopt(self, policy: Policy, known: Mapping[str, Format]) -> None:
        """Go by this policy and these formats from the next attempt on."""
        self._policy = policy
        self._formats = known
        self._targets.clear()
        self._former += self._sessions.values()
        self._sessions.clear()

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        """Make one attempt at `now` (Unix ms)."""
        try:
            target = self._target(endpoint.url)
        except BadRequest as error:
            return Answer(0, error.message)
        form = self._formats.get(endpoint.format)
        if form is None:
            return Answer(0, f"there is no payload format {endpoint.format!r}", hopeless=True)
        try:
            body = form.render(event, zone(endpoint.zone))
        except BadRequest as error:
            return Answer(0, error.message, hopeless=True)
        return await self._attempt(endpoint, target, body, form.headers(endpoint, delivery, body, now // 1000))

    async def close(self) -> None:
        """Close all connections."""
        for session in (*self._former, *self._sessions.values()):
            await session.close()
        self._sessions.clear()

    def _target(self, url: str) -> URL:
        if url not in self._targets:
            # again here: the configuration may have become stricter since the endpoint was added
            check_url(url, self._policy)
            self._targets[url] = URL(url)
        return self._targets[url]

    async def _attempt(self, endpoint: Endpoint, target: URL, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            try:
                return await self._post(target, body, headers)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                # Most likely an idle connection that the receiver closed just now, not a receiver that is down.
                # "One attempt" is taken at its word, for it is asked for where a repeat does harm.
                if endpoint.max_attempts == 1 or isinstance(error, aiohttp.ClientConnectorError):
                    raise
                return await self._post(target, body, headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(0, self._reason(error))

    async def _post(self, target: URL, body: bytes, headers: dict[str, str]) -> Answer:
        # a body of bytes goes out with Content-Length, never chunked
        async with self._session(target.scheme).post(
            target, data=body, headers=headers, allow_redirects=False
        ) as response:
            await _drain(response.content)
            if 200 <= response.status < 300:
                return Answer(response.status)
            # neither the body nor the receiver's own words: the ledger is no window into other people's machines
            return Answer(response.status, _phrase(response.status), _retry_after(response.headers.get("Retry-After")))

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        if scheme not in self._sessions:
            connector = BoundedConnector(
                resolver=CheckedResolver(scheme, self._policy, self._resolver), keepalive_timeout=KEEP_ALIVE, limit=0
            )
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                headers={"User-Agent": user_agent(), "Accept": "*/*"},
                skip_auto_headers=("Accept-Encoding",),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._sessions[scheme]

    def _reason(self, error: Exception) -> str:
        """Why no answer came, without the URL, whose path and query may be secret."""
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return f"its certificate is not accepted: {_certificate(error)}"
        if isinstance(error, aiohttp.ClientConnectorError):
            return _unreachable(error.os_error)
        if isinstance(error, aiohttp.ServerTimeoutError):
            return f"cannot connect within {self._timeout.sock_connect:g} s"
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout.total:g} s"
        if isinstance(error, AnswerRefused):
            return f"no proper answer: {error}"
        if isinstance(error, aiohttp.ServerDisconnectedError | OSError):
            return "it closed the connection without an answer"
        return f"no proper answer: {type(error).__name__}"


def _unreachable(cause: OSError) -> str:
    if isinstance(cause, TargetRefused):
        return str(cause)
    if isinstance(cause, socket.gaierror):
        return "its name does not resolve"
    if isinstance(cause, ssl.SSLError):
        return f"cannot connect: TLS fails ({cause.reason or 'no reason given'})"
    return f"cannot connect: {os.strerror(cause.errno) if cause.errno else type(cause).__name__}"


async def _drain(content: aiohttp.StreamReader) -> None:
    """Read the rest of a short answer; a long or slow one ends the connection."""
    if content.is_eof():
        return  # all of it came with the head
    left = LONGEST_ANSWER
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            while left > 0 and (chunk := await content.read(left)):
                left -= len(chunk)
    except (TimeoutError, aiohttp.ClientError):
        return  # the status came, and it is all that counts


def _phrase(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _certificate(error: aiohttp.ClientConnectorCertificateError) -> str:
    cause = error.certificate_error
    return cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__


def _retry_after(value: str | None) -> int:
    """Parse `Retry-After` (RFC 9110 §10.2.3), seconds or date, to milliseconds; 0 when absent or invalid."""
    if not value:
        return 0
    if value.isascii() and value.isdecimal():
        return min(int(value[:MOST_DIGITS]), LONGEST_WAIT) * 1000
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year or a zone that no calendar has
        return 0
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    return max(0, min(round(wait.total_seconds()), LONGEST_WAIT) * 1000)
