"""The one place where the command line touches the rest of the product: drivers, dialects, store, daemon, network."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bridge.cli.output import for_programs, unix
from bridge.cli.place import Place
from bridge.errors import BadRequest, BridgeError, NoSuchThing, StoreUnavailable

if TYPE_CHECKING:
    from bridge.accounts.credentials import CredentialKind
    from bridge.config.schema import Config
    from bridge.daemon.run import Running
    from bridge.doctor import Surroundings
    from bridge.host.client import Client
    from bridge.model.scope import Key
    from bridge.model.webhook import Endpoint
    from bridge.ports.driver import Device, Driver
    from bridge.ports.store import Store
    from device_drivers.gsm_modem.naming import Named
    from device_drivers.virtual.world import World

T = TypeVar("T")
#: where phones of a network on its own answer adb, so that a configuration can name them
PHONE_PORT = 15_555


def credential_kinds() -> "Mapping[str, CredentialKind]":
    """Every kind of credential by name, those of dialects too."""
    import api.dialects  # noqa: F401 - makes them known
    from bridge.accounts.credentials import KINDS

    return KINDS


def payload_formats() -> list[str]:
    """The names of the webhooks' payload formats, those of dialects too."""
    import api.dialects  # noqa: F401 - makes them known
    from bridge.model.payload_format import FORMATS

    return list(FORMATS)


def drivers() -> "Mapping[str, Driver]":
    """Every driver by name, imported when looked up."""
    from device_drivers import Drivers

    return Drivers()


def configuration(path: Path | None) -> "Config":
    """The whole configuration, devices included. Raises ConfigError."""
    from api.dialect.contract import discover
    from bridge.config import loader as config

    dialects = {name: kind.options for name, kind in discover().items()}
    return config.load(path or config.DEFAULT_PATH, os.environ, drivers(), dialects)


@asynccontextmanager
async def door(place: Place, account: str = "", running: bool = False) -> AsyncIterator["Client"]:
    """The native API of a bridge, running or not, with operator rights; for `account` where one is named.

    `running`: only a bridge that runs will do, as for sending, where what one types has the names of the API. Raises
    NotRunning, StoreUnavailable, NoSuchThing for the account, Declined with the bridge's own sentence.
    """
    from bridge.daemon import door as doors
    from bridge.host.client import ACCOUNT_HEADER, Declined

    try:
        async with doors.door(place.config, place.start, account, running=running, name_fields=running) as client:
            yield client
    except Declined as declined:
        if account and ACCOUNT_HEADER in declined.message:
            raise NoSuchThing(f"there is no account {account!r}") from declined
        raise


def path(*segments: str) -> str:
    """A path of the native API. Raises BadRequest for a segment that is empty."""
    from bridge.host import client

    return client.path(*segments)


def ask(place: Place, method: str, *segments: str, body: Mapping[str, Any] | None = None, account: str = "") -> Any:
    """What a bridge answers to one call of its native API; for `account` where one is named."""

    async def run() -> Any:
        async with door(place, account) as client:
            return await client.call(method, path(*segments), body)

    return finish(run())


def listed(place: Place, *segments: str, account: str = "", **query: str | int) -> list[dict[str, Any]]:
    """The rows of a list of the native API, as the command line shows them."""

    async def run() -> Any:
        async with door(place, account) as client:
            return await client.get(path(*segments), query)

    (rows,) = (value for value in finish(run()).values() if isinstance(value, list))
    return [for_programs(row) for row in rows]


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator["Store"]:
    """The store of a bridge that does not run. Raises StoreUnavailable."""
    from bridge.store import open_store
    from bridge.store.lock import StoreLock

    store = await open_store(place.config.store.url, held=StoreLock(place.config.store.path, create=True, command=True))
    try:
        leave_to_owner(place.config.store.path)
        yield store
    finally:
        await store.close()


def leave_to_owner(database: Path) -> None:
    """Let the service have what root made in its directory."""
    from bridge.store import ownership

    ownership.leave_to_owner(database)


async def try_alarms(config: "Config") -> AsyncIterator[tuple[str, str]]:
    """Send a trial alarm by every channel there is; each channel, and what went wrong with it, "" when nothing did."""
    from urllib.parse import urlsplit
    from uuid import uuid4

    from api.webhooks.poster import Webhooks
    from api.webhooks.url_policy import Policy
    from bridge.model.webhook import Delivery, DeliveryState
    from bridge.monitoring import alarm_text
    from bridge.monitoring.alarm import channels
    from bridge.monitoring.mail import Mailer, Mailing
    from bridge.ports.clock import SystemClock

    now = SystemClock().now()
    event = replace(alarm_text.trial(now), id=str(uuid4()))
    post = Webhooks(Policy(frozenset(host.lower() for host in config.webhooks.allow_http)))
    mailing = Mailing(Mailer(config.alarm), post)
    try:
        for endpoint in channels(config.alarm, now):
            delivery = Delivery(
                str(uuid4()), 0, endpoint.id, endpoint.account, event.id, event.name, DeliveryState.OWED, 0, now, now
            )
            answer = await mailing(endpoint, delivery, event, now)
            parts = urlsplit(endpoint.url)  # the rest of it may be a secret
            mail = parts.scheme == "mailto"
            channel = f"mail to {parts.path} by {config.alarm.smtp_host}" if mail else f"webhook at {parts.hostname}"
            yield channel, answer.error
    finally:
        await post.close()


def surroundings(place: Place, unit: str = "") -> "Surroundings":
    """What the doctor needs of the rest of the product; `unit` of systemd is this bridge's."""
    from api.webhooks.url_policy import check_target
    from bridge.daemon.core import webhook_policy
    from bridge.doctor import Surroundings
    from bridge.ports.clock import SystemClock

    policy = webhook_policy(place.config)
    return Surroundings(
        place.start,
        SystemClock(),
        lambda url: check_target(url, policy),
        lambda: _endpoints(place),
        lambda device: _remembering(place, device),
        lambda: _keys(place),
        unit,
    )


async def _endpoints(place: Place) -> Sequence["Endpoint"]:
    """Those to which webhooks go; mail has a command of its own: sms-bridge alarm test."""
    from bridge.doctor.http import endpoints

    async with door(place) as client:
        found = endpoints(await client.get("/v1/webhooks"))
    return [each for each in found if not each.url.startswith("mailto:")]


async def _keys(place: Place) -> Sequence["Key"]:
    """None where there is no store that could be asked, which is told of the store itself."""
    from bridge.model.scope import Key, read

    if not place.config.store.path.exists():
        return []
    try:
        async with door(place) as client:
            rows = (await client.get("/v1/keys", {"all": "true"}))["keys"]
    except BridgeError:
        return []
    return [
        Key(row["account"], row["name"], row["kind"], row["hint"], read(" ".join(row["scopes"])), *_ages(row))
        for row in rows
    ]


def _ages(row: Mapping[str, Any]) -> Iterator[int]:
    return (unix(row[name]) for name in ("created_at", "expires_at", "used_at"))


async def _remembering(place: Place, device: "Device") -> "Device":
    """With what its driver put into the store; one that is not there yet is not made for this.

    Raises NotRunning: what a bridge remembers that has the store and cannot be asked must not be tried again.
    """
    from bridge.devices.memory import BorrowedMemory

    async def keep(key: str, value: str) -> None:
        async with door(place) as client:
            await client.call("PUT", path("devices", device.name, "memory", key), {"value": value})

    if not place.config.store.path.exists():
        return device
    try:
        async with door(place) as client:
            values = (await client.get(path("devices", device.name, "memory")))["memory"]
    except StoreUnavailable:
        return device  # which is told of the store itself
    return replace(device, memory=BorrowedMemory(values, keep))


async def run_bridge(config: "Config", on_ready: "Callable[[Running], None] | None" = None) -> None:
    """Run the bridge until cancelled. Raises ConfigError or StoreUnavailable when it cannot start."""
    from bridge.daemon import run as daemon

    await daemon.run(config, on_ready)


def reload_on_hangup(running: "Running") -> None:
    """SIGHUP makes a bridge read again what may have changed on disk."""
    import asyncio
    import signal

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, running.reload)


@asynccontextmanager
async def stage(directory: Path) -> AsyncGenerator[tuple["World", dict[str, "Device"], str], None]:
    """A virtual network with a modem line and, where there is an adb, a phone line: what they are as devices, and why
    there is no phone line."""
    from bridge.ports.driver import Device
    from device_drivers.virtual.phone.server import AdbServer, NoServer
    from device_drivers.virtual.world import World

    async with World(directory, phones=1) as world, AsyncExitStack() as stack:
        devices = {"modem0": Device("modem0", "gsm_modem", {"port": world.modems[0].port})}
        missing = ""
        server = AdbServer(directory / "adb")
        stack.push_async_callback(server.close)
        try:
            await server.start()
            address = world.phones[0].address
            await server.connect(address)
            number = world.phones[0].number
            options = {
                "serial": address, "adb_port": server.port, "numbers": [number], "poll_interval": 1.0, "settle": 0.5,
            }  # fmt: skip
            devices["phone0"] = Device("phone0", "android_adb", options)
        except (NoServer, OSError) as error:
            missing = str(error)
        yield world, devices, missing


@asynccontextmanager
async def network(
    directory: Path, modems: int, phones: int, make: str, modem_make: str
) -> AsyncGenerator["World", None]:
    """A virtual network on which every number has a phone. Raises BadRequest for a make that is not known,
    OSError when the directory will not do."""
    from device_drivers.virtual.modem.profile import PROFILES as MODEMS
    from device_drivers.virtual.phone.profile import PROFILES
    from device_drivers.virtual.world import World

    if make not in PROFILES:
        raise BadRequest(f"no phone is called {make}; there are {', '.join(PROFILES)}")
    if modem_make not in MODEMS:
        raise BadRequest(f"no modem is called {modem_make}; there are {', '.join(MODEMS)}")
    sticks, makes = [MODEMS[modem_make]] * modems, [PROFILES[make]] * phones
    async with World(directory, modems=sticks, phones=makes, first_port=PHONE_PORT) as world:
        world.network.rules.everybody = True
        yield world


async def steer(socket: Path, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Ask a running virtual network; its answers. Raises BridgeError with one sentence."""
    from device_drivers.virtual.control import NotDone, follow

    try:
        async for answer in follow(socket, request):
            yield answer
    except NotDone as reason:
        raise BridgeError(f"the virtual network says: {reason}") from reason
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise BridgeError(f"no demo runs with its data in {socket.parent}; start it with: sms-bridge demo") from error


def named(name: str, port: str) -> "Named":
    """The udev rule that names a port. Raises BadRequest."""
    from device_drivers.gsm_modem import naming

    return naming.name(name, port)


def not_modems() -> list[str]:
    """What is plugged in that is no modem (yet), and what makes one of it."""
    from device_drivers.gsm_modem import seeking

    return seeking.not_modems()


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    import asyncio

    return asyncio.run(coroutine)


def until_stopped(coroutine: Coroutine[Any, Any, None]) -> bool:
    """Run until it ends by itself (True), or by Ctrl-C or SIGTERM, which are the ordinary ways to stop (False)."""
    import asyncio
    import gc

    from bridge.host.stopping import Stopping

    gc.enable()  # what goes on for long makes garbage: see `bridge.__main__`

    async def run() -> bool:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type: a coroutine that runs is in a task
        stopping = Stopping(task)
        with suppress(asyncio.CancelledError):
            await coroutine
            return True
        stopping.closed()
        return False

    return asyncio.run(run())
