"""Load on an HTTP server from a process of its own: `wrk` where it is installed, else a client of ours.

As a program: `python -m benchmarks.load URL SECONDS CONNECTIONS CONTENT_TYPE KEY METHOD BODY`.
"""

import asyncio
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.processes import output, python
from benchmarks.table import percentile

CONNECTIONS = 32
#: wrk's own summary has no machine-readable form; times are microseconds
_SCRIPT = """
wrk.method = %s
wrk.body = %s
wrk.headers["Content-Type"] = %s
wrk.headers["Authorization"] = %s
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %%d, "micros": %%d, "p50": %%d, "p99": %%d, "errors": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server bore."""

    #: requests answered with 2xx a second
    rate: float
    #: milliseconds
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Request:
    """The same request again and again."""

    url: str
    body: str
    content_type: str
    authorization: str = ""
    method: str = "POST"


class Failed(Exception):
    """Some requests were not answered with 2xx."""


def client() -> str:
    """Which client it is."""
    return "wrk" if shutil.which("wrk") else "own client"


async def load(folder: Path, request: Request, seconds: int, connections: int = CONNECTIONS) -> Load:
    """Keep so many connections busy for so long. Raises Failed."""
    log = folder / "load.log"
    if shutil.which("wrk"):
        script = folder / "load.lua"
        script.write_text(
            _SCRIPT
            % tuple(map(json.dumps, (request.method, request.body, request.content_type, request.authorization)))
        )
        told = await output("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, request.url, log=log)
    else:
        arguments = (
            request.url,
            str(seconds),
            str(connections),
            request.content_type,
            request.authorization,
            request.method,
        )
        told = await output(*python("benchmarks.load", *arguments, request.body), log=log)
    result = json.loads(told.partition("RESULT ")[2])
    if result["errors"]:
        raise Failed(f"{request.url}: {result}")
    rate = result["requests"] / (result["micros"] / 1e6)
    return Load(rate, result["p50"] / 1000, result["p99"] / 1000)


class Connection(asyncio.Protocol):
    """One keep-alive connection: the next request goes out when the answer is complete."""

    def __init__(self, request: bytes, deadline: float) -> None:
        self._request = request
        self._deadline = deadline
        self._buffer = b""
        self._asked_at = 0.0
        self.times: list[float] = []
        self.errors = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        if self._asked_at >= self._deadline:
            self._transport.close()
        else:
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """An answer, or some of it."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if not found or len(rest) < length:
            return
        self.times.append(time.perf_counter() - self._asked_at)
        self.errors += not head.startswith(b"HTTP/1.1 2")
        self._buffer = rest[length:]
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, or the server hung up."""
        self.errors += exc is not None
        if not self.done.done():
            self.done.set_result(None)


async def _press(request: Request, seconds: float, connections: int) -> dict[str, float]:
    parts, body = urlsplit(request.url), request.body.encode()
    port = parts.port or 80
    head = (
        f"{request.method} {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: {request.content_type}\r\n"
        f"Authorization: {request.authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: Connection(head.encode() + body, began + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.done for each in made))
    times = [1e6 * moment for each in made for moment in each.times]
    return {
        "requests": len(times),
        "micros": 1e6 * (time.perf_counter() - began),
        "p50": percentile(times, 0.5),
        "p99": percentile(times, 0.99),
        "errors": sum(each.errors for each in made),
    }


def main() -> None:
    """The client of ours as a process."""
    url, seconds, connections, content_type, authorization, method, body = sys.argv[1:]
    request = Request(url, body, content_type, authorization, method)
    print("RESULT " + json.dumps(asyncio.run(_press(request, float(seconds), int(connections)))))


if __name__ == "__main__":
    main()
