"""HTTP for drivers of providers: one request a call, and never a second one unasked.

Whether a request left us decides what a failure means: before it was written, nothing was sent (DeviceLost); from then
on only an answer tells (OutcomeUnknown). So nothing is repeated and no redirect is followed, by which a message would
be sent twice and a token given to another host.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from yarl import URL

from bridge.errors import DeviceLost, OutcomeUnknown

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

    def __init__(self, timeout: float, connect_timeout: float = 10.0) -> None:
        """`timeout`: seconds for an answer once a request may be written; `connect_timeout`: until then."""
        self._timeout = timeout
        self._connect_timeout = connect_timeout
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
            content = bytearray()
            async for piece in response.content.iter_any():
                content += piece
                if len(content) > longest:
                    raise ValueError(f"the answer is longer than {longest} bytes")
            return Answer(
                response.status, {name.lower(): value for name, value in response.headers.items()}, bytes(content)
            )

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
                # one that was kept may have been closed by the server while the request was on its way
                connector=aiohttp.TCPConnector(force_close=True),
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
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not to be trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error) if error.os_error else "no connection"
    if isinstance(error, aiohttp.InvalidURL):
        return "this is not a URL"
    return str(error) or type(error).__name__
