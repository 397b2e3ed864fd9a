"""aiohttp, without what it would read of the disk. The packages of `api` that use it import this before anything."""

import mimetypes

from bridge import authorities

# of the machine's files, none of which is served by aiohttp: a third of a megabyte
mimetypes.knownfiles.clear()
with authorities.unread():
    import aiohttp  # noqa: F401
