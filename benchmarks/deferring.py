"""procrastinate's defer: `python -m benchmarks.deferring FOLDER URL COUNT AT_ONCE` prints milliseconds as JSON.

FOLDER is where procrastinate (MIT) is: `pip install --target FOLDER procrastinate`. Our own psycopg, which has its C
part, comes first.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

from benchmarks.timing import TEXT, timed


async def main(folder: str, url: str, count: int, at_once: int) -> None:
    """Defer one job after the other, and so many at once."""
    sys.path.append(folder)
    procrastinate: Any = importlib.import_module("procrastinate")
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=at_once))

    send = app.task(name="send")(lambda to, text: None)  # nobody works here
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()

        async def defer(number: int) -> None:
            await send.defer_async(to=f"+1555{number:07}", text=TEXT)

        print(json.dumps(await timed(defer, count, at_once)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
