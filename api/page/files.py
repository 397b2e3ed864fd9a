"""The static files of the web page, compressed and with digests.

Every file but the first is under a path with the digest of all of them, so a browser keeps it for good and a new
release is loaded whole, never half from a cache.
"""

import hashlib
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING

from bridge.dataclass import dataclass

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

#: the file that a browser asks for first; the others are named in it
FIRST = "index.html"
CONTENT_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """One compressed file."""

    squeezed: bytes
    content_type: str
    #: for `ETag` and `If-None-Match`
    digest: str

    @property
    def body(self) -> bytes:
        """The uncompressed content, for clients without gzip."""
        import gzip

        return gzip.decompress(self.squeezed)


@dataclass(frozen=True, slots=True)
class Page:
    """All files. `first` is what the bridge answers at `/`, the others are below `page/{digest}/`."""

    digest: str
    first: File
    others: Mapping[str, File]


def load(api: str, demo: bool = False) -> Page:
    """Read and compress every file. `api` is the prefix of the native API, "" for none; a `demo` shows the phones of
    its virtual network.

    It takes some tens of milliseconds and reads from the disk, so it belongs into a thread.
    """
    from importlib import resources

    whole, first, others = hashlib.sha256(), b"", dict[str, File]()
    # one after the other, so that they are never all in memory as they are
    for name, file in sorted(_walk(resources.files(__package__) / "static"), key=itemgetter(0)):
        body = file.read_bytes()
        whole.update(name.encode() + body)
        if name == FIRST:
            first = body
        else:
            others[name] = _file(name, body)
    digest = whole.hexdigest()[:16]
    filled = first.replace(b"{digest}", digest.encode()).replace(b"{api}", api.encode())
    filled = filled.replace(b"{demo}", b"yes" if demo else b"")
    return Page(digest, _file(FIRST, filled), others)


def _walk(folder: "Traversable", above: str = "") -> Iterator[tuple[str, "Traversable"]]:
    """Every file that browsers may have, with its path below the folder."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, f"{above}{each.name}/")
        elif each.name.rpartition(".")[2] in CONTENT_TYPES:
            yield above + each.name, each


def _file(name: str, body: bytes) -> File:
    import gzip

    squeezed = gzip.compress(body, mtime=0)
    return File(squeezed, CONTENT_TYPES[name.rpartition(".")[2]], hashlib.sha256(body).hexdigest()[:16])
