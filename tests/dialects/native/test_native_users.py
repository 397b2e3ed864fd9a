"""/v1/users: owners say who may sign in, and there is always one of them."""

import pytest

from bridge.model.user import Role
from tests.support.native_site import PASSWORD, Site


async def test_an_owner_adds_somebody_who_can_sign_in_at_once(site: Site) -> None:
    owner = await site.person(Role.OWNER)
    answer = await owner.post("/v1/users", {"name": "anna", "role": "operator", "password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (201, "/v1/users/anna")
    assert "link" not in answer.body
    signed_in = await site.nobody.post("/v1/session", {"name": "anna", "password": PASSWORD})
    assert signed_in.body["user"]["role"] == "operator"
    rows = [(row["name"], row["role"], row["seen_at"]) for row in (await owner.get("/v1/users")).body["users"]]
    assert [row[:2] for row in rows] == [("anna", "operator"), ("owner", "owner")]
    assert all(seen_at for _, _, seen_at in rows)
    again = await owner.post("/v1/users", {"name": "Anna", "role": "reader", "password": PASSWORD})
    assert again.problem == (409, "not-possible", "")


async def test_without_a_password_the_user_chooses_one_by_a_link(site: Site) -> None:
    owner = await site.person(Role.OWNER)
    made = (await owner.post("/v1/users", {"name": "anna", "role": "reader"})).body
    secret = made["link"].removeprefix("/#/welcome/")
    assert (await site.nobody.post("/v1/session", {"name": "anna", "password": ""})).status == 400
    assert (await site.nobody.post("/v1/session", {"name": "anna", "password": "x"})).status == 401
    looked = (await site.nobody.post("/v1/session/link", {"link": secret})).body
    assert (looked["name"], looked["role"]) == ("anna", "reader")
    answer = await site.nobody.post("/v1/session/welcome", {"link": secret, "password": PASSWORD, "name": "eve"})
    assert (answer.status, answer.body["user"]["name"]) == (201, "anna")


async def test_a_link_for_who_forgot_the_password_ends_the_one_before_and_the_sessions(site: Site) -> None:
    owner, reader = await site.person(Role.OWNER), await site.person(Role.READER)
    first = (await owner.post("/v1/user-links", {"user": "reader"})).body["link"].rpartition("/")[2]
    second = (await owner.post("/v1/user-links", {"user": "reader"})).body["link"].rpartition("/")[2]
    assert (await site.nobody.post("/v1/session/link", {"link": first})).status == 404
    assert (await reader.get("/v1/lines")).status == 200
    await site.nobody.post("/v1/session/welcome", {"link": second, "password": "another long one"})
    assert (await reader.get("/v1/lines")).status == 401
    assert (await owner.post("/v1/user-links", {"user": "nobody"})).problem == (404, "no-such-thing", "")
    assert (await owner.post("/v1/user-links", {})).problem == (409, "not-possible", "")


@pytest.mark.parametrize("change", [{"role": "reader"}, {"disabled": True}], ids=str)
async def test_the_last_owner_who_can_sign_in_stays_one(site: Site, change: dict[str, object]) -> None:
    owner = await site.person(Role.OWNER)
    await owner.post("/v1/users", {"name": "anna", "role": "owner"})
    assert (await owner.patch("/v1/users/owner", change)).problem == (409, "not-possible", "")
    assert (await owner.delete("/v1/users/owner")).problem == (409, "not-possible", "")
    assert (await owner.get("/v1/users")).status == 200
    await owner.patch("/v1/users/anna", {"password": PASSWORD})
    assert (await owner.patch("/v1/users/owner", change)).status == 200


async def test_a_role_counts_from_the_next_request_on(site: Site) -> None:
    owner, operator = await site.person(Role.OWNER), await site.person(Role.OPERATOR)
    await operator.send()
    assert (await owner.patch("/v1/users/operator", {"role": "reader"})).body["role"] == "reader"
    answer = await operator.post("/v1/messages", {"to": "+15550100", "text": "x"})
    assert answer.detail == "operator is a reader here; this takes an operator."


async def test_who_is_disabled_or_removed_is_out_at_once(site: Site) -> None:
    owner, operator, reader = [await site.person(role) for role in (Role.OWNER, Role.OPERATOR, Role.READER)]
    await owner.patch("/v1/users/operator", {"disabled": True})
    await owner.delete("/v1/users/reader")
    assert [(await each.get("/v1/lines")).status for each in (operator, reader)] == [401, 401]
    assert (await site.nobody.post("/v1/session", {"name": "operator", "password": PASSWORD})).status == 401
    await owner.patch("/v1/users/operator", {"disabled": False})
    assert (await operator.get("/v1/lines")).status == 401, "the session has ended, not slept"
    assert (await site.nobody.post("/v1/session", {"name": "operator", "password": PASSWORD})).status == 201


async def test_says_what_it_cannot_take(site: Site) -> None:
    owner = await site.person(Role.OWNER)
    for body, field in (
        ({"name": "anna"}, "role"),
        ({"name": "anna", "role": "boss"}, "role"),
        ({"name": "a b", "role": "reader"}, "name"),
        ({"name": "anna", "role": "reader", "password": "password123"}, "password"),
    ):
        assert (await owner.post("/v1/users", body)).problem == (400, "bad-request", field)
    assert (await owner.patch("/v1/users/owner", {})).status == 400
    assert (await owner.patch("/v1/users/owner", {"totp": True})).problem == (400, "bad-request", "totp")
    assert (await owner.patch("/v1/users/nobody", {"role": "reader"})).status == 404


async def test_every_change_is_in_the_trail_without_a_secret(site: Site) -> None:
    owner = await site.person(Role.OWNER)
    link = (await owner.post("/v1/users", {"name": "anna", "role": "reader"})).body["link"].rpartition("/")[2]
    await owner.patch("/v1/users/anna", {"role": "operator", "disabled": True, "password": "another long one"})
    await owner.delete("/v1/users/anna")
    entries = (await owner.get("/v1/audit", limit=4)).body["entries"]
    assert [(row["what"], row["detail"]) for row in entries] == [
        ("remove_user", "anna"),
        ("change_user", "anna, operator, disabled, another password"),
        ("link_user", "anna"),
        ("add_user", "anna, reader"),
    ]
    assert {row["who"] for row in entries} == {"owner from 127.0.0.1"}
    assert link not in str(entries)
