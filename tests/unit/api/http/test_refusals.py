"""What is written to a connection without a handler is whole HTTP, and the connection's last word."""

from http.client import HTTPResponse
from io import BytesIO
from typing import Any

import pytest

from api.http.refusals import TOO_LONG, TOO_MANY, TOO_SLOW


class Sent:
    """A socket from which this comes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: Any) -> BytesIO:
        return BytesIO(self._raw)


@pytest.mark.parametrize(
    ("raw", "status", "later"), [(TOO_SLOW, 408, None), (TOO_LONG, 503, "5"), (TOO_MANY, 503, "5")]
)
def test_a_refusal_is_read_to_its_end_by_any_client(raw: bytes, status: int, later: str | None) -> None:
    answer = HTTPResponse(Sent(raw))  # type: ignore[arg-type]
    answer.begin()
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Connection"]) == (status, later, "close")
    text = answer.read()
    assert text.endswith(b".\n")
    assert raw.endswith(b"\r\n\r\n" + text)
