"""Lists what needs a person, and carries out what the person decides."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bridge.errors import NoSuchThing
from bridge.gateway.endpoints import scope
from bridge.gateway.submissions import check_verified
from bridge.model.account import Account, Author
from bridge.model.attention import Attention, Life, Verdict
from bridge.model.history import Ongoing
from bridge.model.line import Line, LineState
from bridge.model.message import Message
from bridge.model.site import Site
from bridge.ports.clock import Clock
from bridge.ports.store import AttentionStore, EndpointStore, MessageStore

#: of each kind that are listed
LISTED = 20


class DecisionStore(AttentionStore, MessageStore, EndpointStore, Protocol):
    """The parts of the store used here."""


class Decisions:
    """Shows an account what needs a person, and settles it (`gateway.decisions`); an operator sees everybody's."""

    def __init__(
        self,
        store: DecisionStore,
        clock: Clock,
        lines: Callable[[], Sequence[Line]],
        alarms: Callable[[], Sequence[Ongoing]],
        sites: Callable[[], Awaitable[Sequence[Site]]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._lines = lines
        self._alarms = alarms
        self._sites = sites

    async def attention(self, account: Account) -> Attention:
        """What needs a person now. Alarms and sites are shown to operators alone."""
        view = scope(account)
        unknown, messages = await self._store.undecided(view, LISTED)
        dead, letters = await self._store.dead_letters(view, LISTED)
        paused = [each for each in await self._store.endpoints(view) if each.paused]
        lines = [line for line in self._lines() if line.state is not LineState.READY]
        found = Attention(unknown, messages, dead, letters, paused, lines)
        if not account.operator:
            return found
        sites = [site for site in await self._sites() if site.problems]
        return replace(found, alarms=self._alarms(), sites=sites)

    async def settle(self, who: str, account: Account, id: str, verdict: Verdict) -> Message:
        """Settle an unknown message by a person's word. Raises NoSuchThing, NotPossible, NotVerified, OutOfCredit."""
        await self._own(account, id)
        if verdict is Verdict.AGAIN:
            check_verified(account)
        return await self._store.decide(id, verdict, Author(who, self._clock.now()))

    async def life(self, account: Account, id: str) -> Life:
        """All that is known of a message. Raises NoSuchThing."""
        await self._own(account, id)
        return await self._store.life(scope(account), id)

    async def _own(self, account: Account, id: str) -> None:
        message = await self._store.message(id)
        if not account.operator and message.account != account.name:
            raise NoSuchThing(f"there is no message {id!r}")
