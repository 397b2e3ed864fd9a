"""The HTTP client of drivers for providers: each call makes one request and never repeats it.

Whether a request left us decides what a failure means: before it was written, nothing was sent (DeviceLost); from then
on only an answer tells (OutcomeUnknown). So nothing is repeated and no redirect is followed, by which a message would
be sent twice and a token given to another host.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import aiohttp
from yarl import URL

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, OutcomeUnknown
from bridge.http_answers import BoundedConnector, read_short
from device_drivers import _trust

#: bytes of the longest answer that is read
LONGEST_ANSWER = 1 << 20
#: headers that nobody adds to those of the caller, who may have signed them
_OURS_TO_SET = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    #: by names in lower case
    headers: Mapping[str, str]
    body: bytes


class Http:
    """A client of one provider. `close` it."""

    def __init__(
        self,
        timeout: float,
        connect_timeout: float = 10.0,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
    ) -> None:
        """`timeout`: seconds for an answer once a request may be written; `connect_timeout`: until then.

        `connector`: makes what connects otherwise than by TCP, anew for each request.
        """
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._connector = connector or by_tcp
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        longest: int = LONGEST_ANSWER,
    ) -> Answer:
        """The answer, whatever its status. Raises DeviceLost when nothing left us, OutcomeUnknown otherwise.

        An answer of more than `longest` bytes is none.

        The URL is taken as it is, percent-encoded, and so are the headers: they may be signed.
        """
        began = SimpleNamespace(connected=False)
        try:
            async with asyncio.timeout(self._connect_timeout) as timer:
                began.connect = lambda: timer.reschedule(asyncio.get_running_loop().time() + self._timeout)
                return await self._ask(method, URL(url, encoded=True), headers or {}, body, began, longest)
        except TimeoutError as error:
            raise self._failure(url, "did not answer in time", began.connected) from error
        except (aiohttp.ClientError, OSError, ValueError, EOFError) as error:
            raise self._failure(url, _words(error), began.connected) from error

    async def _ask(
        self, method: str, target: URL, headers: Mapping[str, str], body: bytes, began: SimpleNamespace, longest: int
    ) -> Answer:
        session = self._open()
        async with session.request(
            method,
            target,
            headers=headers,
            data=body or None,
            allow_redirects=False,
            trace_request_ctx=began,
            skip_auto_headers=_OURS_TO_SET,
        ) as response:
            content = await read_short(response.content, longest)
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _failure(self, url: str, words: str, connected: bool) -> DeviceLost | OutcomeUnknown:
        host = url.split("/")[2] if url.count("/") >= 2 else url
        if connected:
            return OutcomeUnknown(f"{host} had the request, and no answer came: {words}")
        return DeviceLost(f"{host} cannot be reached: {words}")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_connected)
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[trace],
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Hang up. Never raises; harmless when repeated."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError, aiohttp.ClientError):
                await session.close()


def by_tcp(trusted: ssl.SSLContext | None = None) -> aiohttp.BaseConnector:
    """A connection for each request: a kept one may have been closed by the server while the request was on its way.

    `trusted`: whose certificates are; None for those of this machine's authorities.
    """
    return BoundedConnector(force_close=True, ssl=trusted or True)


async def _connected(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceConnectionCreateEndParams,
) -> None:
    """From here on the request may have been written."""
    began = context.trace_request_ctx
    began.connected = True
    began.connect()


def _words(error: Exception) -> str:
    """What went wrong, without the URL, which may have a secret in it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return _trust.why_not(error, _trust.INSTALL)
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error) if error.os_error else "no connection"
    if isinstance(error, aiohttp.InvalidURL):
        return "this is not a URL"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"this is no HTTP ({error.message})"
    return str(error) or type(error).__name__
