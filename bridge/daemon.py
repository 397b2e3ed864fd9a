"""The composition root: everything the bridge is made of, put together here and nowhere else.

Each part is closed by the stack in the opposite order: HTTP first, so that nothing more is accepted,
then the devices with what they have in hand, then the ledger, the store last.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bridge import activation, certificate, control
from bridge.alarm import Alarm, arrange
from bridge.certificate import Certificate
from bridge.clockwork import Clockwork
from bridge.errors import BadRequest, ConfigError
from bridge.events import Bus
from bridge.gateway import Gateway
from bridge.ledger import Ledger
from bridge.limits import Limits
from bridge.loopback import Loopback
from bridge.mail import Mailer, Mailing
from bridge.plugs import Plugs
from bridge.policy import SendingRules
from bridge.ports import Driver, Store, SystemClock
from bridge.release import version
from bridge.settings import Config, Dialect
from bridge.store import open_store
from bridge.supervisor import Supervisor
from bridge.systemd import Notifier, Reload, Service
from bridge.tasks import Tasks

if TYPE_CHECKING:
    from api.serving import Serving
    from api.targets import Policy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A bridge that answers."""

    #: by which this machine reaches it
    url: str
    store: Store
    gateway: Gateway
    #: reads again what may have changed on disk; SIGHUP asks for it
    reload: Callable[[], None]


async def run(config: Config, on_ready: Callable[[Running], None] | None = None) -> None:
    """Run the bridge until cancelled. Raises ConfigError or StoreUnavailable when it cannot start, and the error
    of a part that died."""
    from api.targets import Policy, check_target

    clock, bus = SystemClock(), Bus()
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    on_reload: list[Reload] = []

    def end(error: BaseException) -> None:
        """A part that died by a mistake of ours takes the bridge down: whoever supervises it starts it again."""
        if not broken.done():
            broken.set_exception(error)

    async with AsyncExitStack() as stack:
        store = await open_store(config.store.url, bus, exclusive=True)
        stack.push_async_callback(store.close)
        if unknown := await store.recover(clock.now()):
            log.warning("%d parts were in a device's hands when the bridge stopped: their outcome is unknown", unknown)

        targets = Policy(frozenset(host.lower() for host in config.webhooks.allow_http))
        ledger = Ledger(store, bus, clock, await _poster(stack, config, targets, store, clock), end)
        await ledger.start()
        stack.push_async_callback(ledger.close)

        rules = SendingRules(config.sending.retries, round(config.sending.retry_interval * 1000))
        devices = tuple(config.devices.values())
        supervisor = Supervisor(store, bus, clock, _drivers(config), devices, rules, end)
        gateway = Gateway(
            store,
            bus,
            lines=supervisor.lines,
            clock=clock,
            limits=Limits(config.sending.max_parts),
            expire_after=round(config.sending.expire_after * 1000),
            check_url=lambda url: check_target(url, targets),
        )
        gateway.poke = ledger.poke
        gateway.examination = supervisor.examine
        clockwork = Clockwork(
            store,
            bus,
            clock,
            supervisor.wake,
            end,
            partial_after=round(config.inbox.partial_after * 1000),
            keep=config.store.keep_days * 86_400_000,
        )
        await clockwork.start()
        stack.push_async_callback(clockwork.close)
        await supervisor.start()
        stack.push_async_callback(supervisor.close)
        if devices:
            plugs = Plugs(supervisor.retry)
            plugs.start()
            stack.callback(plugs.close)

        serving = await _serving(stack, config, on_reload, end)
        urls = await _serve(stack, serving, gateway, config)
        url = urls[config.http.port]

        token, own = await control.grant(store, clock.now()), await _serve_ourselves(serving, gateway, config)
        steer = urls.get(config.port_of("native"), url) + config.dialects.get("native", Dialect()).prefix
        _leave_word(stack, config, control.Control(steer, token, os.getpid(), own, version()))
        loopback = Loopback(gateway, store, bus, clock, config.loopback, supervisor.pause, end)
        gateway.loop = loopback.send
        await _keep_watch(stack, loopback, Alarm(store, bus, clock, config.alarm, supervisor.lines, loopback, end))
        log.info("ready at %s", url)
        service = Service(Notifier.of(os.environ), store, bus, supervisor.lines, on_reload, end)
        if on_ready is not None:  # before the manager hears of it, who may ask for a reload at once
            on_ready(Running(url, store, gateway, service.reload))
        await service.start()
        stack.push_async_callback(service.close)
        await broken


def _leave_word(stack: AsyncExitStack, config: Config, word: control.Control) -> None:
    """For commands, while we run."""
    control.write(config.directory, word)
    stack.callback(control.remove, config.directory, word.pid)


async def _keep_watch(stack: AsyncExitStack, loopback: Loopback, alarm: Alarm) -> None:
    """Notice when SMS does not go round, and tell of it."""
    await loopback.start()
    stack.push_async_callback(loopback.close)
    await alarm.start()
    stack.push_async_callback(alarm.close)


async def _poster(
    stack: AsyncExitStack, config: Config, targets: "Policy", store: Store, clock: SystemClock
) -> Mailing:
    """What delivers webhooks and alarms. One that may not go out is noticed now, not when it is needed."""
    from api.payloads import formats
    from api.targets import check_url
    from api.webhooks import Webhooks

    try:
        if config.alarm.webhook:
            check_url(config.alarm.webhook, targets)
    except BadRequest as error:
        raise ConfigError([f"alarm.webhook: {error.message}"]) from error
    await arrange(store, config.alarm, clock.now())
    post = Webhooks(targets, formats(_zone(config.webhooks.zone)))
    stack.push_async_callback(post.close)
    return Mailing(Mailer(config.alarm), post)


def _drivers(config: Config) -> Mapping[str, Driver]:
    """The drivers that are configured; others are not even imported."""
    from device_drivers import Drivers

    if not config.devices:
        log.warning("no device is configured, so nothing can be sent; what to add: sms-bridge devices")
    known = Drivers()
    return {name: known[name] for name in {device.driver for device in config.devices.values()}}


def _zone(name: str) -> tzinfo:
    """UTC is known even where the machine has no time zone files."""
    return UTC if name == "UTC" else ZoneInfo(name)


async def _serving(
    stack: AsyncExitStack, config: Config, on_reload: list[Reload], end: Callable[[BaseException], None]
) -> "Serving":
    """What callers reach us by, with the certificate and somebody who sees when it is renewed."""
    from api.serving import Serving

    pair, context = certificate.configured(config.http), None
    if pair is not None:
        tls, tasks = Certificate(pair), Tasks("certificate", end)
        tasks.start(tls.watch(), "renewal")
        stack.push_async_callback(tasks.close)
        on_reload.append(tls.renew)
        context = tls.context
    return await stack.enter_async_context(Serving(config.http, context))


async def _serve(stack: AsyncExitStack, serving: "Serving", gateway: Gateway, config: Config) -> dict[int, str]:
    """Answer on the bridge's port and on each that a dialect has of its own; port → URL by which this machine
    reaches it."""
    from api.app import build_app

    urls, http, passed = {}, config.http, activation.Sockets.of(os.environ)
    stack.callback(passed.close)
    for port, spoken in _spoken(config).items():
        readers = config.metrics.allow if config.metrics.enabled and port == http.port else None
        how = {**spoken, "public_url": http.public_url, "proxies": serving.proxies, "reading": serving.reading}
        app = build_app(gateway, **how, readers=readers)
        section = "http" if port == http.port else f"dialects.{min(spoken['dialects'])}"
        doors = passed.take(section, port) or await _doors(http.host, port, section)
        path = Path(http.socket) if http.socket and section == "http" else None
        try:
            await serving.listen(app, doors, path)
        except OSError as error:
            raise ConfigError([f"http.socket: cannot listen on {path}: {error.strerror or error}"]) from error
        host, number = doors[0].getsockname()[:2]
        urls[port] = control.address(host, number, secure=serving.tls is not None)
    passed.none_left()
    return urls


async def _serve_ourselves(serving: "Serving", gateway: Gateway, config: Config) -> str:
    """The socket for the command line, with the native API alone; "" where none can be made and it uses the URL."""
    from api.app import build_app

    path = config.directory / control.SOCKET
    try:
        await serving.listen_for_ourselves(build_app(gateway, dialects={"native": ""}), path)
    except OSError as error:
        problem = f"store.url: cannot make {path} for the command line: {error.strerror or error}"
        if serving.tls is not None:
            raise ConfigError([f"{problem}; with TLS it needs one"]) from error
        log.warning("%s; it uses the port", problem)
        return ""
    return str(path.absolute())


def _spoken(config: Config) -> dict[int, dict[str, Any]]:
    """Port → what is spoken there: the dialects of the configuration, and those it does not speak of with their
    defaults. The bridge's own port is there though no dialect may be left for it: health is asked there."""
    from api.dialect import discover

    ports: dict[int, dict[str, Any]] = {config.http.port: {"dialects": {}, "options": {}}}
    for name, kind in discover().items():
        each = config.dialects.get(name, Dialect())
        if not each.enabled:
            continue
        options = dict(each.options)
        if config.http.legacy_http_200 and name == "smsmobile":
            options.setdefault("legacy_http_200", True)
        spoken = ports.setdefault(config.port_of(name), {"dialects": {}, "options": {}})
        spoken["dialects"][name] = each.prefix or kind.prefix
        spoken["options"][name] = options
    return ports


async def _doors(host: str, port: int, section: str) -> Sequence[socket.socket]:
    """Sockets that listen, though nobody answers there yet. `section` of the configuration has the port."""
    from api.listening import bound

    try:
        return await bound(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"port {port} of {host} is in use by another program: choose another in [{section}] port"
        else:
            problem = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise ConfigError([f"{section}: {problem}"]) from error
