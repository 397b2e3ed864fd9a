"""The floor for an HTTP server in Python: an aiohttp handler that reads the body and answers, nothing more.

As a program it prints its port: `python -m benchmarks.bare`.
"""

import asyncio
import sys

from aiohttp import web

#: as long as what a dialect answers
ANSWER = b'{"result": "' + b"x" * 400 + b'"}'


async def handle(request: web.Request) -> web.Response:
    """The least."""
    await request.read()
    return web.Response(body=ANSWER, content_type="application/json")


async def main() -> None:
    """Serve until ended."""
    app = web.Application()
    app.router.add_post("/", handle)
    serving = web.AppRunner(app, access_log=None)
    await serving.setup()
    await web.TCPSite(serving, "127.0.0.1", 0).start()
    sys.stdout.write(f"{serving.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
