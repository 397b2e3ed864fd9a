"""What each role may do at each operation of /v1, tried by requests that no page would make."""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from api.dialects.native.cookie import PROOF_HEADER
from api.dialects.native.dialect import OPERATIONS, AnyOperation
from bridge.model.scope import ADMIN
from bridge.model.user import Role
from tests.support.native_site import Answer, Caller, Site, site_in

ASKING = [each for each in OPERATIONS if each.needs is not None]
#: what a person of any role does about himself
OWN = {
    ("DELETE", "/v1/session"), ("PUT", "/v1/session/password"), ("POST", "/v1/session/totp"),
    ("PUT", "/v1/session/totp"), ("DELETE", "/v1/session/totp"), ("DELETE", "/v1/sessions/{id}"),
}  # fmt: skip
#: all that only owners may do; what joins these needs a reason
OWNERS = {
    ("GET", "/v1/devices/{device}/memory"), ("PUT", "/v1/devices/{device}/memory/{id}"),
    ("POST", "/v1/accounts"), ("PATCH", "/v1/accounts/{name}"), ("POST", "/v1/accounts/{name}/credits"),
    ("POST", "/v1/accounts/{name}/rotate"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/{id}"),
    ("GET", "/v1/users"), ("POST", "/v1/users"), ("PATCH", "/v1/users/{name}"), ("DELETE", "/v1/users/{name}"),
    ("POST", "/v1/user-links"), ("POST", "/v1/reload"),
}  # fmt: skip
#: GETs that a reader does not get
OPERATORS = {("GET", "/v1/keys"), ("GET", "/v1/audit")}


def named(operation: AnyOperation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_in(tmp_path) as opened:
        yield opened


async def ask(caller: Caller, operation: AnyOperation) -> Answer:
    path = re.sub(r"\{\w+\}", "x", operation.path)
    # what is asked for is nonsense, so that whoever gets through changes nothing, and a stream does not begin
    query = {"nonsense": 1} if operation.path == "/v1/events" else {}
    return await caller.call(operation.method, path, {} if operation.method != "GET" else None, **query)


def expected(operation: AnyOperation) -> Role:
    """The lowest role, said a second time."""
    call = (operation.method, operation.path)
    if call in OWNERS:
        return Role.OWNER
    return Role.OPERATOR if call in OPERATORS or (operation.method != "GET" and call not in OWN) else Role.READER


@pytest.mark.parametrize("operation", ASKING, ids=named)
def test_says_which_role_it_takes(operation: AnyOperation) -> None:
    assert operation.demand.role is expected(operation)
    assert operation.demand.writes == (operation.method != "GET")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", ASKING, ids=named)
async def test_lets_a_person_do_what_the_role_says_and_no_more(site: Site, operation: AnyOperation, role: Role) -> None:
    person = await site.person(role)
    answer = await ask(person, operation)
    assert answer.status not in (401, 500)
    if role.includes(expected(operation)):
        assert answer.status != 403, answer.detail
    else:
        assert answer.problem == (403, "not-allowed", "")
        assert f"this takes an {expected(operation)}" in answer.detail


@pytest.mark.parametrize("operation", [each for each in ASKING if each.demand.writes], ids=named)
async def test_takes_no_write_that_no_page_of_ours_asked_for(site: Site, operation: AnyOperation) -> None:
    """What a page of another site makes a browser send has the cookie, and cannot have the header."""
    owner = await site.person(Role.OWNER)
    for forged in (owner.without(PROOF_HEADER), owner.with_headers(**{PROOF_HEADER: "0" * 40})):
        answer = await ask(forged, operation)
        assert answer.problem == (403, "not-allowed", "")
        assert PROOF_HEADER in answer.detail


async def test_a_reader_who_tries_everything_changes_nothing(site: Site, tmp_path: Path) -> None:
    made = await site.shop.send()
    await site.receive()
    reader = await site.person(Role.READER)
    before = rows(tmp_path)
    for operation in ASKING:
        if (operation.method, operation.path) not in OWN:
            await ask(reader, operation)
    await reader.get("/v1/inbox", mark_read="true")
    await reader.delete(f"/v1/messages/{made['id']}")
    await reader.post(f"/v1/messages/{made['id']}/cancel")
    assert rows(tmp_path) == before


def rows(folder: Path) -> dict[str, list[object]]:
    """All that is kept, but for what is made of it again when somebody looks: indices of words and conversations."""
    with closing(sqlite3.connect(folder / "bridge.db")) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in tables if not name.startswith(("message_words", "received_words", "conversations"))]
        return {name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in kept}


@pytest.mark.parametrize("operation", [each for each in ASKING if (each.needs or ADMIN) >= ADMIN], ids=named)
async def test_no_key_looks_after_people(site: Site, operation: AnyOperation) -> None:
    if operation.path.startswith(("/v1/users", "/v1/user-links")):
        assert (await ask(site.operator, operation)).problem == (403, "not-allowed", "")
        assert (await ask(site.shop, operation)).problem == (403, "not-allowed", "")
