"""What a user without rights sees, in tests that root may run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.users import NOBODY


@contextmanager
def anybody() -> Iterator[None]:
    """Be a user without rights, where the tests are run by root: by real and effective number, as access(2) asks."""
    before = os.getresuid()
    if before[0] != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(*before)
