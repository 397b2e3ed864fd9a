"""Another user of this machine than the one who runs the tests."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: nobody, on every Linux
NOBODY = 65534


@contextmanager
def somebody_else(groups: Sequence[int] = ()) -> Iterator[None]:
    """Be a user from whom a file of mode 0 is hidden: for root, from whom nothing is, that takes another user.

    For root, that user is a member of these groups and no others.
    """
    before, group, others = os.geteuid(), os.getegid(), os.getgroups()
    try:
        if before == 0:
            os.setgroups(groups)
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(before)
        if before == 0:
            os.setegid(group)
            os.setgroups(others)
