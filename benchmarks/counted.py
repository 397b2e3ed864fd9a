"""`python -m benchmarks.counted FILE PYTHON -m bridge …`: that command in this process, its claims counted in FILE."""

import os
import sys
from collections.abc import Sequence

from bridge.__main__ import main
from bridge.ports.store_rows import Claim
from bridge.store.sqlite import SqliteStore

WIDTH = 12


def count(path: str) -> None:
    """Keep in a file how often the store was asked for a message to send."""
    ask, told, asked = SqliteStore.claim, os.open(path, os.O_WRONLY | os.O_CREAT), 0

    async def claim(
        store: SqliteStore, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = ""
    ) -> Claim | None:
        nonlocal asked
        asked += 1
        os.pwrite(told, f"{asked:{WIDTH}}".encode(), 0)
        return await ask(store, line, routes, now, whole, sim)

    setattr(SqliteStore, "claim", claim)  # noqa: B010 - the one place that every line goes through


if __name__ == "__main__":
    count(sys.argv[1])
    sys.argv[1:] = sys.argv[5:]
    main()
