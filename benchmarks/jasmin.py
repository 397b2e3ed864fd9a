"""Jasmin from PyPI with Debian's RabbitMQ and Redis, each with a folder and a port of its own."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.accepting import TEXT
from benchmarks.load import Request
from benchmarks.processes import free_port, listening, started

#: an environment of its own with Jasmin in it
HOME = Path(os.environ.get("JASMIN", "jasmin"))
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
WANTED = (
    "python3 -m venv FOLDER; FOLDER/bin/pip install jasmin; apt install rabbitmq-server redis-server; JASMIN=FOLDER"
)
PATIENCE = 60.0

_CONFIG = """
[smpp-server]
port = {smpp}
[smpp-server-pb]
port = {smpp_pb}
[client-management]
port = {clients}
[router]
port = {router}
[jcli]
port = {jcli}
bind = 127.0.0.1
authentication = False
[http-api]
port = {http}
bind = 127.0.0.1
log_level = ERROR
access_log = /dev/null
[amqp-broker]
port = {amqp}
[redis-client]
port = {redis}
"""
#: a connector that nobody listens for, so that what is accepted waits in its queue
_ANSWERS = (
    ("group -a", "gid bench", "ok"),
    ("user -a", "username bench", "password bench", "gid bench", "uid bench", "ok"),
    ("smppccm -a", "cid nobody", "port 1", "ok"),
    ("mtrouter -a", "type defaultroute", "connector smppc(nobody)", "rate 0.00", "ok"),
)


def missing() -> Sequence[str]:
    """What is not here."""
    here = {HOME / "bin/jasmind.py": "jasmin", RABBITMQ: "rabbitmq-server"}
    absent = [name for path, name in here.items() if not path.exists()]
    return absent if shutil.which("redis-server") else [*absent, "redis-server"]


@asynccontextmanager
async def jasmin(folder: Path) -> AsyncIterator[Request]:
    """All of its programs, and what is asked of them."""
    for name in ("var/log/jasmin", "etc/jasmin/store", "etc/jasmin/resource", "rabbitmq"):
        (folder / name).mkdir(parents=True)
    names = ("smpp", "smpp_pb", "clients", "router", "jcli", "http", "amqp", "redis", "epmd", "dist")
    ports = {name: free_port() for name in names}
    config = folder / "etc/jasmin/jasmin.cfg"
    config.write_text(_CONFIG.format(**ports))
    for found in HOME.rglob("amqp0-9-1.stripped.xml"):
        shutil.copy(found, folder / "etc/jasmin/resource/amqp0-9-1.xml")
    redis = ("redis-server", "--port", str(ports["redis"]), "--dir", folder, "--save", "")
    async with AsyncExitStack() as running:
        await running.enter_async_context(started(*redis, log=folder / "redis.log"))
        erlang = {"ERL_EPMD_PORT": str(ports["epmd"]), "HOME": str(folder)}
        await running.enter_async_context(started("epmd", log=folder / "epmd.log", environment=erlang))
        await listening(ports["epmd"], PATIENCE)
        await running.enter_async_context(
            started(RABBITMQ, log=folder / "rabbitmq.log", environment={**erlang, **_rabbitmq(folder, ports)})
        )
        await listening(ports["amqp"], PATIENCE)
        program = (HOME / "bin/python", HOME / "bin/jasmind.py", "-c", config)
        paths = {"ROOT_PATH": str(folder), "CONFIG_PATH": str(config.parent), "PYTHONPATH": ""}
        await running.enter_async_context(started(*program, log=folder / "jasmin.log", environment=paths))
        for each in ("http", "jcli"):
            await listening(ports[each], PATIENCE)
        await _configure(ports["jcli"])
        query = urlencode({"username": "bench", "password": "bench", "to": "15550123", "content": TEXT})
        yield Request(f"http://127.0.0.1:{ports['http']}/send?{query}", "", "text/plain", method="GET")


def _rabbitmq(folder: Path, ports: dict[str, int]) -> dict[str, str]:
    place = str(folder / "rabbitmq")
    return {
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_NODE_PORT": str(ports["amqp"]),
        "RABBITMQ_DIST_PORT": str(ports["dist"]),
        "RABBITMQ_MNESIA_BASE": place,
        "RABBITMQ_LOG_BASE": place,
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{place}/plugins",
        "RABBITMQ_CONFIG_FILE": f"{place}/none",
    }


async def _configure(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        await reader.readuntil(b"Session ref: ")  # its first prompt comes with the first answer
        for command, *answers in _ANSWERS:
            writer.write(command.encode() + b"\r\n")
            for answer in answers:
                await reader.readuntil(b"> ")
                writer.write(answer.encode() + b"\r\n")
            await reader.readuntil(b"jcli : ")
        writer.write(b"quit\r\n")
    writer.close()
