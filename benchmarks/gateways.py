"""Gateways that take messages over HTTP, beside this one: `python -m benchmarks.gateways`.

Kannel 1.4 as Debian packages it, with its file store, and Jasmin from PyPI with Debian's RabbitMQ and Redis; each takes
the same message over as many connections, by turns with ours. None has a line, so nothing but acceptance is measured.
Kannel writes what it accepts to a file and waits for no fsync, Jasmin hands it to a broker whose queue is in memory;
ours is on disk before the answer. `JASMIN` in the environment is the folder of an environment with Jasmin in it.
"""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import jasmin
from benchmarks.accepting import TEXT, requests
from benchmarks.load import CONNECTIONS, Load, Request, client, load
from benchmarks.processes import free_port, listening, started
from benchmarks.serving import serving
from benchmarks.table import Row, main

SECONDS, ROUNDS = 3, 5
KANNEL, JASMIN = "Kannel, file store, no fsync", "Jasmin, queue in memory"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

_KANNEL = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
store-type = file
store-location = {folder}/kannel.store
log-file = {folder}/bearerbox.log
log-level = 4
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = nobody
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-file = {folder}/smsbox.log
log-level = 4

group = sendsms-user
username = bench
password = bench
max-messages = 1
"""


@asynccontextmanager
async def kannel(folder: Path) -> AsyncIterator[Request]:
    """Kannel's two programs, and what is asked of them."""
    folder.mkdir()
    ports = {name: free_port() for name in ("admin", "box", "smsc", "http")}
    config = folder / "kannel.conf"
    config.write_text(_KANNEL.format(folder=folder, **ports))
    programs = [shutil.which(name, path=_PATH) or name for name in ("bearerbox", "smsbox")]
    async with started(programs[0], config, log=folder / "log"):
        await listening(ports["box"])
        async with started(programs[1], config, log=folder / "log"):
            await listening(ports["http"])
            query = urlencode(
                {"username": "bench", "password": "bench", "from": "15550100", "to": "+15550123", "text": TEXT}
            )
            yield Request(f"http://127.0.0.1:{ports['http']}/cgi-bin/sendsms?{query}", "", "text/plain", method="GET")


PEERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Request]]] = {KANNEL: kannel, JASMIN: jasmin.jasmin}


async def beside(folder: Path, absent: dict[str, str], tell: Callable[[str], None]) -> dict[str, list[Load]]:
    """Some rounds of each that is here, by turns."""
    found: dict[str, list[Load]] = {}
    async with AsyncExitStack() as running:
        bridge = await running.enter_async_context(serving(folder / "bridge"))
        asked = {what: each for what, each in requests(bridge, "").items() if each.url}
        for name, ready in PEERS.items():
            if name not in absent:
                asked[name] = await running.enter_async_context(ready(folder / name.partition(",")[0]))
        for number in range(1, ROUNDS + 1):
            for what, request in asked.items():
                borne = await load(folder, request, SECONDS)
                tell(f"  round {number}: {what:36}{borne.rate:9,.0f}/s, p99 {borne.p99:.1f} ms")
                found.setdefault(what, []).append(borne)
    return found


def missing() -> dict[str, str]:
    """Which are not here → how to bring them."""
    found = {}
    if not all(shutil.which(name, path=_PATH) for name in ("bearerbox", "smsbox")):
        found[KANNEL] = "apt install kannel"
    if jasmin.missing():
        found[JASMIN] = jasmin.WANTED
    return found


async def measure(tell: Callable[[str], None]) -> Sequence[Row]:
    """All rows."""
    absent = missing()
    for name, way in absent.items():
        tell(f"  {name}: not here: {way}")
    with tempfile.TemporaryDirectory() as name:
        found = await beside(Path(name), absent, tell)
    ours = [what for what in found if what not in PEERS]
    return [row for what in ours for peer in PEERS for row in _rows(what, found[what], peer, found.get(peer), absent)]


def _rows(what: str, ours: list[Load], peer: str, theirs: list[Load] | None, absent: dict[str, str]) -> Iterator[Row]:
    target = "ratio ≥ 0.8" if peer == KANNEL else "ratio ≥ 1"
    if theirs is None:
        yield Row(f"accepted by {what}", "/s", _rate(ours), peer, None, target, absent[peer])
        return
    note = f"{CONNECTIONS} connections, {client()}; {_spread(ours)}, theirs {_spread(theirs)}"
    yield Row(f"accepted by {what}", "/s", _rate(ours), peer, _rate(theirs), target, note)
    p99, his = (statistics.median(each.p99 for each in rounds) for rounds in (ours, theirs))
    yield Row(f"accepted by {what}, p99", "ms", p99, peer, his, "< 8")


def _rate(rounds: Sequence[Load]) -> float:
    return statistics.median(each.rate for each in rounds)


def _spread(rounds: Sequence[Load]) -> str:
    rates = [each.rate for each in rounds]
    return f"median of {len(rates)}, {min(rates):,.0f} to {max(rates):,.0f}"


if __name__ == "__main__":
    sys.exit(main({"gateways": measure}))
