"""What the bridge costs while nothing happens, and until it is ready: `python -m benchmarks.idle`.

One modem and one Android phone of a virtual network, which is a process of its own, the phone behind an adb server of
its own. The floor is Python itself and, above it, Python with aiohttp's server imported and nothing done with it.
"""

import asyncio
import re
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.network import Network, network
from benchmarks.processes import START, processor_seconds, python, started
from benchmarks.serving import Bridge, serving
from benchmarks.table import Row, main
from device_drivers.virtual.phone.server import AdbServer

STARTS, IDLE = 11, 60.0
#: by the modem, and by the phone, which Android slows down
MESSAGES = (90, 10)
PATIENCE = 120.0
NOTHING, LIBRARY = "pass", "import aiohttp.web"
#: a line of `-X importtime`: microseconds of the module itself, and with all that it imported
_IMPORT = re.compile(r"import time: +(\d+) \| +(\d+) \| +(\S+)")
#: packages that are named when the dearest imports are
NAMED = 14


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process, in MiB (proc(5), smaps_rollup)."""

    #: all that is there: RSS
    resident: float
    #: the same, with what others share counted in part: PSS
    fair: float
    #: what no file stands behind
    anonymous: float

    def __str__(self) -> str:
        return f"{self.resident:.1f} MiB RSS, {self.fair:.1f} MiB PSS, {self.anonymous:.1f} MiB of it anonymous"


@dataclass(frozen=True, slots=True)
class Start:
    """One start, from exec until it is done."""

    wall: float  # s
    processor: float  # s, user and system
    memory: Memory


def memory(pid: int) -> Memory:
    """What a process has now."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    found = {name: int(size) / 1024 for name, size, _ in lines}
    return Memory(found["Rss:"], found["Pss:"], found["Anonymous:"])


def wakeups(pid: int) -> int:
    """How often any of its threads has stopped to wait, and so was woken (proc(5), status)."""
    status = (task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/status"))
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in status)


async def bare(folder: Path, code: str) -> Start:
    """Python until it has run this."""
    told = f"{code}\nprint(flush=True)\nimport signal\nsignal.pause()"
    began = time.perf_counter()
    async with started(sys.executable, "-c", told, log=folder / "bare.log") as process:
        assert process.stdout is not None
        await process.stdout.readline()
        return Start(time.perf_counter() - began, processor_seconds(process.pid), memory(process.pid))


async def start(folder: Path, *options: str) -> Start:
    """The bridge with an established store, until it tells systemd that it is ready; `options` are Python's."""
    config, log, address = folder / "config.toml", folder / "bridge.log", folder / "notify"
    address.unlink(missing_ok=True)
    command = [sys.executable, *options, *python("bridge", "serve", "--config", config)[1:]]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(str(address))
        began = time.perf_counter()
        async with (
            started(*command, log=log, environment={"NOTIFY_SOCKET": str(address)}) as process,
            asyncio.timeout(START),
        ):
            while b"READY=1" not in await asyncio.get_running_loop().sock_recv(manager, 4096):
                pass
            return Start(time.perf_counter() - began, processor_seconds(process.pid), memory(process.pid))


async def starts(folder: Path, tell: Callable[[str], None]) -> list[Row]:
    """By turns, so that other programs' load meets all alike."""
    kinds: dict[str, list[Start]] = {NOTHING: [], LIBRARY: [], "bridge": []}
    for _ in range(STARTS):
        for code in (NOTHING, LIBRARY):
            kinds[code].append(await bare(folder, code))
        kinds["bridge"].append(await start(folder))
    wall = {kind: 1000 * statistics.median(each.wall for each in some) for kind, some in kinds.items()}
    used = {kind: 1000 * statistics.median(each.processor for each in some) for kind, some in kinds.items()}
    least = 1000 * min(each.wall for each in kinds["bridge"])
    tell(f"  ready after {wall['bridge']:.0f} ms, the best of {STARTS} after {least:.0f} ms")
    note = f"median of {STARTS}; best {least:.0f}"
    library = statistics.median(each.memory.resident for each in kinds[LIBRARY])
    tell(f"  {LIBRARY}: {library:.1f} MiB RSS")
    return [
        Row("exec to READY=1", "ms", wall["bridge"], f"python -c '{NOTHING}'", wall[NOTHING], "≤ 1,000", note),
        Row("exec to READY=1", "ms", wall["bridge"], f"python -c '{LIBRARY}'", wall[LIBRARY], "≤ 1,000", note),
        Row("exec to READY=1, processor", "ms", used["bridge"], f"python -c '{LIBRARY}'", used[LIBRARY]),
    ]


async def imports(folder: Path, tell: Callable[[str], None]) -> None:
    """Which packages the time until it is ready goes to; each module's time without those that it imports."""
    log = folder / "bridge.log"
    best: dict[str, int] = {}
    for _ in range(3):
        log.write_text("")
        await start(folder, "-X", "importtime")
        for own, _whole, name in _IMPORT.findall(log.read_text()):
            best[name] = min(int(own), best.get(name, int(own)))
    took, many = Counter[str](), Counter(name.partition(".")[0] for name in best)
    for name, own in best.items():
        took[name.partition(".")[0]] += own
    tell(f"  {len(best)} modules in {sum(took.values()) / 1000:.0f} ms, measured one by one; most of it:")
    for package, own in took.most_common(NAMED):
        tell(f"    {own / 1000:6.1f} ms  {package} ({many[package]})")


async def idle(bridge: Bridge, tell: Callable[[str], None]) -> tuple[float, Memory]:
    """Percent of a core with nothing to do, and the memory at the end of it."""
    before, woken = processor_seconds(bridge.pid), wakeups(bridge.pid)
    await asyncio.sleep(IDLE)
    share, woken = 100 * (processor_seconds(bridge.pid) - before) / IDLE, wakeups(bridge.pid) - woken
    threads = len(list(Path(f"/proc/{bridge.pid}/task").iterdir()))
    tell(f"  idle: {share:.2f} % of a core, {threads} threads, woken {woken / IDLE:.1f} times a second")
    return share, memory(bridge.pid)


async def work(bridge: Bridge, far: Network) -> Memory:
    """The memory when messages have gone out on both lines."""
    for line, customer, many in zip(("line0", "phone"), far.customers, MESSAGES, strict=False):
        for number in range(many):
            await bridge.post("/v1/messages", {"to": customer, "text": f"Number {number}", "line": line})
    for customer, many in zip(far.customers, MESSAGES, strict=False):
        await far.arrivals(customer, many, PATIENCE)
    return memory(bridge.pid)


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[tuple[Network, str]]:
    """The virtual network, and the phone's table of the configuration."""
    async with network(folder / "world", phones=1) as far, aclosing(Server(folder / "adb")) as adb:
        await adb.start()
        await adb.connect(far.phones[0]["address"])
        yield (
            far,
            (
                f'[devices.phone]\ndriver = "android_adb"\nserial = "{far.phones[0]["address"]}"\n'
                f'adb_port = {adb.port}\nnumbers = ["{far.phones[0]["number"]}"]\n'
            ),
        )


class Server(AdbServer):
    """One that ends with a block."""

    async def aclose(self) -> None:
        """For `aclosing`."""
        await self.close()


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """Start, wait, work."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with stage(folder) as (far, phone):
            async with serving(folder, far.ports, devices=phone) as bridge:
                first = memory(bridge.pid)
            tell(f"  the very first start, which makes the store: {first}")
            least = await bare(folder, LIBRARY)
            rows = await starts(folder, tell)
            await imports(folder, tell)
            async with serving(folder, far.ports, devices=phone, account="again") as bridge:
                ready = memory(bridge.pid)
                share, later = await idle(bridge, tell)
                worked = await work(bridge, far)
    for when, what in {"both lines ready": ready, f"{IDLE:.0f} s later": later, "after the messages": worked}.items():
        tell(f"  {when}: {what}")
    against = f"python -c '{LIBRARY}'"
    many = sum(MESSAGES)
    return [
        *rows,
        Row("memory, both lines ready", "MiB", ready.resident, against, least.memory.resident, "≤ 60", "RSS"),
        Row("memory, both lines ready", "MiB", ready.fair, against, least.memory.fair, "", "PSS"),
        Row(f"memory, {IDLE:.0f} s later", "MiB", later.resident, against, least.memory.resident, "≤ 60", "RSS"),
        Row(f"memory after {many} messages", "MiB", worked.resident, against, least.memory.resident, "≤ 60", "RSS"),
        Row("memory, the very first start", "MiB", first.resident, against, least.memory.resident, "≤ 60", "RSS"),
        Row("idle, a modem and a phone", "% of a core", share, "-", target="< 0.5", note=f"over {IDLE:.0f} s"),
    ]


if __name__ == "__main__":
    sys.exit(main({"idle": measure}))
