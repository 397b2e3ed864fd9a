"""Builds the gateway over a store from the configuration; used with and without devices."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import api.dialects  # noqa: F401 - makes known what they need of the core: credentials, payload formats
from bridge.accounts.credentials import OPERATOR
from bridge.bus import Bus
from bridge.config.schema import Config
from bridge.daemon.reloading import Reloading
from bridge.errors import NoSuchThing, NotPossible
from bridge.gateway.gateway import Devices, Gateway, Outlets
from bridge.gateway.submissions import Submissions
from bridge.messages.opt_out import OptOut
from bridge.messages.validation import Limits
from bridge.model.account import Account
from bridge.model.line import Line
from bridge.model.webhook import Endpoint, Trial
from bridge.monitoring.letters import Letters
from bridge.monitoring.mail import Mailer
from bridge.ports.clock import Clock
from bridge.ports.store import AccountStore, Store, SubmissionStore

if TYPE_CHECKING:
    from api.webhooks.url_policy import Policy


async def make_operator(store: AccountStore, now: int) -> None:
    """Create the command line's account on first start."""
    try:
        await store.account(OPERATOR)
    except NoSuchThing:
        with suppress(NotPossible):  # another bridge of the database was quicker
            await store.add_account(Account(OPERATOR, now, operator=True), [])


def opt_out_of(config: Config) -> OptOut:
    """What counts as STOP and START."""
    said = config.opt_out
    return OptOut(
        said.scope, said.languages, said.stop_words, said.start_words, said.answer.strip(), said.start_answer.strip()
    )


def webhook_policy(config: Config) -> "Policy":
    """Which addresses webhooks and alarms may be sent to."""
    from api.webhooks.url_policy import Policy

    return Policy(frozenset(host.lower() for host in config.webhooks.allow_http))


def build_submissions(
    config: Config, store: SubmissionStore, bus: Bus, clock: Clock, lines: Callable[[], Sequence[Line]] = tuple
) -> Submissions:
    """Build what accepts messages, from callers and the bridge; without `lines`, a message cannot name one."""
    return Submissions(store, bus.metrics, clock, lines, *acceptance(config))


def acceptance(config: Config) -> tuple[Limits, int]:
    """The limits of messages, and the lifetime (ms) of those that name none."""
    limits = Limits(config.sending.max_parts, emergency=config.sending.allow_emergency)
    return limits, round(config.sending.expire_after * 1000)


def build_gateway(
    reloading: Reloading,
    store: Store,
    bus: Bus,
    clock: Clock,
    submissions: Submissions,
    devices: Devices | None = None,
    poke: Callable[[str | None], None] = lambda endpoint: None,
    trial: Callable[[Endpoint], Awaitable[Trial]] | None = None,
) -> Gateway:
    """Build the gateway. `poke` is called when deliveries of an endpoint may have changed; `trial` tries one."""
    config = reloading.config

    async def check_url(url: str) -> None:
        from api.webhooks.url_policy import check_target

        await check_target(url, webhook_policy(reloading.config))

    gateway = Gateway(
        store,
        bus,
        submissions,
        devices,
        clock=clock,
        on_unknown=config.sending.on_unknown,
        outlets=Outlets(check_url, poke, Letters(config.alarm, Mailer(config.alarm), clock), trial),
        reload=reloading.reload,
    )

    async def adopt(changed: Config) -> None:
        submissions.adopt(*acceptance(changed))
        gateway.administration.on_unknown = changed.sending.on_unknown

    reloading.on(
        "sending.max_parts", "sending.allow_emergency", "sending.expire_after", "sending.on_unknown", apply=adopt
    )
    return gateway
