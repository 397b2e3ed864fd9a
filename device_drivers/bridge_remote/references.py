"""What a part is called at the site: by it a request that is repeated is known, and what became of it is found. Pure.

`MESSAGE.INDEX.TRY`: another try has another name, and is made only when it is certain that the one before was none.
"""

import hashlib
import re

#: more tries than these of one part are nobody's wish
MOST_TRIES = 1000
_WRITTEN = re.compile(r"([\w:-]{1,100})\.([0-9]{1,3})\.([0-9]{1,4})", re.ASCII)
#: of SQLite's integers; no TP-MR is so large
_BITS = 62

#: the id of a message here and the number of its part
Part = tuple[str, int]


def reference(part: Part, tries: int) -> str:
    """`client_ref` and idempotency key of a try, counted from 1."""
    return f"{part[0]}.{part[1]}.{tries}"


def part_of(reference: str) -> Part | None:
    """The part that a `client_ref` of the site names; None for that of another program."""
    found = _WRITTEN.fullmatch(reference)
    return (found[1], int(found[2])) if found else None


def number_of(reference: str) -> int:
    """A number for it, by which its reports find the part."""
    return int.from_bytes(hashlib.sha256(reference.encode()).digest()) >> (256 - _BITS)
