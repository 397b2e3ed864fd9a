"""What several calls in bulk at once do to memory and to others: `python -m benchmarks.crowding`.

Accounts of one address submit 100,000 messages each, all at the same time, and again when they are told to come later.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.bulk import HEADERS, asked, batch, submitted, waits
from benchmarks.processes import output, python
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main, percentile
from benchmarks.watching import resident

CALLS, MESSAGES = 4, 100_000
#: s between two looks at the memory
OFTEN = 0.01


async def submit(bridge: Bridge, body: bytes, apikey: str) -> None:
    """One account's call, until it is accepted."""
    headers = HEADERS | {"Authorization": f"Bearer {apikey}"}
    while True:
        async with bridge.http.post(f"{bridge.url}/v1/messages", data=body, headers=headers) as response:
            await response.read()
        if response.status == 202:
            return
        assert response.status == 429, response.status
        await asyncio.sleep(int(response.headers["Retry-After"]))


async def most(bridge: Bridge, done: asyncio.Event) -> float:
    """The most MiB that the bridge has until all calls are done."""
    found = 0.0
    while not done.is_set():
        found = max(found, resident(bridge.pid))
        await asyncio.sleep(OFTEN)
    return found


async def crowd(bridge: Bridge, keys: Sequence[str]) -> tuple[float, list[float], list[float]]:
    """The most memory meanwhile, and the waits of others for an answer and for a message to be accepted."""
    body, done = batch(MESSAGES), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(most(bridge, done))
        asking = group.create_task(waits(bridge, asked, done))
        submitting = group.create_task(waits(bridge, submitted, done))
        await asyncio.gather(*(submit(bridge, body, key) for key in keys))
        done.set()
    return looking.result(), asking.result(), submitting.result()


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All calls once, and before them what the bridge has and what others wait without them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with serving(folder / "bridge") as bridge:
            add, config = python("bridge", "account", "add"), folder / "bridge" / "config.toml"
            added = [await output(*add, f"crowd{n}", "--json", "--config", config, log=folder / "log")
                     for n in range(CALLS)]  # fmt: skip
            alone = [await submitted(bridge) for _ in range(1000)]
            before = resident(bridge.pid)
            most, asking, submitting = await crowd(bridge, [json.loads(each)["apikey"] for each in added])
            tell(f"  {before:.0f} MiB, then {most:.0f}, and {resident(bridge.pid):.0f} when all were answered")
    note = f"{CALLS} calls of {MESSAGES:,} messages at once, from one address"
    return [
        Row("calls in bulk at once: memory", "MiB", most - before, "-", target="≤ 150", note=note),
        Row("their longest wait of another caller", "ms", 1000 * max(asking), "-", target="≤ 200", note="GET /livez"),
        Row("their longest wait of another message", "ms", 1000 * max(submitting), "the same without them",
            1000 * max(alone), "≤ 200"),
        Row("their p99 wait of another message", "ms", 1000 * percentile(submitting, 0.99), "the same without them",
            1000 * percentile(alone, 0.99)),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main({"crowding": measure}))
