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
from functools import partial
from typing import TYPE_CHECKING

from bridge.bus import Bus
from bridge.config.field import Secret
from bridge.config.role import Role
from bridge.config.schema import Config
from bridge.daemon.common import Common, join
from bridge.daemon.core import build_gateway, build_submissions, make_operator, opt_out_of, webhook_policy
from bridge.daemon.http import Front, open_front
from bridge.daemon.reloading import Reloading, Source
from bridge.daemon.waiting import upgrading, with_store
from bridge.dataclass import dataclass
from bridge.devices.hotplug import HotplugWatcher
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
from bridge.monitoring.sampler import Sampler
from bridge.ports.clock import Clock, SteadyClock, SystemClock
from bridge.ports.driver import Driver
from bridge.ports.store import Store, TimeStore
from bridge.ports.virtual import VirtualPhones
from bridge.scheduler import Scheduler
from bridge.store import open_store
from bridge.store.lock import wait_for_lock
from bridge.telemetry import logs
from bridge.timekeeping import Timekeeper
from bridge.version import version
from bridge.webhooks.deliverer import Deliverer
from bridge.webhooks.trial import attempt
from bridge.zones import zone

if TYPE_CHECKING:
    from api.webhooks.url_policy import Policy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A running bridge."""

    #: by which this machine reaches it
    url: str
    store: Store
    gateway: Gateway
    #: reads configuration and certificates again; SIGHUP asks for it
    reload: Callable[[], None]
    #: the one-time link by which a visitor becomes the first owner; "" when there are users, and on a database that
    #: others share, whose links would end each other
    welcome: str
    #: nobody can sign in on the page of this process yet
    is_unowned: bool = False


async def run(
    config: Config,
    on_ready: Callable[[Running], None] | None = None,
    machine: Clock | None = None,
    virtual: VirtualPhones | None = None,
    source: Source | None = None,  # reads the configuration again
    role: Role = Role.ALL,
) -> None:
    """Run until cancelled; a demo has `virtual` phones. Raises ConfigError, StoreUnavailable, a dead part's error."""
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(error: BaseException) -> None:
        """End the bridge because a part died of a bug; the service manager restarts it."""
        if not broken.done():
            broken.set_exception(error)

    async with AsyncExitStack() as stack:
        common = await with_store(stack, config.store, partial(_common, stack, config, source, machine, role, end))
        store, bus, clock, sharing = common.store, common.bus, common.clock, common.sharing
        post = await _poster(common, webhook_policy(config))
        ledger = await _ledger(common, post)
        supervisor = _supervisor(common)
        lines = sharing.of_all(supervisor.lines) if sharing else supervisor.lines  # other bridges', too
        submissions = build_submissions(config, common.store, bus, clock, lines)
        loopback = _loopback(common, supervisor, submissions)
        loopback.everyone = lines
        alarm = Alarm(store, bus, clock, config.alarm, lines, loopback, end, supervisor.sites)
        sampler = Sampler(store, bus, clock, supervisor.lines, end)
        devices = _devices(common, supervisor, loopback, alarm, sampler, virtual)
        trial = partial(attempt, post, clock)
        gateway = build_gateway(common.reloading, store, bus, clock, submissions, devices, ledger.poke, trial)
        await _start_sending(common, supervisor)
        await _start_batches(common, gateway)
        front = await open_front(stack, common.reloading, gateway, end, role)
        _leave_word(common, gateway, front)
        await _keep_watch(common, gateway, alarm, loopback, sampler)
        await _tell_the_manager(common, supervisor, gateway, front, on_ready)
        # what is on the air ends while callers are still being answered
        stack.push_async_callback(supervisor.stop_dialled)
        await broken


async def _common(
    stack: AsyncExitStack,
    config: Config,
    source: Source | None,
    machine: Clock | None,
    role: Role,
    end: Callable[[BaseException], None],
    begun: AsyncExitStack,
) -> Common:
    """Open the store, take the bridge's place there, and bring what the last run left up to now; `begun` closes it."""
    bus = Bus()
    store = await _store(begun, config, bus)
    sharing = await join(begun, config, store, end, role)
    clock = SteadyClock(machine or (sharing.clock if sharing else SystemClock()))
    timekeeper = await _timekeeper(begun, sharing.time(store) if sharing else store, bus, clock, end)
    await _settle_what_was_left(store, clock)
    return Common(config, Reloading(config, source), stack, store, bus, clock, timekeeper, sharing, role, end)


async def _store(stack: AsyncExitStack, config: Config, bus: Bus) -> Store:
    """Open the store."""
    # the lock of a file is beside it; a database has its own, and this one is for the commands of this machine
    held = None if config.store.is_file else await wait_for_lock(config.store.path)
    rules = opt_out_of(config)
    store = await open_store(
        config.store.address, bus, exclusive=True, held=held, opt_out=rules, tell=upgrading, name=config.store.name
    )
    stack.push_async_callback(store.close)
    return store


async def _timekeeper(
    stack: AsyncExitStack, store: TimeStore, bus: Bus, clock: SteadyClock, end: Callable[[BaseException], None]
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


async def _ledger(common: Common, post: Mailing) -> Deliverer:
    """Start delivering webhooks."""
    ledger = Deliverer(common.store, common.bus, common.clock, post, common.end)
    await common.once(ledger.start, ledger.close)
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
    await common.once(lambda: arrange(common.store, config.alarm, common.clock.now()), _nothing)
    post = Webhooks(policy, formats(zone(config.webhooks.zone)))
    common.stack.push_async_callback(post.close)

    async def adopt(changed: Config) -> None:
        post.adopt(webhook_policy(changed), formats(zone(changed.webhooks.zone)))

    common.reloading.on("webhooks", apply=adopt)
    return Mailing(Mailer(config.alarm), post)


async def _nothing() -> None:
    """There is nothing to close."""


def _supervisor(common: Common) -> Supervisor:
    """Build the supervisor of the devices; not started yet."""
    config = common.config
    devices, rules = tuple(config.devices.values()), _rules(config)
    supervisor = Supervisor(common.store, common.bus, common.clock, _drivers(config), devices, rules, common.end)

    async def adopt(changed: Config) -> None:
        supervisor.adopt(_rules(changed))

    common.reloading.on("sending.retries", "sending.retry_interval", apply=adopt)
    return supervisor


def _rules(config: Config) -> SendingRules:
    return SendingRules(config.sending.retries, round(config.sending.retry_interval * 1000))


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
    if not config.devices and common.role is not Role.API:
        log.warning("no device is configured, so nothing can be sent; what to add: sms-bridge devices")
    scheduler = Scheduler(
        common.store,
        common.bus,
        common.clock,
        common.end,
        **_periods(config),
        may_forget=common.timekeeper.is_trusted,
    )

    async def adopt(changed: Config) -> None:
        scheduler.adopt(**_periods(changed))

    common.reloading.on("inbox.partial_after", "store.keep_days", apply=adopt)
    await scheduler.start()
    stack.push_async_callback(scheduler.close)
    await common.once(scheduler.take_up, scheduler.lay_down)
    await supervisor.start()
    stack.push_async_callback(supervisor.close)
    _follow_devices(common, supervisor)


def _periods(config: Config) -> dict[str, int]:
    return {
        "partial_after_ms": round(config.inbox.partial_after * 1000),
        "keep_ms": config.store.keep_days * 86_400_000,
    }


def _follow_devices(common: Common, supervisor: Supervisor) -> None:
    """Notice devices that are plugged in, and those that come into the configuration or leave it."""
    plugs: list[HotplugWatcher] = []

    def watch(config: Config) -> None:
        if config.devices and not plugs:
            plugs.append(HotplugWatcher(supervisor.retry))
            plugs[0].start()
            common.stack.callback(plugs[0].close)

    async def adopt(changed: Config) -> None:
        watch(changed)
        change = partial(supervisor.change, _drivers(changed))
        await (sharing.change(changed.devices, change) if sharing else change(tuple(changed.devices.values())))

    async def give_up() -> None:
        await adopt(common.reloading.config)

    watch(common.config)
    common.reloading.on("devices", apply=adopt)
    if (sharing := common.sharing) is not None:
        sharing.give_up = give_up


def _devices(
    common: Common,
    supervisor: Supervisor,
    loopback: Loopback,
    alarm: Alarm,
    sampler: Sampler,
    virtual: VirtualPhones | None,
) -> Devices:
    """What callers may ask of the devices."""
    devices = Devices(
        supervisor.lines,
        supervisor.examine,
        loopback.send,
        supervisor.call_back,
        supervisor.dialled,
        alarm.ongoing,
        supervisor.fetch,
        virtual,
        sampler.recent,
        supervisor.sites,
    )
    return common.sharing.beside(devices) if common.sharing else devices


async def _start_batches(common: Common, gateway: Gateway) -> None:
    """Start sending files."""
    runner = BatchRunner(gateway.batches, common.end)
    await common.once(runner.start, runner.close)


def _leave_word(common: Common, gateway: Gateway, front: Front) -> None:
    """Write the control file with the address and token for commands."""
    directory, pid = common.config.directory, os.getpid()
    token = Secret(gateway.authenticator.grant_to_commands())
    role = "" if common.role is Role.ALL else common.role
    control_file.write(directory, control_file.Control(front.native, token, pid, front.socket, version(), role))
    common.stack.callback(control_file.remove, directory, pid)


async def _keep_watch(common: Common, gateway: Gateway, alarm: Alarm, loopback: Loopback, sampler: Sampler) -> None:
    """Start alarms, loop-back tests and what remembers how the lines were, and see to the other bridges."""
    # these ask the store while they start: what ends them then closes what they have begun
    common.stack.push_async_callback(loopback.close)
    await loopback.start()
    await common.once(alarm.start, alarm.close)
    await sampler.start()
    common.stack.push_async_callback(sampler.close)
    if (sharing := common.sharing) is not None:
        sharing.heed = (gateway.batches.woken.set, alarm.follow)
        sharing.hear(common.bus)
        common.stack.push_async_callback(sharing.close)
        await sharing.start()


async def _welcome(common: Common, gateway: Gateway, url: str) -> tuple[str, bool]:
    """A link for the first owner, while there is no user; and whether that is so where this process has the page."""
    if common.role is Role.DEVICES:
        return "", False
    with suppress(StoreUnavailable):  # a full disk is told of elsewhere, and `sms-bridge user link` makes another
        if await gateway.users.are_there_none():
            if common.sharing is not None:
                return "", True
            secret, _ = await gateway.users.first_link()
            return f"{url}/#/welcome/{secret}", True
    return "", False


async def _tell_the_manager(
    common: Common,
    supervisor: Supervisor,
    gateway: Gateway,
    front: Front,
    on_ready: Callable[[Running], None] | None,
) -> None:
    """Report readiness in the log, to the caller and to systemd."""
    log.info("ready at %s", front.url)
    notifier = Notifier.of(os.environ)
    for read in front.reloads:
        common.reloading.on_every(read)
    common.reloading.on("log.level", apply=_set_level)
    again = [common.reloading.hang_up]
    service = Service(notifier, common.store, common.bus, supervisor.lines, again, common.end)
    if on_ready is not None:  # before the manager hears of it, who may ask for a reload at once
        url = common.config.http.public_url or front.url
        welcome, is_unowned = await _welcome(common, gateway, url)
        on_ready(Running(front.url, common.store, gateway, service.reload, welcome, is_unowned))
    await service.start()
    common.stack.push_async_callback(service.close)


async def _set_level(config: Config) -> None:
    logs.set_level(config.log.level)
