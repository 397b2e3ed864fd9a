"""The operator's desk: what is changed about accounts, each change with a line in the audit trail."""

from collections.abc import Sequence

from bridge.model import Account, AuditEntry, Movement, Template, Terms
from bridge.queries import Page


class Desk:
    """Accounts, credits, templates and lists. `gateway.desk` is the one of a bridge. `who` is for the audit trail."""

    async def account(self, name: str) -> Account:
        """Raises NoSuchThing."""
        raise AssertionError

    async def accounts(self) -> Sequence[Account]:
        """By name."""
        raise AssertionError

    async def set_terms(self, who: str, name: str, terms: Terms) -> Account:
        """Raises NoSuchThing, BadRequest for terms that make no sense."""
        raise AssertionError

    async def disable(self, who: str, name: str, disabled: bool) -> Account:
        """Raises NoSuchThing."""
        raise AssertionError

    async def rotate(self, who: str, name: str, kind: str, overlap: int) -> dict[str, str]:
        """Fresh credentials of a kind; the old ones end after `overlap` seconds. What to print, this once."""
        raise AssertionError

    # -- credits --------------------------------------------------------------------------------
    async def top_up(self, who: str, name: str, credits: int, note: str = "") -> Account:
        """Add credits (or take them, when negative); begins to count them. Raises NoSuchThing."""
        raise AssertionError

    async def movements(self, name: str, limit: int = 100, cursor: str = "") -> Page[Movement]:
        """Newest first."""
        raise AssertionError

    # -- templates ------------------------------------------------------------------------------
    async def add_template(self, who: str, template: Template) -> Template:
        """New, or another text for an old id. Raises NoSuchThing, BadRequest."""
        raise AssertionError

    async def templates(self, account: str) -> Sequence[Template]:
        """By id."""
        raise AssertionError

    async def remove_template(self, who: str, account: str, id: str) -> None:
        """Raises NoSuchThing."""
        raise AssertionError

    async def template(self, account: str, id: str) -> Template:
        """An approved template. Raises UnknownTemplate, also for one that is not approved."""
        raise AssertionError

    # -- suppression ----------------------------------------------------------------------------
    async def suppress(self, who: str, account: str, number: str, reason: str = "") -> None:
        """Nothing is sent to this number for this account any more."""
        raise AssertionError

    async def allow(self, who: str, account: str, number: str) -> None:
        """Take a number off the list. Raises NoSuchThing."""
        raise AssertionError

    async def suppressed(self, account: str) -> Sequence[tuple[str, str, int]]:
        """Number, reason and Unix ms of each entry."""
        raise AssertionError

    # -- audit ----------------------------------------------------------------------------------
    async def audit(self, account: str = "", limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
        """Newest first."""
        raise AssertionError
