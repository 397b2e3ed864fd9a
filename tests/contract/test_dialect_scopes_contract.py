"""Every path of every dialect says which scopes a key needs there, and a key without them is refused in its shape."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.dialect.contract import Dialect, Mount, Route, Site, discover
from bridge.accounts.credentials import digest, kept
from bridge.accounts.throttling import FREE
from bridge.errors import KeyExpired, ScopeMissing, TooManyRequests
from bridge.model.account import Author
from bridge.model.scope import EVERYTHING, Needs, Scope, written
from tests.contract.test_dialect_contract import WRONG, is_like, sample
from tests.support.clocks import START
from tests.support.http_site import Answer, HttpSite, open_site

DIALECTS = discover()
#: what everybody may see; a path that joins these needs a reason
PUBLIC = {
    ("native", "/openapi.yaml", "GET"),
    # whoever is to sign in has nothing yet
    ("native", "/v1/session", "GET"),
    ("native", "/v1/session", "POST"),
    ("native", "/v1/session/link", "POST"),
    ("native", "/v1/session/welcome", "POST"),
    ("smsmobile_soap", "/sendsms/wsdl/sendsms.wsdl", "GET"),
    ("smsmobile_soap", "/sendsms/soap", "GET"),
}
#: any key is taken: to learn whose it is, to exchange it, to hear that something is not offered, or that a key has no
#: session
ANY_KEY = {
    ("native", "/v1/me"),
    ("native", "/v1/session"),
    ("native", "/v1/session/password"),
    ("native", "/v1/session/totp"),
    ("native", "/v1/sessions"),
    ("native", "/v1/sessions/{id}"),
    ("smsmobile", "/oauth2/token"),
    ("smsmobile", "/getemail"),
}
#: of a key of each kind, besides the account's own in CREDENTIALS
LIMITED = {
    "account": "shop", "apikey": "k" * 48, "client_id": "k" * 32, "client_secret": "k" * 64, "api_key": "k" * 32,
    "api_secret": "s" * 32, "v1_account": "shop", "v1_password": "k" * 24, "app_id": "100077", "app_secret": "k" * 64,
}  # fmt: skip


class Unserved:
    """What a dialect looks at before anybody calls: whether customers' phones are there."""

    virtual = None


def routes(name: str) -> Iterator[tuple[Route, str]]:
    kind = DIALECTS[name]
    for route in kind(Site(Unserved()), Mount("/here", kind.body_limit)).routes():  # type: ignore[arg-type]
        for method in sorted(route.methods):
            yield route, method


ALL = [(name, route.path, method) for name in DIALECTS for route, method in routes(name)]
ASKING = [(name, path, method) for name, path, method in ALL if (name, path, method) not in PUBLIC]


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["call"][0])


@pytest.fixture
async def site(name: str, tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path, dialects={name: "/here"}) as opened:
        yield opened


@pytest.fixture
def dialect(name: str, site: HttpSite) -> Dialect:
    return DIALECTS[name](Site(site.gateway), Mount("/here", DIALECTS[name].body_limit))


async def limit(site: HttpSite, scopes: Needs, expires_at: int = 0) -> None:
    """A key of each kind with these scopes."""
    for credential in kept(LIMITED):
        name = f"{credential.kind}-{written(scopes).replace(' ', '-')}"
        key = replace(credential, name=name, scopes=scopes, expires_at=expires_at)
        await site.store.add_key("shop", key, 99, Author("test", START))


def route_of(dialect: Dialect, path: str) -> Route:
    return next(route for route in dialect.routes() if route.path == path)


async def ask(site: HttpSite, dialect: Dialect, path: str, method: str) -> Answer:
    """With what sends a message, at another path: credentials are looked at first."""
    wanted = sample(dialect, LIMITED)
    where = "/here" + re.sub(r"\{\w+\}", "x", path)
    if path == "/v1/events":
        where += "?nonsense=1"  # or it would go on for ever
    if method == "GET" and b"=" in wanted.body[:30]:
        return await site.ask(method, f"{where}?{wanted.body.decode()}", headers={})
    return await site.ask(method, where, headers=wanted.headers, data=wanted.body)


@pytest.mark.parametrize("call", ALL, ids=" ".join)
def test_says_which_scopes_it_needs(call: tuple[str, str, str]) -> None:
    name, path, method = call
    route = next(route for route, _ in routes(name) if route.path == path)
    assert isinstance(route.needs, frozenset | type(None)) or method in route.needs
    needs = route.needs_of(method)
    assert (needs is None) == (call in PUBLIC)
    assert (needs == frozenset()) == ((name, path) in ANY_KEY and call not in PUBLIC)


@pytest.mark.parametrize("call", ASKING, ids=" ".join)
async def test_a_key_without_the_scope_is_refused_and_hears_which(
    site: HttpSite, dialect: Dialect, call: tuple[str, str, str]
) -> None:
    _, path, method = call
    route = route_of(dialect, path)
    for missing in sorted(route.needs_of(method) or ()):
        await limit(site, EVERYTHING - {missing})
        answer = await ask(site, dialect, path, method)
        wanted = (route.refuse or dialect.refuse)(ScopeMissing(missing))
        assert (answer.status, is_like(answer, wanted)) == (wanted.status, True), answer.body
        assert missing.encode() in answer.body
        assert answer.status in (200, 403, 500)  # 500: what SOAP 1.1 says of every fault
        for kind in (key.name for key in await site.store.keys("shop")):
            await site.store.revoke_key("shop", kind, Author("test", START))
        site.clock.at += 1001
    assert not await site.messages()


@pytest.mark.parametrize("call", ASKING, ids=" ".join)
async def test_a_key_with_just_the_scopes_is_let_in(
    site: HttpSite, dialect: Dialect, call: tuple[str, str, str]
) -> None:
    _, path, method = call
    await limit(site, route_of(dialect, path).needs_of(method) or frozenset({Scope.READ}))
    answer = await ask(site, dialect, path, method)
    assert answer.status != 401
    assert not [word for word in (b"lacks the scope", "权限".encode(), b"scope_missing") if word in answer.body]


@pytest.mark.parametrize("call", [(name, "", "") for name in DIALECTS])
async def test_an_expired_key_hears_that_it_expired_and_when(
    site: HttpSite, dialect: Dialect, call: tuple[str, str, str]
) -> None:
    await limit(site, EVERYTHING, expires_at=START)
    wanted = sample(dialect, LIMITED)
    answer = await site.ask(wanted.method, wanted.path, headers=wanted.headers, data=wanted.body)
    refusal = dialect.refuse(KeyExpired(START))
    assert (answer.status, is_like(answer, refusal)) == (refusal.status, True)
    assert b"2026-03-20 21:07 UTC" in answer.body
    assert not await site.messages()


@pytest.mark.parametrize("call", [(name, "", "") for name in DIALECTS])
async def test_who_guesses_is_told_to_wait_in_its_shape_while_the_owner_goes_on(
    site: HttpSite, dialect: Dialect, call: tuple[str, str, str]
) -> None:
    wrong, right = sample(dialect, WRONG), sample(dialect)
    for _ in range(FREE + 1):
        answer = await site.ask(wrong.method, wrong.path, headers=wrong.headers, data=wrong.body)
    refusal = dialect.refuse(TooManyRequests(1))
    assert (answer.status, is_like(answer, refusal)) == (refusal.status, True), answer.body
    assert answer.headers.get("Retry-After") == refusal.headers.get("Retry-After")
    assert site.gateway.authenticator.guesses.paused == 1
    assert not await site.messages()
    answer = await site.ask(right.method, right.path, headers=right.headers, data=right.body)
    assert 200 <= answer.status < 300
    assert len(await site.messages()) == 1


def test_limited_credentials_are_nobody_elses() -> None:
    assert digest(LIMITED["apikey"]) not in {credential.digest for credential in kept(WRONG)}
