"""What one caller can make the bridge hold, and how long it can keep others waiting: a bridge in its own process."""

import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.support.waiting import queued

CONFIG = ("--config", "config.toml")
MOST = 150  # MiB that one caller may take
#: seconds that another caller may wait for the bridge; what both wait for a processor is not its fault
WAIT = 1.5
#: seconds to the answer to a long body, on whatever machine
PATIENCE = 120
MIB = 1024 * 1024


class Site:
    """A bridge without devices, and an account."""

    def __init__(self, url: str, key: str, pid: int) -> None:
        self.host, self.port = urlsplit(url).hostname or "", urlsplit(url).port or 0
        self.key = key
        self._pid = f"{pid}"
        self._status = Path(f"/proc/{pid}/status")
        self._before = self.memory()

    def memory(self) -> float:
        """MiB that it had at most so far."""
        (line,) = (line for line in self._status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def taken(self) -> float:
        """MiB more than at the beginning."""
        return self.memory() - self._before

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)

    def head(self, request: str, *headers: str) -> bytes:
        lines = [f"{request} HTTP/1.1", "Host: here", f"X-Api-Key: {self.key}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n"

    def _now(self) -> float:
        """Seconds in which the bridge and this thread had a processor, or waited for something else."""
        return time.monotonic() - queued() - queued(self._pid)

    @contextmanager
    def others_are_answered(self) -> Iterator[None]:
        """Somebody else asks all the time, and is answered within `WAIT`."""
        done, waits = threading.Event(), [0.0]

        def ask() -> None:
            http = HTTPConnection(self.host, self.port, timeout=30)
            while not done.wait(0.01):
                began = self._now()
                http.request("GET", "/v1/me", headers={"X-Api-Key": self.key})
                assert http.getresponse().read()
                waits.append(self._now() - began)
            http.close()

        other = threading.Thread(target=ask)
        other.start()
        try:
            yield
        finally:
            done.set()
            other.join()
        assert len(waits) > 1
        assert max(waits) < WAIT


@pytest.fixture
def site(tmp_path: Path, start: Start, sms_bridge: SmsBridge) -> Site:
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    key = json.loads(sms_bridge("account", "add", "shop", "--json", *CONFIG).out)["apikey"]
    running = start("serve", *CONFIG, together=True)
    ready = "INFO bridge.daemon.run: ready at "
    return Site(running.says(ready).removeprefix(ready), key, running.process.pid)


def post(site: Site, body: Iterator[bytes], length: int) -> int:
    """Post it to the messages: the status of the answer, which may come before the end."""
    with site.connect() as caller:
        head = site.head("POST /v1/messages", "Content-Type: application/json", f"Content-Length: {length}")
        with suppress(ConnectionError):
            caller.sendall(head + b"\r\n")
            for piece in body:
                caller.sendall(piece)
        return int(caller.makefile("rb").readline().split()[1])


def repeated(start: bytes, middle: bytes, times: int, end: bytes) -> tuple[Iterator[bytes], int]:
    """A long body, and its length, without having it in memory."""
    many = 10_000

    def pieces() -> Iterator[bytes]:
        yield start
        for _ in range(times // many):
            yield middle * many
        yield end

    return pieces(), len(start) + len(middle) * (times // many * many) + len(end)


BODIES = {
    "twenty million empty objects": (repeated(b'{"messages":[', b"{},", 20_000_000, b"{}]}"), 400),
    "twenty million empty lists": (repeated(b'{"to":[', b"[],", 20_000_000, b"[]]}"), 400),
    "an object of 48 MiB": (repeated(b"{", b'"aaaa":1,', 5_500_000, b'"b":1}'), 400),
    "a text of 48 MiB": (repeated(b'{"to":"+15550100","text":"', b"x" * 48, 1_000_000, b'"}'), 400),
    "blanks": (repeated(b"{", b"  \n", 20_000_000, b"}"), 400),
    "numbers without an end": (repeated(b'{"to":["+15550100"', b',"+15550100"', 4_000_000, b"]}"), 400),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
def test_no_body_takes_more_than_it_may(site: Site, body: tuple[Iterator[bytes], int], status: int) -> None:
    with site.others_are_answered():
        assert post(site, *body) == status
    assert site.taken() < MOST


def test_a_submission_of_as_much_as_there_may_be_fits_too(site: Site) -> None:
    entry = json.dumps({"to": "+15550100", "text": "x" * 250}).encode() + b","
    body = repeated(b'{"messages":[', entry, 90_000, entry[:-1] + b"]}")
    assert post(site, *body) == 202
    assert site.taken() < MOST


def test_headers_that_do_not_end_take_no_more_than_they_may(site: Site) -> None:
    field = b"X-%d: " + b"\xf0\x9f\x98\x80" * 4000 + b"\r\n"
    with ExitStack() as stack, site.others_are_answered():
        for _ in range(480):
            caller = stack.enter_context(site.connect())
            with suppress(ConnectionError):
                caller.sendall(site.head("GET /v1/me") + b"".join(field % number for number in range(60)))
    assert site.taken() < MOST


def test_requests_behind_one_that_does_not_end_take_no_more_than_they_may(site: Site) -> None:
    field = b"X-%d: " + b"x" * 16_000 + b"\r\n"
    one = site.head("GET /v1/me") + b"".join(field % number for number in range(60)) + b"\r\n"
    with ExitStack() as stack, site.others_are_answered():
        for _ in range(30):
            caller = stack.enter_context(site.connect())
            caller.settimeout(0.2)
            with suppress(OSError):  # it is not read any more, or it is over
                caller.sendall(site.head("GET /v1/events") + b"\r\n")
                caller.sendall(one * 30)
    assert site.taken() < MOST


def test_answers_that_nobody_reads_take_no_more_than_they_may(site: Site) -> None:
    entry = json.dumps({"to": "+15550100", "text": "x" * 30_000}).encode() + b","
    for _ in range(4):
        batch = b'{"messages":[' + entry * 299 + entry[:-1] + b"]}"
        assert post(site, iter([batch]), len(batch)) == 202
    with ExitStack() as stack, site.others_are_answered():
        for _ in range(100):
            caller = stack.enter_context(site.connect())
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.sendall(site.head("GET /v1/messages?limit=1000") + b"\r\n")
        time.sleep(2)
    assert site.taken() < MOST


FLOODS = {
    "percents": (b"message=" + b"%41" * 300_000, "application/x-www-form-urlencoded"),
    "stray percents": (b"message=" + b"%" * 900_000, "application/x-www-form-urlencoded"),
    "parameters": (b"a=b&" * 220_000, "application/x-www-form-urlencoded"),
    "lists": (b"[" + b"[]," * 300_000 + b"[]]", "application/json"),
    "parts": (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 17_000,
        "multipart/form-data; boundary=x",
    ),
}


@pytest.mark.parametrize(("body", "kind"), FLOODS.values(), ids=FLOODS)
def test_bodies_of_callers_without_a_key_keep_nobody_waiting(site: Site, body: bytes, kind: str) -> None:
    head = f"POST /sendsms HTTP/1.1\r\nHost: here\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    with ExitStack() as stack, site.others_are_answered():
        callers = [stack.enter_context(site.connect()) for _ in range(15)]
        for caller in callers:
            caller.sendall(head.encode() + body[:-1])
        for caller in callers:
            caller.sendall(body[-1:])
        assert {int(caller.makefile("rb").readline().split()[1]) for caller in callers} <= {400, 401, 403}
    assert site.taken() < MOST


def test_four_files_at_once_keep_nobody_waiting(site: Site) -> None:
    """Each has its table read on a thread and its rows judged: one after the other, in short turns."""
    rows = "".join(f"+1555010{number:04};Anna {number};Hello\n" for number in range(10_000))
    body = f"number;name;text\n{rows}".encode()
    head = site.head("POST /v1/batches?name=file", "Content-Type: text/csv", f"Content-Length: {len(body)}")
    with ExitStack() as stack, site.others_are_answered():
        callers = [stack.enter_context(site.connect()) for _ in range(4)]
        for caller in callers:
            caller.sendall(head + b"\r\n" + body)
        assert [int(caller.makefile("rb").readline().split()[1]) for caller in callers] == [201] * 4
    assert site.taken() < MOST


@pytest.mark.parametrize("path", ["/sendsms", "/nowhere"])
def test_packed_bodies_that_nobody_reads_keep_nobody_waiting(site: Site, path: str) -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(pack.compress(bytes(MIB)) for _ in range(256)) + pack.flush()
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with ExitStack() as stack, site.others_are_answered():
        callers = [stack.enter_context(site.connect()) for _ in range(20)]
        for caller in callers:
            caller.sendall(head.encode() + body[:-1])
        assert {int(caller.makefile("rb").readline().split()[1]) for caller in callers} <= {400, 404, 413}
        time.sleep(1)
    assert site.taken() < MOST


@pytest.mark.parametrize(
    "path",
    ["/" * 250_000, "/v1/messages" + "/a" * 125_000, "/sendsms" + "/%2e%2e" * 35_000, "http://here/" + "a/" * 99_999],
)
def test_a_path_of_slashes_keeps_nobody_waiting(site: Site, path: str) -> None:
    with site.others_are_answered(), site.connect() as caller:
        caller.sendall(site.head(f"GET {path}") + b"\r\n")
        assert caller.makefile("rb").readline().split()[1] == b"404"
        time.sleep(0.1)
    assert site.taken() < MOST
