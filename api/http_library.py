"""aiohttp, without what it would read of the disk."""

import mimetypes

from bridge import authorities


def load() -> None:
    """Import it, before there are threads; whoever imports it later has it so.

    A command that opens the store in its own process does without it: it takes longer to import than all else there.
    """
    # of the machine's files, none of which is served by aiohttp: a third of a megabyte
    mimetypes.knownfiles.clear()
    with authorities.unread():
        import aiohttp  # noqa: F401
