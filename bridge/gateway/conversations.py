"""Conversations and contacts, as callers ask for them and change them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bridge.errors import BadRequest, InvalidNumber
from bridge.gateway.endpoints import scope
from bridge.gateway.interpreter import considerate
from bridge.gateway.turns import Turns
from bridge.messages.phone_numbers import normalise
from bridge.model.account import Account, Author, Suppressed
from bridge.model.conversation import Contact, ContactQuery, Conversation, ConversationQuery, Imported, Thread
from bridge.model.query import Page
from bridge.ports.clock import Clock
from bridge.ports.store import ContactStore, ConversationStore

#: bites of the index of conversations that a caller waits for
MOST_BITES = 500
#: rows of a file with contacts that are told of as wrong
MOST_BAD = 1_000


class ConversationsStore(ConversationStore, ContactStore, Protocol):
    """The parts of the store that conversations use."""


class Conversations:
    """Messages by number (`gateway.conversations`). An account sees its own, an operator everybody's."""

    def __init__(self, store: ConversationsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def find(self, account: Account, query: ConversationQuery) -> Page[Conversation]:
        """Newest first. Raises BadRequest for an unknown cursor."""
        await self._follow()
        return await self._store.conversations(scope(account), account.name, query)

    async def thread(self, account: Account, number: str, limit: int, cursor: str) -> Thread:
        """Messages to and from a number, newest first. Raises BadRequest for an unknown cursor."""
        return await self._store.thread(scope(account), account.name, _spelled(account, number), limit, cursor)

    async def read(self, account: Account, number: str) -> None:
        """All that came from this number counts as read."""
        await self._follow()
        await self._store.read_thread(scope(account), account.name, _spelled(account, number), self._clock.now())

    async def _follow(self) -> None:
        """Index messages that came since; after a flood, the scheduler does the rest."""
        for _ in range(MOST_BITES):
            if not await self._store.index_conversations():
                return


class Contacts:
    """Who numbers are, for an account (`gateway.contacts`). `who` is for the audit trail."""

    def __init__(self, store: ConversationsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        #: one file at a time
        self._reading = Turns()

    def _by(self, who: str) -> Author:
        return Author(who, self._clock.now())

    async def find(self, account: Account, query: ContactQuery) -> Page[Contact]:
        """List contacts by name. Raises BadRequest for an unknown cursor."""
        return await self._store.contacts(account.name, query)

    async def get(self, account: Account, number: str) -> Contact:
        """Return a contact. Raises NoSuchThing."""
        return await self._store.contact(account.name, _spelled(account, number))

    async def keep(self, who: str, account: Account, contact: Contact) -> Contact:
        """Add or replace a contact. Raises BadRequest for an invalid number."""
        try:
            number = normalise(contact.number, account.terms.country)
        except InvalidNumber as error:
            raise BadRequest(error.message, "number") from None
        return await self._store.keep_contact(replace(contact, account=account.name, number=number), self._by(who))

    async def remove(self, who: str, account: Account, number: str) -> None:
        """Remove a contact. Raises NoSuchThing."""
        await self._store.drop_contact(account.name, _spelled(account, number), self._by(who))

    async def groups(self, account: Account) -> Sequence[tuple[str, int]]:
        """Each group by name, with how many are in it."""
        return await self._store.contact_groups(account.name)

    async def suppressions(self, account: Account, contacts: Sequence[Contact]) -> Sequence[Suppressed | None]:
        """For each contact why nothing is sent to it; None where something is."""
        return await self._store.suppressions(account.name, [contact.number for contact in contacts])

    async def take_in(self, who: str, account: Account, raw: bytes, form: str) -> Imported:
        """Import the contacts of a file, `csv` or `vcard`, adding to existing ones; rows without a number are reported.

        Raises BadRequest.
        """
        async with self._reading.turn(account.name):
            with considerate():
                good, bad = await asyncio.to_thread(_read, account, raw, form)
            added, changed = await self._store.keep_contacts(good, self._by(who))
        return Imported(added, changed, tuple(bad[:MOST_BAD]))


def _read(account: Account, raw: bytes, form: str) -> tuple[Sequence[Contact], Sequence[tuple[int, str, str]]]:
    """Contacts with proper numbers, the last of each, and the line, number and fault of all other rows."""
    from bridge.messages import contact_files  # for the few who keep contacts in files

    good: dict[str, Contact] = {}
    bad: list[tuple[int, str, str]] = []
    for row in contact_files.read(raw, form):
        try:
            number = normalise(row.written, account.terms.country)
        except InvalidNumber as error:
            bad.append((row.line, row.written, error.message))
            continue
        good[number] = Contact(account.name, number, row.name, row.note, row.groups, row.consent, row.consent_note)
    return list(good.values()), bad


def _spelled(account: Account, number: str) -> str:
    """A number as messages have it; a sender that has a name instead stays as it is."""
    try:
        return normalise(number, account.terms.country)
    except InvalidNumber:
        return number
