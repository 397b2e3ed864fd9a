"""Stores of what is kept for an account: templates, numbers that nothing is sent to, the audit trail."""

from collections.abc import Sequence
from typing import Protocol

from bridge.model.account import AuditEntry, Template
from bridge.model.query import Page


class TemplateStore(Protocol):
    """Texts with places, kept for an account."""

    async def keep_template(self, template: Template, entry: AuditEntry) -> Template:
        """New, or in place of the old one of its id. Raises NoSuchThing for the account."""
        ...

    async def templates(self, account: str) -> Sequence[Template]: ...
    async def template(self, account: str, id: str) -> Template | None: ...
    async def drop_template(self, account: str, id: str, entry: AuditEntry) -> None: ...


class SuppressionStore(Protocol):
    """Numbers that nothing is sent to for an account."""

    async def suppress(self, account: str, number: str, reason: str, entry: AuditEntry) -> None: ...
    async def allow(self, account: str, number: str, entry: AuditEntry) -> None: ...

    async def suppressed(self, account: str) -> Sequence[tuple[str, str, int]]:
        """Number, reason and Unix ms of each entry, oldest first."""
        ...


class AuditStore(Protocol):
    """Who changed what."""

    async def audit(self, account: str, limit: int, cursor: str) -> Page[AuditEntry]:
        """Newest first; `account` "" reads everybody's."""
        ...
