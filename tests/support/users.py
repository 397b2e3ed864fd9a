"""Another user of this machine than the one who runs the tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: nobody, on every Linux
NOBODY = 65534


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be a user from whom a file of mode 0 is hidden: for root, from whom nothing is, that takes another user."""
    before = os.geteuid()
    try:
        if before == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(before)
