"""Each problem that the document promises, for each operation that promises it, brought about for real."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from api.http.bodies import Reading
from bridge.accounts import one_time_codes
from bridge.accounts.throttling import FREE
from bridge.bus import Bus
from bridge.gateway.gateway import Gateway
from bridge.model.account import AccountChange, Payment
from bridge.model.line import Channel
from bridge.model.message import State
from bridge.model.radio import InboundPart
from bridge.model.user import Role
from bridge.ports.store import Store
from tests.support.native_site import DOCUMENT, PASSWORD, Answer, Caller, Site, serving, site_in

NOTHING = "0" * 40
#: by then every message of today is expired
LATE = 4_000_000_000_000  # Unix ms
#: bodies that are taken, for the operations that need one
BODIES: Mapping[str, Any] = {
    "submitMessages": {"to": "+15550100", "text": "x", "client_ref": "r"},
    "addWebhook": {"url": "https://shop.example/sms"},
    "changeWebhook": {"paused": True},
    "redeliver": {"state": "dead"},
    "addAccount": {"name": "clinic"},
    "changeAccount": {"disabled": False},
    "topUp": {"credits": 1},
    "rotateCredentials": {"kind": "apikey"},
    "keepTemplate": {"text": "x"},
    "suppress": {},
    "rotateWebhookSecret": {"finish": True},
    "addKey": {"name": "crm", "scopes": ["send"]},
    "rememberForDevice": {"value": "x"},
    "signIn": {"name": "owner", "password": PASSWORD},
    "lookAtLink": {"link": "none"},
    "welcome": {"name": "anna", "password": "a long enough one", "link": "none"},
    "changePassword": {"old": PASSWORD, "new": "another long one"},
    "proposeCodes": {"password": PASSWORD},
    "beginCodes": {"code": "123456"},
    "endCodes": {"password": PASSWORD},
    "addUser": {"name": "anna", "role": "reader", "password": "a long enough one"},
    "changeUser": {"disabled": True},
    "addUserLink": {"user": "anna"},
    "keepContact": {"name": "Ann"},
    "settleMessage": {"as": "again"},
    "changeBatch": {"text": "x"},
}
#: what only an operator may ask for
OPERATORS = {
    "listAccounts", "addAccount", "changeAccount", "topUp", "rotateCredentials", "listAudit", "loopBack",
    "examineDevice", "getDeviceMemory", "rememberForDevice", "reload",
}  # fmt: skip
#: what only a person who is signed in may ask for; the one who asks is an owner
PEOPLE = {
    "signOut", "changePassword", "proposeCodes", "beginCodes", "endCodes", "listSessions", "endSession",
    "listUsers", "addUser", "changeUser", "removeUser", "addUserLink",
}  # fmt: skip
#: what cannot be done a second time
TWICE = {"addKey", "submitMessages"}
#: what takes a file as it is, and nothing that says it is JSON
OF_FILES = {"importContacts", "addBatch"}
#: what is asked for without credentials
PUBLIC = {"getSession", "signIn", "lookAtLink", "welcome"}
OPERATIONS = {operation["operationId"]: (method, path) for method, path, operation in DOCUMENT.operations()}
PROMISED = [
    pytest.param(operation["operationId"], int(status), id=f"{operation['operationId']}-{status}")
    for _, _, operation in DOCUMENT.operations()
    for status in operation["responses"]
    if status >= "400"
]


def filled(path: str, id: str = NOTHING, account: str = "shop") -> str:
    # what is remembered for a device is empty where there is none; only what can be no name is not found
    device = "no~name" if "/memory" in path else "office"
    parts = {"{id}": id, "{name}": account, "{device}": device, "{number}": "+15550100"}
    for part, value in parts.items():
        path = path.replace(part, value)
    return path


async def asking(site: Site, name: str) -> Caller:
    """Somebody who may."""
    if name in PUBLIC:
        return site.nobody
    if name in PEOPLE:
        return await site.person(Role.OWNER)
    return site.operator if name in OPERATORS else site.shop


def labelled(caller: Caller, kind: str) -> Caller:
    """The same one, whose bodies are of this kind."""
    return caller.with_headers(Content_Type=kind)


async def asking_with(site: Site, name: str) -> Caller:
    """Somebody who may, and says what kind of body the operation takes."""
    caller = await asking(site, name)
    return labelled(caller, "text/csv") if name in OF_FILES else caller


async def perform(caller: Caller, name: str, id: str = NOTHING, account: str = "shop", **query: str) -> Answer:
    method, path = OPERATIONS[name]
    return await caller.call(method, filled(path, id, account), BODIES.get(name), **query)


async def bad_value(site: Site, name: str) -> Answer:
    return await perform(await asking(site, name), name, nonsense="1")


async def no_credentials(site: Site, name: str) -> Answer:
    if name == "signIn":
        await site.person(Role.OWNER)
        return await site.nobody.post("/v1/session", {"name": "owner", "password": "a wrong one"})
    return await perform(site.nobody, name)


async def acting_for_another(site: Site, name: str) -> Answer:
    if name == "welcome":  # the first owner's visit comes from the machine itself, not by a proxy
        body = {"name": "anna", "password": "a long enough one"}
        return await site.nobody.with_headers(X_Forwarded_For="192.0.2.7").post("/v1/session/welcome", body)
    if name in PEOPLE:
        return await perform(site.shop, name)
    return await perform(site.shop.with_headers(SMS_Bridge_Account="bakery"), name)


async def nothing_there(site: Site, name: str) -> Answer:
    if name in PEOPLE | PUBLIC:
        return await perform(await asking(site, name), name, account="nobody")
    if name in ("getDeviceMemory", "rememberForDevice"):  # any device may have a memory, and none has such a name
        method, path = OPERATIONS[name]
        return await site.operator.call(method, path.replace("{device}", "%00").replace("{id}", "x"), BODIES.get(name))
    if "{name}" in OPERATIONS[name][1]:
        return await perform(site.operator, name, account="nobody")
    return await perform(await asking(site, name), name)


async def wrong_state_of_people(site: Site, name: str) -> Answer:
    owner = await site.person(Role.OWNER)
    if name == "welcome":
        body = {key: value for key, value in BODIES[name].items() if key != "link"}
        return await site.nobody.post("/v1/session/welcome", body)
    if name == "addUser":
        await perform(owner, name)
    if name == "addUserLink":
        return await owner.post("/v1/user-links", {})
    if name == "proposeCodes":
        secret = (await perform(owner, name)).body["secret"]
        code = one_time_codes.code(secret, site.gateway.now() // one_time_codes.PERIOD)
        assert (await owner.put("/v1/session/totp", {"code": code})).status == 200
    return await perform(owner, name, account="owner")


async def wrong_state_of_batches(site: Site, name: str) -> Answer:
    made = await labelled(site.shop, "text/csv").call("POST", "/v1/batches", b"number\n+15550150\n")
    path = f"/v1/batches/{made.body['id']}"
    if name in ("changeBatch", "removeBatch"):
        await site.shop.patch(path, {"text": "hello"})
        assert (await site.shop.post(f"{path}/start", {})).status == 200
    return await perform(site.shop, name, made.body["id"])


async def wrong_state(site: Site, name: str) -> Answer:
    if name in PEOPLE | PUBLIC:
        return await wrong_state_of_people(site, name)
    if name.endswith("Batch"):
        return await wrong_state_of_batches(site, name)
    if name in OPERATORS:
        if name == "addAccount":
            await perform(site.operator, name)
        return await perform(site.operator, name, account="operator")
    if name in TWICE:
        await perform(site.shop, name)
        return await perform(site.shop, name)
    if name.endswith(("Webhook", "WebhookSecret")):
        made = await site.shop.post("/v1/webhooks", BODIES["addWebhook"])
        return await perform(site.shop, name, made.body["id"])
    if name == "getReceivedMedia":
        item = InboundPart(
            "office", "slot-1", "+15550123", "look", sent_at=0, media="image 1", channel=Channel.WHATSAPP
        )
        received = await site.store.receive(item, "office", site.gateway.now())
        assert received is not None
        return await perform(site.shop, name, received.id)
    made = (await site.shop.send())["id"]
    if name == "cancelMessage":
        await site.carry(State.SENT)
    return await perform(site.shop, name, made)


async def too_large(site: Site, name: str) -> Answer:
    method, path = OPERATIONS[name]
    return await (await asking_with(site, name)).call(method, filled(path), {"text": "x" * 2000})


async def too_slow(site: Site, name: str) -> Answer:
    async def dribble() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    method, path = OPERATIONS[name]
    return await (await asking_with(site, name)).call(method, filled(path), dribble())


async def wrongly_labelled(site: Site, name: str) -> Answer:
    method, path = OPERATIONS[name]
    caller = labelled(await asking(site, name), "application/json" if name in OF_FILES else "text/plain")
    return await caller.call(method, filled(path), b"x")


async def too_many(site: Site, name: str) -> Answer:
    method, path = OPERATIONS[name]
    for _ in range(32):
        response = await site.http.request(method, path, headers=site.shop.headers)
        assert response.status == 200
    answer = await perform(site.shop, name)
    site.close_streams()
    return answer


async def too_many_guesses(site: Site, name: str) -> Answer:
    person = await site.person(Role.OWNER)
    for _ in range(FREE + 1):
        site.gateway.sessions.guesses.pause("127.0.0.1", None, round(time.monotonic() * 1000))
    return await perform(site.nobody if name in PUBLIC else person, name)


async def too_often(site: Site, name: str) -> Answer:
    if name == "streamEvents":
        return await too_many(site, name)
    if name in ("signIn", "changePassword", "proposeCodes", "endCodes"):
        return await too_many_guesses(site, name)
    for account in ("shop", "operator"):
        await site.gateway.administration.change_account("test", account, AccountChange(requests_per_minute=1))
    caller = site.shop if name in PEOPLE else await asking(site, name)  # how often is looked at before what for
    await perform(caller, name)
    return await perform(caller, name)


async def out_of_credit(site: Site, name: str) -> Answer:
    made = (await site.shop.send())["id"]
    if name == "settleMessage":
        await site.carry(State.UNKNOWN)
    await site.store.advance(LATE)
    await site.gateway.administration.change_account("test", "shop", AccountChange(payment=Payment.PREPAID))
    await site.gateway.administration.top_up("test", "shop", 0)
    return await perform(site.shop, name, made)


async def store_closed(site: Site, name: str) -> Answer:
    caller = await asking(site, name)
    await site.store.close()
    return await perform(caller, name)


WAYS: Mapping[int, Callable[[Site, str], Awaitable[Answer]]] = {
    400: bad_value,
    401: no_credentials,
    402: out_of_credit,
    403: acting_for_another,
    404: nothing_there,
    408: too_slow,
    409: wrong_state,
    413: too_large,
    415: wrongly_labelled,
    429: too_often,
    503: store_closed,
}


@pytest.mark.parametrize(("name", "status"), [param for param in PROMISED if param.values[1] != 500])
async def test_the_promised_problem_happens(tmp_path: Path, name: str, status: int) -> None:
    reading = Reading(patience=0.1 if status == 408 else 20.0)
    async with site_in(tmp_path, body_limits={"native": 1000}, reading=reading) as site:
        assert (await WAYS[status](site, name)).status == status


class Mistaken:
    """A store in which every call is a mistake."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def call(*_: object, **__: object) -> None:
            raise TypeError(f"'NoneType' object has no attribute {name!r}")

        return call


@asynccontextmanager
async def broken() -> AsyncIterator[Caller]:
    """A bridge with a mistake of its own."""
    async with serving(Gateway(cast(Store, Mistaken()), Bus())) as http:
        yield Caller(http, {"X-Api-Key": "shop-key"})


@pytest.mark.parametrize("name", [param.values[0] for param in PROMISED if param.values[1] == 500])
async def test_a_mistake_of_ours_is_told_without_its_details(name: str) -> None:
    async with broken() as caller:
        answer = await perform(caller, name)
    assert answer.problem == (500, "internal", "")
    assert "NoneType" not in answer.detail


async def test_says_when_the_store_went_away_after_the_credentials_were_known(site: Site) -> None:
    await site.shop.get("/v1/me")
    await site.store.close()
    answer = await site.shop.post("/v1/messages", BODIES["submitMessages"])
    assert answer.problem == (503, "store-unavailable", "")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS.values()}))
async def test_other_methods_are_told_which_ones_there_are(site: Site, path: str) -> None:
    other = next(method for method in ("PUT", "POST", "GET") if method not in DOCUMENT.methods(path))
    answer = await site.shop.call(other, filled(path))
    assert answer.problem == (405, "method-not-allowed", "")
    assert set(answer.headers["Allow"].split(", ")) == DOCUMENT.methods(path)


@pytest.mark.parametrize("path", ["/v1", "/v1/message", "/v1/messages/x/parts", "/v1/%00"])
async def test_an_unknown_path_is_told_in_the_same_shape(shop: Caller, path: str) -> None:
    assert (await shop.get(path)).problem == (404, "no-such-thing", "")


async def test_a_problem_reads_like_rfc_9457(shop: Caller) -> None:
    answer = await shop.get("/v1/messages", limit="0")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "urn:sms-bridge:problem:bad-request",
        "title": "Bad Request",
        "status": 400,
        "detail": "`limit` must be a whole number from 1 to 1000",
        "field": "limit",
    }
