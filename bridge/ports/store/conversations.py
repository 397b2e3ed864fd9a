"""Stores of conversations and contacts."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import Author, Suppressed
from bridge.model.conversation import Contact, ContactQuery, Conversation, ConversationQuery, Thread
from bridge.model.query import Page


class ConversationStore(Protocol):
    """Messages by the number they went to or came from.

    `view` is whose messages: those of an account, or "" for everybody's; `account` has the contacts and read marks.
    Numbers may be spelled in several ways.
    """

    async def index_conversations(self) -> bool:
        """Take notice of some messages that came since; whether more are left. Reading lists takes what is there."""
        ...

    async def conversations(self, view: str, account: str, query: ConversationQuery) -> Page[Conversation]:
        """Newest first. Raises BadRequest for an unknown cursor."""
        ...

    async def thread(self, view: str, account: str, number: str, limit: int, cursor: str) -> Thread:
        """Newest first, maybe fewer than `limit`. Raises BadRequest for an unknown cursor."""
        ...

    async def read_thread(self, view: str, account: str, number: str, now: int) -> None:
        """All that came from this number counts as read."""
        ...


class ContactStore(Protocol):
    """Who numbers are. Contacts of an account are known by their number."""

    async def contacts(self, account: str, query: ContactQuery) -> Page[Contact]:
        """By name. Raises BadRequest for an unknown cursor."""
        ...

    async def contact(self, account: str, number: str) -> Contact:
        """Raises NoSuchThing."""
        ...

    async def keep_contact(self, contact: Contact, by: Author) -> Contact:
        """New, or in place of the one with this number, whose `created_at` it keeps. Raises NoSuchThing."""
        ...

    async def keep_contacts(self, contacts: Sequence[Contact], by: Author) -> tuple[int, int]:
        """Many at once, all or none: how many are new, and how many were changed. Empty fields change nothing."""
        ...

    async def drop_contact(self, account: str, number: str, by: Author) -> None:
        """Raises NoSuchThing."""
        ...

    async def contact_groups(self, account: str) -> Sequence[tuple[str, int]]:
        """Each group by name, with how many are in it."""
        ...

    async def suppressions(self, account: str, numbers: Sequence[str]) -> Sequence[Suppressed | None]:
        """For each number why nothing is sent to it; None where something is."""
        ...
