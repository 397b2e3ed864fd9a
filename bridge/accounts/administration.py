"""The operator's desk: what is changed about accounts, each change with a line in the audit trail."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Protocol

from bridge.accounts.api_keys import MOST_KEYS, made
from bridge.accounts.credentials import OPERATOR, kept, new_credentials, new_of_kind
from bridge.errors import BadRequest, NotPossible, ScopeMissing, UnknownTemplate
from bridge.messages import phone_numbers
from bridge.model.account import Account, AuditEntry, Movement, Template, Terms, UnknownPolicy
from bridge.model.query import Page
from bridge.model.scope import Key, Needs, written
from bridge.networks import network
from bridge.ports.clock import Clock
from bridge.ports.store import AccountStore, AuditStore, CreditStore, KeyStore, SuppressionStore, TemplateStore
from bridge.zones import zone

#: SQLite's integers are wide, a typing mistake of an operator's is wider
MOST_CREDITS = 10**12
_TEMPLATE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class DeskStore(AccountStore, KeyStore, CreditStore, TemplateStore, SuppressionStore, AuditStore, Protocol):
    """What administration takes."""


class Desk:
    """Accounts, credits, templates and lists. `gateway.desk` is the one of a bridge. `who` is for the audit trail.

    `changed` is called after each change of an account or of its credentials, and before its caller hears of it.
    `on_unknown` is what an account does with unknown outcomes when nobody says.
    """

    def __init__(
        self,
        store: DeskStore,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        self._on_unknown = on_unknown

    def _entry(self, who: str, what: str, account: str, detail: str = "") -> AuditEntry:
        return AuditEntry(0, self._clock.now(), who, what, account, detail)

    async def add_account(
        self, who: str, name: str, on_unknown: UnknownPolicy | None = None
    ) -> tuple[Account, Mapping[str, str]]:
        """A new account, and its credentials for every dialect to print, this once.

        Raises BadRequest for what cannot be a name, NotPossible when it is taken.
        """
        printed, credentials = new_credentials(name)
        policy = on_unknown or self._on_unknown
        account = Account(name, self._clock.now(), on_unknown=policy, webhook_secret=printed["webhook_secret"])
        await self._store.add_account(account, credentials, self._entry(who, "add_account", name))
        return account, printed

    async def account(self, name: str) -> Account:
        """As it is now, its credits too. Raises NoSuchThing."""
        return await self._store.account(name)

    async def accounts(self) -> Sequence[Account]:
        """By name."""
        return await self._store.accounts()

    async def set_terms(self, who: str, name: str, terms: Terms, on_unknown: UnknownPolicy | None = None) -> Account:
        """And what to do with unknown outcomes, unless that is None: as it was.

        Raises NoSuchThing, BadRequest for terms that make no sense.
        """
        terms = checked(terms)
        before = await self._store.account(name)
        changes = [_changes(before.terms, terms)]
        if on_unknown is not None and on_unknown != before.on_unknown:
            changes.append(f"on_unknown: {before.on_unknown} → {on_unknown}")
        entry = self._entry(who, "terms", name, ", ".join(filter(None, changes)))
        changed = await self._store.set_terms(name, terms, entry, on_unknown)
        self._changed()
        return changed

    async def disable(self, who: str, name: str, disabled: bool) -> Account:
        """Raises NoSuchThing."""
        entry = self._entry(who, "disable" if disabled else "enable", name)
        changed = await self._store.disable(name, disabled, entry)
        self._changed()
        return changed

    async def rotate(self, who: str, name: str, kind: str, overlap: int) -> dict[str, str]:
        """Fresh credentials of a kind; the old ones end after `overlap` seconds. What to print, this once.

        A webhook secret is for endpoints that are added from now on, so nothing overlaps there.
        Raises NoSuchThing, BadRequest.
        """
        if overlap < 0:
            raise BadRequest("the overlap is a number of seconds, 0 or more", "overlap")
        fresh = new_of_kind(name, kind)
        detail = f"{kind}, the old ones end after {overlap} s" if kind != "webhook" else kind
        entry = self._entry(who, "rotate", name, detail)
        if kind == "webhook":
            await self._store.set_webhook_secret(name, fresh["webhook_secret"], entry)
        else:
            await self._store.rotate(name, kept(fresh), entry.at + overlap * 1000, entry)
        self._changed()
        return {"account": name, **fresh}

    # -- keys -----------------------------------------------------------------------------------
    async def add_key(
        self, who: str, account: Account, name: str, scopes: Needs, kind: str = "apikey", expires_at: int = 0
    ) -> tuple[Key, Mapping[str, str]]:
        """A named key for one program, and what to print of it, this once. It ends at `expires_at`; 0 for never.

        Nobody gives away more than the key has that he came in with. Raises NoSuchThing, BadRequest, ScopeMissing,
        NotPossible for a name in use, for too many keys and for the account of the command line.
        """
        if account.name == OPERATOR:
            raise NotPossible("the account of the command line stays as it is")
        if lacking := scopes - account.grant.scopes:
            raise ScopeMissing(written(lacking))
        now = self._clock.now()
        printed, credential = made(account.name, name, kind, scopes, expires_at, now)
        until = f"until {_day(expires_at)}" if expires_at else "no end"
        entry = self._entry(who, "add_key", account.name, f"{name}, {kind}, {written(scopes)}, {until}")
        await self._store.add_key(account.name, credential, MOST_KEYS, entry)
        return Key(account.name, name, kind, credential.hint, scopes, now, expires_at), printed

    async def keys(self, account: str = "") -> Sequence[Key]:
        """By name, expired ones too; "" for everybody's."""
        return await self._store.keys(account)

    async def revoke_key(self, who: str, account: str, name: str) -> None:
        """With the tokens that it was given. Raises NoSuchThing."""
        await self._store.revoke_key(account, name, self._entry(who, "revoke_key", account, name))
        self._changed()

    # -- credits --------------------------------------------------------------------------------
    async def top_up(self, who: str, name: str, credits: int, note: str = "") -> Account:
        """Add credits (or take them, when negative); begins to count them.

        Raises NoSuchThing, and BadRequest for more than a prepaid account has.
        """
        if abs(credits) > MOST_CREDITS:
            raise BadRequest(f"at most {MOST_CREDITS} credits at a time", "credits")
        detail = f"{credits:+d}{f' ({note})' if note else ''}"
        changed = await self._store.top_up(name, credits, note, self._entry(who, "top_up", name, detail))
        self._changed()
        return changed

    async def movements(self, name: str, limit: int = 100, cursor: str = "") -> Page[Movement]:
        """Newest first. Raises NoSuchThing, BadRequest for a cursor that is not ours."""
        await self._store.account(name)
        return await self._store.movements(name, limit, cursor)

    # -- templates ------------------------------------------------------------------------------
    async def add_template(self, who: str, template: Template) -> Template:
        """New, or another text for an old id. Raises NoSuchThing, BadRequest."""
        if not _TEMPLATE_ID.fullmatch(template.id):
            raise BadRequest("a template's id is letters, digits and - _ . :, at most 64 of them", "id")
        if not template.text.strip():
            raise BadRequest("the template's text is empty", "text")
        if not template.created_at:
            template = replace(template, created_at=self._clock.now())
        detail = f"{template.id}, {'approved' if template.approved else 'not approved'}"
        return await self._store.keep_template(template, self._entry(who, "template", template.account, detail))

    async def templates(self, account: str) -> Sequence[Template]:
        """By id."""
        return await self._store.templates(account)

    async def remove_template(self, who: str, account: str, id: str) -> None:
        """Raises NoSuchThing."""
        await self._store.drop_template(account, id, self._entry(who, "remove_template", account, id))

    async def template(self, account: str, id: str) -> Template:
        """An approved template. Raises UnknownTemplate, also for one that is not approved."""
        found = await self._store.template(account, id)
        if found is None:
            raise UnknownTemplate(f"there is no template {id!r} in this account")
        if not found.approved:
            raise UnknownTemplate(f"the template {id!r} is not approved")
        return found

    # -- suppression ----------------------------------------------------------------------------
    async def suppress(self, who: str, account: str, number: str, reason: str = "") -> None:
        """Nothing is sent to this number for this account any more. Raises NoSuchThing, InvalidNumber."""
        number = await self._number(account, number)
        await self._store.suppress(account, number, reason, self._entry(who, "suppress", account, number))

    async def allow(self, who: str, account: str, number: str) -> None:
        """Take a number off the list. Raises NoSuchThing, InvalidNumber."""
        number = await self._number(account, number)
        await self._store.allow(account, number, self._entry(who, "allow", account, number))

    async def suppressed(self, account: str) -> Sequence[tuple[str, str, int]]:
        """Number, reason and Unix ms of each entry, oldest first."""
        return await self._store.suppressed(account)

    async def _number(self, account: str, written: str) -> str:
        """As messages to it have it."""
        return phone_numbers.normalise(written, (await self._store.account(account)).terms.country)

    # -- audit ----------------------------------------------------------------------------------
    async def audit(self, account: str = "", limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
        """Newest first."""
        return await self._store.audit(account, limit, cursor)


def checked(terms: Terms) -> Terms:
    """The terms, tidied. Raises BadRequest naming the term that makes no sense."""
    for name in ("requests_per_minute", "daily_per_recipient"):
        if getattr(terms, name) < 0:
            raise BadRequest(f"{name} is a number, 0 for no limit", name)
    for each in terms.addresses:
        _check_network(each)
    _check_zone(terms.zone)
    country = terms.country.strip().upper()
    if country and not phone_numbers.is_country(country):
        raise BadRequest(f"{terms.country!r} is no country: write two letters of ISO 3166, such as GB", "country")
    if terms.report_on not in ("", "sent", "delivered"):
        raise BadRequest("report_on is sent, delivered, or empty for what the line can tell", "report_on")
    return replace(terms, country=country, addresses=tuple(each.strip() for each in terms.addresses))


def _check_network(written: str) -> None:
    try:
        network(written)
    except ValueError:
        problem = f"{written!r} is no network: write an address or CIDR, such as 192.0.2.0/24 or 2001:db8::/32"
        raise BadRequest(problem, "addresses") from None


def _check_zone(name: str) -> None:
    try:
        zone(name)
    except (ValueError, OSError, KeyError):
        raise BadRequest(f"{name!r} is no time zone: write a name such as Europe/Paris", "zone") from None


def _changes(before: Terms, after: Terms) -> str:
    """What is different, for the trail."""
    old, new = asdict(before), asdict(after)
    names = [field.name for field in fields(Terms) if old[field.name] != new[field.name]]
    return ", ".join(f"{name}: {_shown(old[name])} → {_shown(new[name])}" for name in names)


def _shown(value: object) -> str:
    return " ".join(value) or "none" if isinstance(value, tuple) else str(value) or "none"


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
