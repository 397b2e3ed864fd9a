"""Takes a request line with characters that nobody percent-encoded, as `curl` and PHP send a URL that has them.

Vendors' servers take them; aiohttp's parser refuses the request before anybody knows whose it is.
"""

import re

_RAW = re.compile(rb"[\x80-\xff]")
#: how a request begins; what is no HTTP, a TLS greeting for one, stays as it is
_METHOD = re.compile(rb"[A-Z]{3,7} /")


class RequestLine:
    """Percent-encodes the bytes beyond ASCII in the line that begins what comes next.

    Where a request begins is only known to who reads the bodies before it, and bytes added to one of those would make
    of its end a request that nobody sent: `renew` is for whoever knows that all of them were read.
    """

    __slots__ = ("_is_in_line", "_is_new")

    def __init__(self) -> None:
        self._is_new = self._is_in_line = True

    def renew(self) -> None:
        """What comes next belongs to no body."""
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
