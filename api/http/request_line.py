"""Takes a request line with characters that nobody percent-encoded, as `curl` and PHP send a URL that has them.

Vendors' servers take them; aiohttp's parser refuses the request before anybody knows whose it is.
"""

import re

_RAW = re.compile(rb"[\x80-\xff]")
#: how a request begins; what is no HTTP, a TLS greeting for one, stays as it is
_METHOD = re.compile(rb"[A-Z]{3,7} /")


class RequestLine:
    """Percent-encodes the bytes beyond ASCII in the line with which a request begins.

    That is the first line of a connection, and the next one after `renew`. Call that only when all bodies before were
    read: encoding makes a line longer, and in a body it would push the end out, to be taken for another request.
    """

    __slots__ = ("_is_in_line", "_is_new")

    def __init__(self) -> None:
        self._is_new = self._is_in_line = True

    def renew(self) -> None:
        """Expect a request line next: nothing of a body is to come."""
        self._is_new = self._is_in_line = True

    def encoded(self, data: bytes) -> bytes:
        """What came, to be passed on."""
        if not self._is_in_line:
            return data
        if self._is_new and not _METHOD.match(data):
            self._is_in_line = False
            return data
        line, end, rest = data.partition(b"\n")
        self._is_new, self._is_in_line = False, not end
        return data if line.isascii() else _RAW.sub(lambda byte: b"%%%02X" % byte[0][0], line) + end + rest
