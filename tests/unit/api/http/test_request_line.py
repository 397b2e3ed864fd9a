import itertools

import pytest

from api.http.request_line import RequestLine

RAW = "GET /sendsms?message=Olá 你好😀 HTTP/1.1\r\nHost: bücher.example\r\n\r\nbody é".encode()
ENCODED = (
    b"GET /sendsms?message=Ol%C3%A1 %E4%BD%A0%E5%A5%BD%F0%9F%98%80 HTTP/1.1\r\n"
    + "Host: bücher.example\r\n\r\nbody é".encode()
)


def test_encodes_what_is_raw_in_the_first_line_only() -> None:
    line = RequestLine()
    assert line.encoded(RAW) == ENCODED
    assert line.encoded(RAW) == RAW
    line.renew()
    assert line.encoded(RAW) == ENCODED


@pytest.mark.parametrize("first", [8, 22, 24, 25, 40, 60])
def test_goes_on_where_a_line_comes_in_pieces(first: int) -> None:
    line = RequestLine()
    cuts = [0, first, first + 1, first + 2, len(RAW)]
    pieces = [RAW[start:end] for start, end in itertools.pairwise(cuts)]
    assert b"".join(line.encoded(piece) for piece in pieces) == ENCODED


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x02\x00\x01\xfc", b"get /\xe9 HTTP/1.1\r\n", b"\xff" * 8, b""])
def test_leaves_alone_what_is_no_request(said: bytes) -> None:
    line = RequestLine()
    assert line.encoded(said) == said
    assert line.encoded(RAW) == RAW
