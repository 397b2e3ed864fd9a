"""What commands use of drivers, dialects, store and daemon, each imported when it is used."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bridge.cli import advice
from bridge.cli.output import for_programs
from bridge.cli.place import SEARCHED, Place, refuse_elsewhere
from bridge.errors import ConfigError

if TYPE_CHECKING:
    from bridge.accounts.credentials import CredentialKind
    from bridge.config.role import Role
    from bridge.config.schema import Config
    from bridge.daemon.run import Running
    from bridge.host.client import Client
    from bridge.ports.driver import Driver
    from bridge.ports.store import Store
    from bridge.ports.virtual import VirtualPhones
    from device_drivers.gsm_modem.naming import Named

T = TypeVar("T")
#: seconds until a bridge has taken a new configuration in
RELOAD = 90.0


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
    from api.dialect.contract import Options
    from bridge.config import loader as config

    if path is None and not any(name.startswith(config.VARIABLE) for name in os.environ):
        path = config.DEFAULT_PATH
        if not path.exists():
            advice = "write one: sms-bridge init. Or try it without hardware: sms-bridge demo"
            raise ConfigError([f"there is no configuration (looked for {SEARCHED}); {advice}"])
    return refuse_elsewhere(config.load(path, os.environ, drivers(), Options()), path)


@asynccontextmanager
async def door(place: Place, account: str = "", running: bool = False) -> AsyncIterator["Client"]:
    """Open the native API of a bridge, running or not, with operator rights; for `account` where given.

    `running`: only a bridge that runs will do, as for sending, where what one types has the names of the API. Raises
    NotRunning, StoreUnavailable, NoSuchThing for the account, Declined with the bridge's own sentence.
    """
    from bridge.daemon import door as doors
    from bridge.host.client import Declined

    try:
        async with doors.door(place.config, place.start, account, running=running, name_fields=running) as client:
            yield client
    except Declined as declined:
        await advice.check_account(declined, account, doors.door(place.config, place.start))
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


def reload(place: Place) -> bool:
    """Have the bridge take its configuration in; whether it runs."""
    from bridge.host.control_file import NotRunning

    async def run() -> None:
        async with door(place, running=True) as client:
            await client.post("/v1/reload", patience=RELOAD)

    try:
        finish(run())
    except NotRunning:
        return False
    return True


def read(place: Place, *segments: str, account: str = "", **query: str | int) -> dict[str, Any]:
    """What the native API shows at a path; for `account` where given."""

    async def run() -> Any:
        async with door(place, account) as client:
            return await advice.with_line(client, query, await client.get(path(*segments), query))

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

    at = place.config.store
    store = await open_store(at.address, held=StoreLock(at.path, create=True, command=True), name=at.name)
    try:
        leave_to_owner(at.path)
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


def _has_page(directory: Path) -> bool:
    """Whether the process with its store in a directory shows the page, or will."""
    from bridge.config.role import ROLE_VARIABLE, Role
    from bridge.host import control_file

    with suppress(control_file.NotRunning):
        return control_file.find(directory, "").role != Role.DEVICES
    return os.environ.get(ROLE_VARIABLE) != Role.DEVICES


def running_at(directory: Path) -> str:
    """Where the bridge with its store in a directory answers; "" while none runs."""
    from urllib.parse import urlsplit

    from bridge.host import control_file

    with suppress(control_file.NotRunning):
        url = urlsplit(control_file.find(directory, "").url)
        return f"{url.scheme}://{url.netloc}"
    return ""


def address(place: Place) -> str:
    """Where people reach the page of a bridge, running or not, else this machine; "" where its process has none."""
    from bridge.host import control_file

    http, directory = place.config.http, place.config.directory
    if http.public_url or not _has_page(directory):
        return http.public_url.rstrip("/")
    return running_at(directory) or control_file.address(http.host, http.port, secure=bool(http.certificate))


async def run_bridge(
    config: "Config",
    on_ready: "Callable[[Running], None] | None" = None,
    virtual: "VirtualPhones | None" = None,
    source: "Callable[[], Config] | None" = None,
    role: "Role | None" = None,
) -> None:
    """Run the bridge until cancelled; a demo has `virtual` phones, `source` reads the configuration again.

    `role`: what this process does of it; everything by default. Raises ConfigError or StoreUnavailable when it cannot
    start.
    """
    from api import http_library

    http_library.load()  # before there are threads
    from bridge.config.role import Role
    from bridge.daemon import run as daemon

    await daemon.run(config, on_ready, virtual=virtual, source=source, role=role or Role.ALL)


def reload_on_hangup(running: "Running") -> None:
    """Reload configuration and certificates when SIGHUP is received."""
    import asyncio
    import signal

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, running.reload)


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

    from bridge.host import memory
    from bridge.host.stopping import Stopping

    memory.share_one_heap()
    if not gc.isenabled():  # see `bridge.__main__`; what goes on for long makes garbage
        gc.freeze()  # but what was imported stays, so nothing is looked for in it
        gc.enable()

    async def run() -> bool:
        stopping = Stopping(cast("asyncio.Task[Any]", asyncio.current_task()))  # what runs is in a task
        with suppress(asyncio.CancelledError):
            await coroutine
            return True
        stopping.closed()
        return False

    return asyncio.run(run())
