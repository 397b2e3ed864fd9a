"""The composition root: builds the bridge, here and in `bridge.daemon.http` only.

Read it from top to bottom: `run` names the parts in the order in which they start. Each is closed by the stack in the
opposite order: first nothing more is sent, then what watches ends, then HTTP, so that nothing more is accepted, then
the devices with what they have in hand, then the ledger, the store last.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.bus import Bus
from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.daemon.core import build_gateway, build_submissions, make_operator, opt_out_of, webhook_policy
from bridge.daemon.http import Front, open_front
from bridge.devices.hotplug import Plugs
from bridge.devices.supervisor import Supervisor
from bridge.errors import BadRequest, ConfigError, StoreUnavailable
from bridge.gateway.batch_runner import BatchRunner
from bridge.gateway.gateway import Devices, Gateway
from bridge.gateway.submissions import Submissions
from bridge.host import control_file
from bridge.host.notify import Notifier, Service
from bridge.messages.outcomes import SendingRules
from bridge.monitoring.alarm import Alarm, arrange
from bridge.monitoring.loopback import Loopback
from bridge.monitoring.mail import Mailer, Mailing
from bridge.ports.clock import Clock, SteadyClock, SystemClock
from bridge.ports.driver import Driver
from bridge.ports.store import Store
from bridge.scheduler import Scheduler
from bridge.store import open_store
from bridge.timekeeping import Timekeeper
from bridge.version import version
from bridge.webhooks.deliverer import Ledger
from bridge.zones import zone

if TYPE_CHECKING:
    from api.webhooks.url_policy import Policy

log = logging.getLogger(__name__)

#: that the service manager may wait for the next word of an upgrade
UPGRADE_PATIENCE = 300.0  # s


@dataclass(frozen=True, slots=True)
class Running:
    """A running bridge."""

    #: by which this machine reaches it
    url: str
    store: Store
    gateway: Gateway
    #: reads again what may have changed on disk; SIGHUP asks for it
    reload: Callable[[], None]
    #: the one-time link by which a visitor becomes the first owner; "" when there are users
    welcome: str


@dataclass(frozen=True, slots=True)
class Common:
    """What every part of the bridge is given."""

    config: Config
    #: closes each part
    stack: AsyncExitStack
    store: Store
    bus: Bus
    clock: SteadyClock
    timekeeper: Timekeeper
    #: is called when a part dies by a programming error
    end: Callable[[BaseException], None]


async def run(config: Config, on_ready: Callable[[Running], None] | None = None, machine: Clock | None = None) -> None:
    """Run the bridge until cancelled. Raises ConfigError or StoreUnavailable when it cannot start, or the error of a
    part that died.
    """
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(error: BaseException) -> None:
        """End the bridge because a part died of a bug; the service manager restarts it."""
        if not broken.done():
            broken.set_exception(error)

    async with AsyncExitStack() as stack:
        bus, clock = Bus(), SteadyClock(machine or SystemClock())
        store = await _store(stack, config, bus)
        timekeeper = await _timekeeper(stack, store, bus, clock, end)
        await _settle_what_was_left(store, clock)
        common = Common(config, stack, store, bus, clock, timekeeper, end)
        policy = webhook_policy(config)
        post = await _poster(common, policy)
        ledger = await _ledger(common, post)
        supervisor = _supervisor(common)
        submissions = build_submissions(config, common.store, bus, clock, supervisor.lines)
        loopback = _loopback(common, supervisor, submissions)
        alarm = Alarm(store, bus, clock, config.alarm, supervisor.lines, loopback, end)
        devices = Devices(
            supervisor.lines,
            supervisor.examine,
            loopback.send,
            supervisor.call_back,
            alarm.ongoing,
            supervisor.fetch,
        )
        gateway = build_gateway(config, common.store, bus, clock, submissions, devices, ledger.poke, post)
        await _start_sending(common, supervisor)
        runner = BatchRunner(gateway.batches, end)
        await runner.start()
        stack.push_async_callback(runner.close)
        front = await open_front(stack, config, gateway, end)
        _leave_word(common, gateway, front)
        await _keep_watch(common, alarm, loopback)
        if not config.devices:
            log.warning("no device is configured, so nothing can be sent; what to add: sms-bridge devices")
        log.info("ready at %s", front.url)
        await _tell_the_manager(common, supervisor, gateway, front, on_ready)
        # what is on the air ends while callers are still being answered
        stack.callback(supervisor.stop)
        await broken


async def _store(stack: AsyncExitStack, config: Config, bus: Bus) -> Store:
    """Open the store."""
    store = await open_store(config.store.url, bus, exclusive=True, opt_out=opt_out_of(config), tell=_upgrading)
    stack.push_async_callback(store.close)
    return store


def _upgrading(words: str) -> None:
    """Say how far an upgrade is, to the service manager, too, which waits for the bridge to be ready."""
    log.info("%s", words)
    Notifier.of(os.environ).tell(f"STATUS={words}", f"EXTEND_TIMEOUT_USEC={round(UPGRADE_PATIENCE * 1e6)}")


async def _timekeeper(
    stack: AsyncExitStack, store: Store, bus: Bus, clock: SteadyClock, end: Callable[[BaseException], None]
) -> Timekeeper:
    """Start adjusting stored times to changes of the machine's clock."""
    # an empty batch of news makes everybody look again at what they wait for
    timekeeper = Timekeeper(store, clock, lambda: bus.publish(()), end)
    await timekeeper.begin()
    await timekeeper.start()
    stack.push_async_callback(timekeeper.close)
    return timekeeper


async def _settle_what_was_left(store: Store, clock: SteadyClock) -> None:
    """Settle messages that were in hand when the last run ended, e.g. by a crash."""
    await make_operator(store, clock.now())
    if unknown := await store.recover(clock.now()):
        log.warning("%d parts were in a device's hands when the bridge stopped: their outcome is unknown", unknown)


async def _ledger(common: Common, post: Mailing) -> Ledger:
    """Start delivering webhooks."""
    ledger = Ledger(common.store, common.bus, common.clock, post, common.end)
    await ledger.start()
    common.stack.push_async_callback(ledger.close)
    return ledger


async def _poster(common: Common, policy: "Policy") -> Mailing:
    """Build what posts webhooks and mails alarms; reports an address that policy forbids at start."""
    from api.webhooks.payloads import formats
    from api.webhooks.poster import Webhooks
    from api.webhooks.url_policy import check_url

    config = common.config
    try:
        if config.alarm.webhook:
            check_url(config.alarm.webhook, policy)
    except BadRequest as error:
        raise ConfigError([f"alarm.webhook: {error.message}"]) from error
    await arrange(common.store, config.alarm, common.clock.now())
    post = Webhooks(policy, formats(zone(config.webhooks.zone)))
    common.stack.push_async_callback(post.close)
    return Mailing(Mailer(config.alarm), post)


def _supervisor(common: Common) -> Supervisor:
    """Build the supervisor of the devices; not started yet."""
    config = common.config
    rules = SendingRules(config.sending.retries, round(config.sending.retry_interval * 1000))
    devices = tuple(config.devices.values())
    return Supervisor(common.store, common.bus, common.clock, _drivers(config), devices, rules, common.end)


def _drivers(config: Config) -> Mapping[str, Driver]:
    """The configured drivers; no other is imported."""
    from device_drivers import Drivers

    known = Drivers()
    return {name: known[name] for name in {device.driver for device in config.devices.values()}}


def _loopback(common: Common, supervisor: Supervisor, submissions: Submissions) -> Loopback:
    """Build the loop-back tests; not started yet."""
    settings = common.config.loopback
    return Loopback(
        submissions, common.store, common.bus, common.clock, settings, supervisor.lines, supervisor.pause, common.end
    )


async def _start_sending(common: Common, supervisor: Supervisor) -> None:
    """Start receiving and sending."""
    config, stack = common.config, common.stack
    scheduler = Scheduler(
        common.store,
        common.bus,
        common.clock,
        common.end,
        partial_after_ms=round(config.inbox.partial_after * 1000),
        keep_ms=config.store.keep_days * 86_400_000,
        may_forget=common.timekeeper.is_trusted,
    )
    await scheduler.start()
    stack.push_async_callback(scheduler.close)
    await supervisor.start()
    stack.push_async_callback(supervisor.close)
    if config.devices:
        plugs = Plugs(supervisor.retry)
        plugs.start()
        stack.callback(plugs.close)


def _leave_word(common: Common, gateway: Gateway, front: Front) -> None:
    """Write the control file with the address and token for commands."""
    directory, pid = common.config.directory, os.getpid()
    token = Secret(gateway.admission.grant_to_commands())
    control_file.write(directory, control_file.Control(front.native, token, pid, front.socket, version()))
    common.stack.callback(control_file.remove, directory, pid)


async def _keep_watch(common: Common, alarm: Alarm, loopback: Loopback) -> None:
    """Start alarms and loop-back tests."""
    await loopback.start()
    common.stack.push_async_callback(loopback.close)
    await alarm.start()
    common.stack.push_async_callback(alarm.close)


async def _welcome(gateway: Gateway, url: str) -> str:
    """A link for the first owner, while there is no user."""
    with suppress(StoreUnavailable):  # a full disk is told of elsewhere, and `sms-bridge user link` makes another
        if await gateway.users.are_there_none():
            secret, _ = await gateway.users.first_link()
            return f"{url}/#/welcome/{secret}"
    return ""


async def _tell_the_manager(
    common: Common,
    supervisor: Supervisor,
    gateway: Gateway,
    front: Front,
    on_ready: Callable[[Running], None] | None,
) -> None:
    """Report readiness to the caller and to systemd."""
    notifier = Notifier.of(os.environ)
    service = Service(notifier, common.store, common.bus, supervisor.lines, front.reloads, common.end)
    if on_ready is not None:  # before the manager hears of it, who may ask for a reload at once
        welcome = await _welcome(gateway, common.config.http.public_url or front.url)
        on_ready(Running(front.url, common.store, gateway, service.reload, welcome))
    await service.start()
    common.stack.push_async_callback(service.close)
