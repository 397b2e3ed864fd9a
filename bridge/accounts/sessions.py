"""Signs people in: name, password and one-time code create a session, which the browser keeps in a cookie."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from typing import Protocol

from bridge.accounts import one_time_codes, passwords
from bridge.accounts.credentials import WRONG_LOGIN, checked_name, digest
from bridge.accounts.tallies import Tallies
from bridge.accounts.throttling import FailedLogins
from bridge.dataclass import dataclass
from bridge.errors import (
    BadRequest,
    NoSuchThing,
    NotPossible,
    StoreUnavailable,
    TooManyRequests,
    WrongSecret,
)
from bridge.model.account import Author
from bridge.model.user import Link, Role, Session, User, UserChange
from bridge.ports.clock import Clock
from bridge.ports.store import SessionStore, UserStore
from bridge.ports.store_rows import Login

MINUTE = 60_000  # ms
#: a session ends when nothing was asked by it for so long, and in any case so long after it began
IDLE, LIFE = 12 * 60 * MINUTE, 14 * 24 * 60 * MINUTE  # ms
#: who waits for a password to be looked at, at a time: each takes a quarter of a second, one after the other
MOST_WAITING = 8
#: characters of what a browser calls itself
LONGEST_AGENT = 200


class CodeNeeded(WrongSecret):
    """A one-time code is needed: that of your authenticator app, or a recovery code."""

    field = "code"


class PeopleStore(UserStore, SessionStore, Protocol):
    """The parts of the store that signing in uses."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in from."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in."""

    user: User
    session: Session
    #: what the browser has
    secret: str = field(repr=False)

    @property
    def proof(self) -> str:
        """The CSRF token: known to the bridge's own pages only, required with every write."""
        return digest(f"page {self.secret}")[:40]

    @property
    def idle_at(self) -> int:
        """When the session ends without further requests, Unix ms."""
        return min(self.session.seen_at + IDLE, self.session.expires_at)


class Sessions:
    """Manages sessions (`gateway.sessions`). `changed` is called when a session may have ended early."""

    def __init__(
        self,
        store: PeopleStore,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        tallies: Tallies | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        #: one password at a time: each takes 16 MiB, and one that waits sees what came of those before it
        self._looking = asyncio.Lock()
        self._waiting = 0
        tallies = tallies or Tallies()
        self.guesses = FailedLogins(partial(tallies.add, "wrong passwords"))
        tallies.on("wrong passwords", lambda of, count: self.guesses.hear(of, count, clock.monotonic()))

    async def sign_in(self, name: str, password: str, code: str, origin: Origin) -> SignedIn:
        """Raises WrongSecret, CodeNeeded when only the code is missing or wrong, TooManyRequests.

        Passwords can be guessed: while somebody who was wrong too often has to wait, right ones are not taken either.
        """
        login = await self._checked(name, password, origin)
        user = await self._check_code(login, code, origin) if login.user.totp else login.user
        return await self._begin(user, origin, login.password)

    async def _checked(self, name: str, password: str, origin: Origin) -> Login:
        """Check the password and return the login."""
        if self._waiting >= MOST_WAITING:
            raise TooManyRequests(2, "Too many people are signing in at once: try again in a moment.")
        self._waiting += 1
        try:
            async with self._looking:
                login = await self._store.login(name)
                self._refuse_guesses(origin, login)
                kept = login.password if login is not None and not login.user.disabled else ""
                right = await asyncio.to_thread(passwords.matches, password[: 2 * passwords.MOST], kept)
                if login is not None and right:
                    return login
                self._count_wrong(origin, login)
                raise WrongSecret(WRONG_LOGIN)
        finally:
            self._waiting -= 1

    async def _check_code(self, login: Login, given: str, origin: Origin) -> User:
        """Check a code of the app or a recovery code, each valid once. Raises CodeNeeded."""
        if not given:
            raise CodeNeeded
        self._refuse_guesses(origin, login)
        name, plain = login.user.name, one_time_codes.plain(given)
        step = one_time_codes.step_of(login.totp_secret, plain, self._clock.now())
        if step and await self._store.use_totp(name, step):
            return login.user
        if not step and await self._store.use_recovery_code(name, digest(plain)):
            return replace(login.user, recovery_codes_left=login.user.recovery_codes_left - 1)
        self._count_wrong(origin, login)
        raise CodeNeeded(
            "This code was used before: wait for the next one."
            if step
            else "This code is wrong. If it is right on your phone, the bridge's clock or the phone's is wrong."
        )

    def _refuse_guesses(self, origin: Origin, login: Login | None) -> None:
        wait = self.guesses.left(origin.address, _identifier(login), self._clock.monotonic())
        if wait:
            seconds = -(-wait // 1000)
            raise TooManyRequests(seconds, f"Too many wrong passwords: try again in {seconds} s.")

    def _count_wrong(self, origin: Origin, login: Login | None) -> None:
        self.guesses.pause(origin.address, _identifier(login), self._clock.monotonic())

    async def _begin(self, user: User, origin: Origin, password: str = "") -> SignedIn:
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        agent = origin.agent[:LONGEST_AGENT]
        session = Session(secrets.token_hex(8), user.name, origin.address, agent, now, now, now + LIFE)
        await self._store.begin_session(digest(secret), session, Author(called(user, origin), now), password)
        return SignedIn(replace(user, seen_at=now), session, secret)

    # -- who is signed in -----------------------------------------------------------------------
    async def find(self, secret: str) -> SignedIn | None:
        """Return the session of a cookie; None when it has ended. Its use is recorded once a minute."""
        now, hidden = self._clock.now(), digest(secret)
        found = await self._store.session(hidden, now, IDLE)
        if found is None:
            return None
        session, user = found
        if now - session.seen_at >= MINUTE:
            with suppress(StoreUnavailable):  # a full disk must not keep anybody from reading
                await self._store.note_session(hidden, now)
        return SignedIn(user, session, secret)

    async def stands(self, secret: str) -> bool:
        """Whether a session is still valid; for long-lived calls, which do not count as use."""
        return await self._store.session(digest(secret), self._clock.now(), IDLE) is not None

    async def all(self, user: str) -> list[Session]:
        """List valid sessions, newest first; `user` "" for all users."""
        return list(await self._store.sessions(user, self._clock.now(), IDLE))

    async def sign_out(self, who: SignedIn, everywhere: bool = False) -> None:
        """Sign out of this session, or of all sessions of the user."""
        if everywhere:
            await self._store.end_sessions(who.user.name)
        else:
            with suppress(NoSuchThing):  # it ended meanwhile
                await self._store.end_session(who.user.name, who.session.id)
        self._changed()

    async def end(self, user: str, id: str) -> None:
        """End one session; `user` "" for any user's. Raises NoSuchThing."""
        await self._store.end_session(user, id)
        self._changed()

    # -- the first visit, and links ----------------------------------------------------------------
    async def welcome(self, link: str, name: str, password: str, origin: Origin) -> SignedIn:
        """Use a link: choose a password, and a name where the link has none. Without a link: the first owner.

        Raises NoSuchThing for a link that was used or has ended, NotPossible when there are users already, BadRequest.
        """
        now = self._clock.now()
        found = await self.link(link) if link else Link("", Role.OWNER, now)
        name = found.user or checked_name(name)
        passwords.check(password, name)
        kept = await self._hashed(password)
        by = Author(called(User(name, found.role, now), origin), now)
        if link:
            user = await self._store.redeem(digest(link), name, kept, by)
        else:
            user = User(name, found.role, now)
            await self._store.add_user(user, kept, by, first=True)
        return await self._begin(user, origin)

    async def link(self, link: str) -> Link:
        """What a link is for. Raises NoSuchThing."""
        found = await self._store.link(digest(link), self._clock.now())
        if found is None:
            raise NoSuchThing("This link was used or has expired: ask for another.")
        return found

    async def _hashed(self, password: str) -> str:
        async with self._looking:
            return await asyncio.to_thread(passwords.hashed, password)

    # -- one's own password and codes ---------------------------------------------------------------
    async def change_password(self, who: SignedIn, old: str, new: str, origin: Origin) -> None:
        """Change the password; the user's other sessions end. Raises WrongSecret, BadRequest, TooManyRequests."""
        await self._checked(who.user.name, old, origin)
        passwords.check(new, who.user.name)
        change = UserChange(password=await self._hashed(new))
        by = Author(called(who.user, origin), self._clock.now())
        await self._store.change_user(who.user.name, change, by, keep=digest(who.secret))
        self._changed()

    async def propose_codes(self, who: SignedIn, password: str, origin: Origin) -> str:
        """A secret for an authenticator app; codes count once one of it was seen. Raises WrongSecret, NotPossible."""
        await self._checked(who.user.name, password, origin)
        secret = one_time_codes.new_secret()
        await self._store.propose_totp(who.user.name, secret)
        return secret

    async def begin_codes(self, who: SignedIn, code: str, origin: Origin) -> list[str]:
        """Turn one-time codes on; returns the recovery codes, once. Raises NotPossible, BadRequest."""
        login = await self._store.login(who.user.name)
        if login is None or not login.totp_secret or login.user.totp:
            raise NotPossible("there is no new secret for one-time codes: ask for one first")
        step = one_time_codes.step_of(login.totp_secret, one_time_codes.plain(code), self._clock.now())
        if not step:
            problem = "This is not the code that the app should show now; is its clock right, and the bridge's?"
            raise BadRequest(problem, "code")
        codes = one_time_codes.new_recovery_codes()
        by = Author(called(who.user, origin), self._clock.now())
        await self._store.begin_totp(who.user.name, step, [digest(each) for each in codes], by)
        return codes

    async def end_codes(self, who: SignedIn, password: str, origin: Origin) -> None:
        """Turn one-time codes off. Raises WrongSecret, TooManyRequests."""
        await self._checked(who.user.name, password, origin)
        by = Author(called(who.user, origin), self._clock.now())
        await self._store.change_user(who.user.name, UserChange(totp=False), by)


def called(user: User, origin: Origin) -> str:
    """A person's name in the audit trail: who, and from which address."""
    return f"{user.name} from {origin.address or 'this machine'}"


def _identifier(login: Login | None) -> tuple[str, str] | None:
    return None if login is None else ("user", login.user.name)
