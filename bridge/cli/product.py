"""The only module of the command line that imports drivers, dialects, store, daemon and network."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bridge.cli.output import for_programs, unix
from bridge.cli.place import SEARCHED, Place
from bridge.errors import BadRequest, BridgeError, ConfigError, NoSuchThing, StoreUnavailable

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
    """All credential kinds by name, including those of dialects."""
    import api.dialects  # noqa: F401 - makes them known
    from bridge.accounts.credentials import KINDS

    return KINDS


def payload_formats() -> list[str]:
    """The names of all webhook payload formats, including those of dialects."""
    import api.dialects  # noqa: F401 - makes them known
    from bridge.model.payload_format import FORMATS

    return list(FORMATS)


def drivers() -> "Mapping[str, Driver]":
    """All drivers by name, each imported when looked up."""
    from device_drivers import Drivers

    return Drivers()


def configuration(path: Path | None) -> "Config":
    """Load the whole configuration, devices included; without a file, from the environment. Raises ConfigError."""
    from api.dialect.contract import discover
    from bridge.config import loader as config

    dialects = {name: kind.options for name, kind in discover().items()}
    if path is None and not any(name.startswith(config.VARIABLE) for name in os.environ):
        path = config.DEFAULT_PATH
        if not path.exists():
            advice = "write one: sms-bridge init. Or try it without hardware: sms-bridge demo"
            raise ConfigError([f"there is no configuration (looked for {SEARCHED}); {advice}"])
    return config.load(path, os.environ, drivers(), dialects)


@asynccontextmanager
async def door(place: Place, account: str = "", running: bool = False) -> AsyncIterator["Client"]:
    """Open the native API of a bridge, running or not, with operator rights; for `account` where given.

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
    """Build a path of the native API. Raises BadRequest for an empty segment."""
    from bridge.host import client

    return client.path(*segments)


def ask(place: Place, method: str, *segments: str, body: Mapping[str, Any] | None = None, account: str = "") -> Any:
    """Make one call of the native API; for `account` where given."""

    async def run() -> Any:
        async with door(place, account) as client:
            return await client.call(method, path(*segments), body)

    return finish(run())


def read(place: Place, *segments: str, account: str = "", **query: str | int) -> dict[str, Any]:
    """What the native API shows at a path; for `account` where given."""

    async def run() -> Any:
        async with door(place, account) as client:
            return await client.get(path(*segments), query)

    found: dict[str, Any] = finish(run())
    return found


def listed(place: Place, *segments: str, account: str = "", **query: str | int) -> list[dict[str, Any]]:
    """The rows of a list of the native API, formatted for the command line."""
    (rows,) = (value for value in read(place, *segments, account=account, **query).values() if isinstance(value, list))
    return [for_programs(row) for row in rows]


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator["Store"]:
    """Open the store of a stopped bridge. Raises StoreUnavailable."""
    from bridge.store import open_store
    from bridge.store.lock import StoreLock

    store = await open_store(place.config.store.url, held=StoreLock(place.config.store.path, create=True, command=True))
    try:
        leave_to_owner(place.config.store.path)
        yield store
    finally:
        await store.close()


def leave_to_owner(database: Path) -> None:
    """Give files that root created in the service's directory to the service's user."""
    from bridge.store import ownership

    ownership.leave_to_owner(database)


async def try_alarms(config: "Config") -> AsyncIterator[tuple[str, str]]:
    """Send a test alarm by every channel; yields each channel with its error, "" when it worked."""
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
    """What the doctor needs from the rest of the product; `unit` is this bridge's systemd unit."""
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
    """The HTTP endpoints of webhooks; mail is tested by `sms-bridge alarm test`."""
    from bridge.doctor.http import endpoints

    async with door(place) as client:
        found = endpoints(await client.get("/v1/webhooks"))
    return [each for each in found if not each.url.startswith("mailto:")]


async def _keys(place: Place) -> Sequence["Key"]:
    """The keys in the store; empty when the store cannot be read, which has its own finding."""
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
    """The device with the memory of its driver from the store; a missing store is not created.

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
        return device  # which has its own finding
    return replace(device, memory=BorrowedMemory(values, keep))


def address(place: Place) -> str:
    """Where this machine reaches the page of a bridge, running or not."""
    from urllib.parse import urlsplit

    from bridge.host import control_file

    with suppress(control_file.NotRunning):
        url = urlsplit(control_file.find(place.config.directory, place.start).url)
        return f"{url.scheme}://{url.netloc}"
    http = place.config.http
    return control_file.address(http.host, http.port, secure=bool(http.certificate))


async def run_bridge(config: "Config", on_ready: "Callable[[Running], None] | None" = None) -> None:
    """Run the bridge until cancelled. Raises ConfigError or StoreUnavailable when it cannot start."""
    from bridge.daemon import run as daemon

    await daemon.run(config, on_ready)


def reload_on_hangup(running: "Running") -> None:
    """Reload files that may have changed when SIGHUP is received."""
    import asyncio
    import signal

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, running.reload)


@asynccontextmanager
async def stage(directory: Path) -> AsyncGenerator[tuple["World", dict[str, "Device"], str], None]:
    """Run a virtual network with a modem, a WhatsApp number and, where adb exists, a phone; yields it with the devices
    and why a phone is missing.
    """
    from bridge.ports.driver import Device
    from device_drivers.virtual.phone.server import AdbServer, NoServer
    from device_drivers.virtual.world import World

    async with World(directory, phones=1, whatsapps=1) as world, AsyncExitStack() as stack:
        devices = {
            "modem0": Device("modem0", "gsm_modem", {"port": world.modems[0].port}),
            "whatsapp0": Device("whatsapp0", "whatsapp_cloud", world.whatsapps[0].options),
        }
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
    directory: Path,
    modems: int,
    phones: int,
    make: str,
    modem_make: str,
    whatsapps: int = 0,
    providers: Sequence[str] = (),
) -> AsyncGenerator["World", None]:
    """Run a virtual network in which every number has a phone. Raises BadRequest for an unknown make, OSError for an
    unusable directory.
    """
    from device_drivers.virtual.modem.profile import PROFILES as MODEMS
    from device_drivers.virtual.phone.profile import PROFILES
    from device_drivers.virtual.world import World

    if make not in PROFILES:
        raise BadRequest(f"no phone is called {make}; there are {', '.join(PROFILES)}")
    if modem_make not in MODEMS:
        raise BadRequest(f"no modem is called {modem_make}; there are {', '.join(MODEMS)}")
    sticks, makes = [MODEMS[modem_make]] * modems, [PROFILES[make]] * phones
    carriers: dict[str, Any] = {"whatsapps": whatsapps, "providers": providers}
    async with World(directory, modems=sticks, phones=makes, **carriers, first_port=PHONE_PORT) as world:
        world.network.rules.everybody = True
        yield world


async def steer(socket: Path, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Send a request to a running virtual network and yield its answers. Raises BridgeError."""
    from device_drivers.virtual.control import NotDone, follow

    try:
        async for answer in follow(socket, request):
            yield answer
    except NotDone as reason:
        raise BridgeError(f"the virtual network says: {reason}") from reason
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise BridgeError(f"no demo runs with its data in {socket.parent}; start it with: sms-bridge demo") from error


def named(name: str, port: str) -> "Named":
    """Make the udev rule that gives a port a stable name. Raises BadRequest."""
    from device_drivers.gsm_modem import naming

    return naming.name(name, port)


def not_modems() -> list[str]:
    """Plugged-in USB devices that are not in modem mode yet, and how to switch them."""
    from device_drivers.gsm_modem import seeking

    return seeking.not_modems()


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to completion."""
    import asyncio

    return asyncio.run(coroutine)


def until_stopped(coroutine: Coroutine[Any, Any, None]) -> bool:
    """Run until the coroutine ends (True) or until Ctrl-C or SIGTERM (False)."""
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
