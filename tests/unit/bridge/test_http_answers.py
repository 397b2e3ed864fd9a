"""What an answer of a server that means harm may cost: real connections to a server that writes what it likes."""

import ast
import asyncio
import gzip
import itertools
import socket
import ssl
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bridge.http_answers import HEAD, INTERIM, PIECE, AnswerRefused, BoundedConnector, read_short, small_reads
from tests.support.certificates import issue
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
DEADLINE = 20.0  # seconds in which each is over, on whatever machine
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Pieces = Callable[[], Iterable[bytes]]


def for_ever(start: bytes, again: bytes, size: int = 128 * 1024) -> Pieces:
    """A beginning, and then the same without end."""
    return lambda: itertools.chain([start], itertools.repeat(again * (size // len(again) + 1)))


def packed(mebibytes: int) -> Iterator[bytes]:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(pack.compress(bytes(1 << 20)) for _ in range(mebibytes)) + pack.flush()
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    yield body


class Server:
    """Answers each request with these pieces, as long as the other side takes them."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        #: connections that were opened
        self.count = 0
        #: of them, those that the other side has ended
        self.ended = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                for piece in self._pieces():
                    writer.write(piece)
                    await writer.drain()
        self.ended += 1
        writer.close()


@asynccontextmanager
async def serving(pieces: Pieces) -> AsyncIterator[Server]:
    server = Server(pieces)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        yield server


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=BoundedConnector()) as session:
        yield session


async def ask(http: aiohttp.ClientSession, url: str, longest: int = 1 << 20) -> tuple[int, bytes]:
    async with asyncio.timeout(DEADLINE), http.get(url) as response:
        return response.status, await read_short(response.content, longest)


@pytest.mark.parametrize("code", [100, 102, 103, 199])
async def test_interim_answers_without_end_are_no_answer(http: aiohttp.ClientSession, code: int) -> None:
    async with serving(for_ever(b"", b"HTTP/1.1 %d Wait\r\n\r\n" % code)) as server:
        with pytest.raises(AnswerRefused, match=f"more than {INTERIM} interim answers"):
            await ask(http, server.url)
        await until(lambda: server.ended)


async def test_some_interim_answers_may_come_first(http: aiohttp.ClientSession) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    async with serving(lambda: [interim * INTERIM + EMPTY]) as server:
        assert await ask(http, server.url) == (200, b"")


async def test_interim_answers_are_no_longer_than_a_head(http: aiohttp.ClientSession) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(100))
    assert len(fields) > HEAD
    async with serving(lambda: [b"HTTP/1.1 103 Hints\r\n" + fields + b"\r\n" for _ in range(INTERIM)]) as server:
        with pytest.raises(AnswerRefused, match="head of the answer is longer"):
            await ask(http, server.url)


WITHOUT_END = {
    "fields of a header": for_ever(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n"),
    "a name of a field": for_ever(b"HTTP/1.1 200 OK\r\n", b"x"),
    "a value of a field": for_ever(b"HTTP/1.1 200 OK\r\nX-More: ", b"x"),
    "folded lines": for_ever(b"HTTP/1.1 200 OK\r\nX-More: x\r\n", b" x\r\n"),
    "a status line": for_ever(b"HTTP/1.1 200 ", b"x"),
    "blank lines": for_ever(b"", b"\r\n"),
    "trailers": for_ever(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-More: yes\r\n"),
    "a size of a chunk": for_ever(CHUNKED, b"0"),
    "an extension of a chunk": for_ever(CHUNKED + b"1;", b"x"),
    "extensions of small chunks": for_ever(CHUNKED, b"1;" + b"x" * 100 + b"\r\ny\r\n"),
    "packs with nothing in them": for_ever(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n", gzip.compress(b"")
    ),
}


@pytest.mark.parametrize("pieces", WITHOUT_END.values(), ids=WITHOUT_END)
async def test_what_is_no_body_ends(http: aiohttp.ClientSession, pieces: Pieces) -> None:
    async with serving(pieces) as server:
        with pytest.raises(aiohttp.ClientError):
            await ask(http, server.url)
        await until(lambda: server.ended)


LONG = {
    "plain": for_ever(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
    "of a length": for_ever(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x"),
    "in chunks of a byte": for_ever(CHUNKED, b"1\r\nx\r\n"),
    "packed": lambda: packed(128),
}


@pytest.mark.parametrize("pieces", LONG.values(), ids=LONG)
async def test_a_body_is_as_long_as_it_may_be(http: aiohttp.ClientSession, pieces: Pieces) -> None:
    async with serving(pieces) as server:
        with pytest.raises(ValueError, match="longer than 100000 bytes"):
            await ask(http, server.url, 100_000)
        await until(lambda: server.ended)


async def test_a_body_in_chunks_of_a_byte_is_read(http: aiohttp.ClientSession) -> None:
    async with serving(lambda: [CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"]) as server:
        assert await ask(http, server.url) == (200, b"x" * 100_000)


UNASKED = {
    "answers": EMPTY * 10_000,
    "half of one": EMPTY + b"HTTP/1.1 200 OK\r\nContent-",
    "a body of an answer without one": b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
    "what is no answer": EMPTY + b"\x00" * 100_000,
}


@pytest.mark.parametrize("pieces", UNASKED.values(), ids=UNASKED)
async def test_what_nobody_asked_for_is_the_answer_to_nothing(http: aiohttp.ClientSession, pieces: bytes) -> None:
    async with serving(lambda: [pieces]) as server:
        for _ in range(2):
            with suppress(aiohttp.ClientError):
                assert await ask(http, server.url) in {(200, b""), (204, b"")}
        assert server.count in {1, 2}


async def test_what_comes_on_an_idle_connection_ends_it(http: aiohttp.ClientSession) -> None:
    more = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(EMPTY)
        await more.wait()
        with suppress(ConnectionError):
            while True:
                writer.write(EMPTY * 1000)
                await writer.drain()
        writer.close()
        more.clear()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        assert await ask(http, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/") == (200, b"")
        more.set()
        await until(lambda: not more.is_set())


async def test_an_idle_connection_is_used_again(http: aiohttp.ClientSession) -> None:
    async with serving(lambda: [EMPTY]) as server:
        for _ in range(5):
            assert await ask(http, server.url) == (200, b"")
        assert server.count == 1


def test_little_is_read_at_once() -> None:
    import socket

    here, there = socket.socketpair()
    with small_reads(here) as small, there:
        there.sendall(bytes(100_000))
        assert len(small.recv(1 << 18)) == PIECE
        assert small.recv_into(bytearray(1 << 18)) == PIECE
        assert small.recv_into(bytearray(1 << 18), 10) == 10


def test_every_client_of_ours_is_bounded() -> None:
    """The emulated networks' own clients talk to the bridge alone."""
    loose = []
    for folder in ("api", "bridge", "device_drivers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            where = path.relative_to(ROOT)
            if where.parts[:2] == ("device_drivers", "virtual") or path.stem == "http_answers":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                named = [each.arg for each in node.keywords] if isinstance(node, ast.Call) else []
                if name in {"aiohttp.TCPConnector", "aiohttp.request"} or (
                    name == "aiohttp.ClientSession" and "connector" not in named
                ):
                    loose.append(f"{where}:{node.lineno}")
    assert loose == []


@pytest.mark.needs("openssl")
async def test_a_server_that_says_no_farewell_is_hung_up_on_at_once(tmp_path: Path) -> None:
    """By TLS, which ends with a word of each side: a command whose loop ends then would leave its socket behind."""
    files, over = issue(tmp_path, name="localhost"), threading.Event()
    looked = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    def serve() -> None:
        with listening, context.wrap_socket(listening.accept()[0], server_side=True) as line:
            line.recv(65536)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
            looked.wait(DEADLINE)
            line.sendall(b"ok")
            over.wait(DEADLINE)

    listening = socket.create_server(("127.0.0.1", 0))
    url = f"https://localhost:{listening.getsockname()[1]}/"
    server = asyncio.get_running_loop().run_in_executor(None, serve)
    trusted = ssl.create_default_context(cafile=files.certificate)
    async with aiohttp.ClientSession(connector=BoundedConnector(family=socket.AF_INET)) as http:
        response = await http.get(url, ssl=trusted)
        assert response.connection is not None
        assert response.connection.transport is not None
        line = response.connection.transport.get_extra_info("socket")
        looked.set()
        assert await response.read() == b"ok"
    await asyncio.sleep(0)  # the turn that a loop still has when its work is done
    assert line.fileno() == -1
    over.set()
    await server
