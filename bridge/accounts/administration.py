"""Administrative changes to accounts; every change adds an entry to the audit trail.

A change is an intent: it names what is to be different. What there is by then is read, and the two are merged and
checked, in the transaction that writes (`bridge.ports.store`), so no two changes at once lose one of them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from bridge.accounts.api_keys import MOST_KEYS, made
from bridge.accounts.credentials import OPERATOR, kept, new_credentials, new_of_kind
from bridge.errors import BadRequest, NotPossible, ScopeMissing, UnknownTemplate
from bridge.model.account import Account, AccountChange, Author, Suppressed, Template, UnknownPolicy
from bridge.model.scope import Key, Needs, written
from bridge.ports.clock import Clock
from bridge.ports.store import AccountStore, AuditStore, CreditStore, KeyStore, SuppressionStore, TemplateStore

#: SQLite's integers are wide, a typing mistake of an operator's is wider
MOST_CREDITS = 10**12
_TEMPLATE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class AdministrationStore(AccountStore, KeyStore, CreditStore, TemplateStore, SuppressionStore, AuditStore, Protocol):
    """The parts of the store that administration uses."""


class Administration:
    """Manages accounts, credits, templates and lists (`gateway.administration`). `who` goes into the audit trail.

    `changed` is called after each change of an account or of its credentials, and before its caller hears of it.
    `on_unknown` is what a new account does with unknown outcomes when nobody says.
    """

    def __init__(
        self,
        store: AdministrationStore,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        self.on_unknown = on_unknown
        # what there is, as the store has it
        self.account = store.account
        self.accounts = store.accounts
        self.keys = store.keys
        self.movements = store.movements
        self.templates = store.templates
        #: approved or not; None when there is none
        self.find_template = store.template
        self.suppressed = store.suppressed
        self.suppression = store.suppression
        self.audit = store.audit

    def _by(self, who: str) -> Author:
        return Author(who, self._clock.now())

    # -- accounts -------------------------------------------------------------------------------
    async def add_account(
        self, who: str, name: str, on_unknown: UnknownPolicy | None = None, operator: bool = False
    ) -> tuple[Account, Mapping[str, str]]:
        """Create an account; returns it with its credentials for every dialect, which are shown only once.

        An `operator` account sees and steers everything, with what its keys allow.

        Raises BadRequest for what cannot be a name, NotPossible when it is taken.
        """
        printed, credentials = new_credentials(name)
        policy = on_unknown or self.on_unknown
        account = Account(name, self._clock.now(), False, policy, operator, printed["webhook_secret"])
        await self._store.add_account(account, credentials, self._by(who))
        return account, printed

    async def change_account(self, who: str, name: str, change: AccountChange) -> Account:
        """Change an account's terms. Raises NoSuchThing, or BadRequest for terms that contradict each other."""
        changed = await self._store.change_account(name, change, self._by(who))
        self._changed()
        return changed

    async def rotate(self, who: str, name: str, kind: str, overlap: int) -> dict[str, str]:
        """Replace the credentials of one kind; the old ones stop working after `overlap` seconds. Returns what to
        print, once.

        A webhook secret is for endpoints that are added from now on, so nothing overlaps there.
        Raises NoSuchThing, BadRequest.
        """
        if overlap < 0:
            raise BadRequest("the overlap is a number of seconds, 0 or more", "overlap")
        fresh, by = new_of_kind(name, kind), self._by(who)
        if kind == "webhook":
            await self._store.set_webhook_secret(name, fresh["webhook_secret"], by)
        else:
            await self._store.rotate(name, kept(fresh), by.at + overlap * 1000, by)
        self._changed()
        return {"account": name, **fresh}

    # -- keys -----------------------------------------------------------------------------------
    async def add_key(
        self, who: str, account: Account, name: str, scopes: Needs, kind: str = "apikey", expires_at: int = 0
    ) -> tuple[Key, Mapping[str, str]]:
        """Create a named key for one program; returns it with what to print, once. `expires_at` 0 means never.

        A key cannot grant scopes that it lacks itself. Raises NoSuchThing, BadRequest, ScopeMissing, NotPossible for a
        name in use, for too many keys and for the account of the command line.
        """
        if account.name == OPERATOR:
            raise NotPossible(f'the account "{OPERATOR}" is the command line\'s own: it stays as it is')
        if lacking := scopes - account.grant.scopes:
            raise ScopeMissing(written(lacking))
        by = self._by(who)
        printed, credential = made(account.name, name, kind, scopes, expires_at, by.at)
        await self._store.add_key(account.name, credential, MOST_KEYS, by)
        return Key(account.name, name, kind, credential.hint, scopes, by.at, expires_at), printed

    async def revoke_key(self, who: str, account: str, name: str) -> None:
        """Revoke a key and the tokens issued for it. Raises NoSuchThing."""
        await self._store.revoke_key(account, name, self._by(who))
        self._changed()

    # -- credits --------------------------------------------------------------------------------
    async def top_up(self, who: str, name: str, credits: int, note: str = "") -> Account:
        """Add credits to an account, or take them when negative; from then on those of a postpaid one are counted, too.

        Raises NoSuchThing, and BadRequest for more than a prepaid account has.
        """
        if abs(credits) > MOST_CREDITS:
            raise BadRequest(f"at most {MOST_CREDITS} credits at a time", "credits")
        changed = await self._store.top_up(name, credits, note, self._by(who))
        self._changed()
        return changed

    # -- templates ------------------------------------------------------------------------------
    async def add_template(self, who: str, template: Template) -> Template:
        """Add a template, or replace the text of an existing id. Raises NoSuchThing, BadRequest."""
        _check(template)
        return await self._store.keep_template(template, self._by(who))

    async def propose_template(self, who: str, template: Template) -> Template:
        """Like `add_template`, but called by the account itself: the text needs approval unless it was approved as it
        is.
        """
        _check(template)
        return await self._store.keep_template(template, self._by(who), proposed=True)

    async def remove_template(self, who: str, account: str, id: str) -> None:
        """Remove a template. Raises NoSuchThing."""
        await self._store.drop_template(account, id, self._by(who))

    async def template(self, account: str, id: str) -> Template:
        """Return an approved template. Raises UnknownTemplate for one that is missing or not approved."""
        found = await self.find_template(account, id)
        if found is None:
            raise UnknownTemplate(f"there is no template {id!r} in this account")
        if not found.approved:
            raise UnknownTemplate(f"the template {id!r} is not approved")
        return found

    # -- numbers that nothing is sent to ----------------------------------------------------------
    async def suppress(self, who: str, account: str, number: str, reason: str = "") -> Suppressed:
        """Stop sending to this number for this account. Raises NoSuchThing, InvalidNumber."""
        return await self._store.suppress(account, number, reason, self._by(who))

    async def allow(self, who: str, account: str, number: str, for_all: bool = False) -> None:
        """Take a number off the suppression list; `for_all`: and lift a STOP that holds for every account.

        Raises NoSuchThing, InvalidNumber.
        """
        await self._store.allow(account, number, self._by(who), for_all)


def _check(template: Template) -> None:
    if not _TEMPLATE_ID.fullmatch(template.id):
        raise BadRequest("a template's id is letters, digits and - _ . :, at most 64 of them", "id")
    if not template.text.strip():
        raise BadRequest("the template's text is empty", "text")
