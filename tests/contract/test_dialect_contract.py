"""The same promises of every dialect: one that is new is found by itself and fails here until it keeps them."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web

import api.http.errors
import bridge.errors
from api.dialect.contract import Dialect, Mount, Sample, Site, discover
from api.http.errors import BodyTooLarge, UnknownPath, WrongMethod
from bridge.errors import BridgeError, NotAllowed, OutOfCredit, StoreUnavailable
from bridge.model.account import AccountChange, Payment
from bridge.model.message import State
from tests.support.http_site import CREDENTIALS, Answer, HttpSite, open_site

DIALECTS = discover()
RECIPIENT, TEXT = "+15550123", "Grüße, 100% ok"
#: every secret of CREDENTIALS replaced by one that is nobody's
WRONG = {name: value if name == "account" else "0" * len(value) for name, value in CREDENTIALS.items()}


def kinds(root: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    """Every class of error that a dialect may be handed."""
    if root.__module__ in (bridge.errors.__name__, api.http.errors.__name__):
        yield root
    for child in root.__subclasses__():
        yield from kinds(child)


@pytest.fixture(params=DIALECTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def site(name: str, tmp_path: Path) -> AsyncIterator[HttpSite]:
    """This dialect alone, under a prefix."""
    async with open_site(tmp_path, dialects={name: "/here"}) as opened:
        yield opened


@pytest.fixture
def dialect(name: str, site: HttpSite) -> Dialect:
    """One like that which is served, to ask it how things should look."""
    kind = DIALECTS[name]
    return kind(Site(site.gateway), Mount("/here", kind.body_limit))


def sample(dialect: Dialect, credentials: dict[str, str] = CREDENTIALS, text: str = TEXT) -> Sample:
    return dialect.sample(credentials, RECIPIENT, text)


async def send(site: HttpSite, wanted: Sample, **changes: Any) -> Answer:
    request = {"method": wanted.method, "path": wanted.path, "headers": wanted.headers, "data": wanted.body} | changes
    return await site.ask(**request)


def is_like(answer: Answer, wanted: web.Response) -> bool:
    """Whether a body has all that a refusal of the dialect has, whatever the words and whatever more."""
    assert isinstance(wanted.body, bytes)
    kind = answer.headers["Content-Type"]
    if kind != wanted.headers["Content-Type"]:
        return False
    if "json" in kind:
        return _covers(json.loads(answer.body), json.loads(wanted.body))
    if "xml" in kind:
        return _tags(answer.body) >= _tags(wanted.body)
    return True


def _covers(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(key in value and _covers(value[key], wanted[key]) for key in wanted)
    return type(value) is type(wanted)


def _tags(body: bytes) -> set[str]:
    return {node.tag for node in ElementTree.fromstring(body).iter()}


def assert_refused(answer: Answer, wanted: web.Response) -> None:
    assert answer.status == wanted.status
    assert is_like(answer, wanted), answer.body


@pytest.mark.parametrize("state", State)
def test_has_a_word_for_the_state(name: str, state: State) -> None:
    assert state in DIALECTS[name].STATE_WORDS


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
def test_has_a_word_for_the_error(name: str, kind: type[BridgeError]) -> None:
    assert kind in DIALECTS[name].ERROR_WORDS


def test_says_what_it_is(name: str) -> None:
    # the command line knows dialects by their modules' names, without importing them
    assert DIALECTS[name].name == name
    assert DIALECTS[name].about
    assert all(words for _, words in DIALECTS[name].options.values())


async def test_takes_the_sample_and_queues_it_once(site: HttpSite, dialect: Dialect) -> None:
    answer = await send(site, sample(dialect))
    assert 200 <= answer.status < 300
    message = await site.the_message()
    assert (message.recipient, message.text, message.dialect) == (RECIPIENT, TEXT, dialect.name)


async def test_answers_with_a_trailing_slash_too(site: HttpSite, dialect: Dialect) -> None:
    wanted = sample(dialect)
    path, mark, query = wanted.path.partition("?")
    answer = await send(site, wanted, path=f"{path}/{mark}{query}")
    assert 200 <= answer.status < 300
    assert (await site.the_message()).text == TEXT


async def test_refuses_wrong_credentials_in_its_own_shape(site: HttpSite, dialect: Dialect) -> None:
    answer = await send(site, sample(dialect, WRONG))
    refusal = dialect.refuse(NotAllowed())
    # 401 where the dialect tells "nobody" from "not you" (RFC 9110 §15.5.2)
    assert answer.status in (401, refusal.status)
    assert is_like(answer, refusal), answer.body
    assert not await site.messages()


async def test_sends_nothing_for_a_prepaid_account_that_was_never_topped_up(site: HttpSite, dialect: Dialect) -> None:
    await site.gateway.administration.change_account("tests", "shop", AccountChange(payment=Payment.PREPAID))
    assert_refused(await send(site, sample(dialect)), dialect.refuse(OutOfCredit()))
    assert not await site.messages()
    await site.gateway.administration.top_up("tests", "shop", 1)
    assert 200 <= (await send(site, sample(dialect))).status < 300
    assert (await site.the_message()).text == TEXT


async def test_refuses_an_unknown_path_in_its_own_shape(site: HttpSite, dialect: Dialect) -> None:
    wanted = sample(dialect)
    answer = await send(site, wanted, path=f"{wanted.path.partition('?')[0]}/no/such/path")
    assert_refused(answer, dialect.refuse(UnknownPath()))
    assert not await site.messages()


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
async def test_refuses_a_wrong_method(site: HttpSite, dialect: Dialect, method: str) -> None:
    answer = await send(site, sample(dialect), method=method)
    wanted = dialect.refuse(WrongMethod())
    if method == "HEAD":
        assert answer.status == wanted.status
    else:
        assert_refused(answer, wanted)
    assert not await site.messages()


@pytest.mark.parametrize("body", [b'{"recipients": "+15550123", "mess', b"[1, 2", b'"', b"\xff{", b"[" * 100_000])
async def test_refuses_broken_json_in_its_own_shape(site: HttpSite, dialect: Dialect, body: bytes) -> None:
    wanted = sample(dialect)
    headers = {**wanted.headers, "Content-Type": "application/json"}
    answer = await send(site, wanted, method="POST", path=wanted.path.partition("?")[0], headers=headers, data=body)
    assert is_like(answer, dialect.refuse(NotAllowed())), answer.body
    assert not await site.messages()


async def test_refuses_text_that_is_no_utf8(site: HttpSite, dialect: Dialect) -> None:
    wanted = sample(dialect, text="caf\u00e9")
    spellings = ((b"%C3%A9", b"%E9"), (b"%c3%a9", b"%e9"), (b"\xc3\xa9", b"\xe9"), (b"\\u00e9", b"\xe9"))
    path, body = wanted.path.encode(), wanted.body
    for good, bad in spellings:
        path, body = path.replace(good, bad), body.replace(good, bad)
    assert (path, body) != (wanted.path.encode(), wanted.body)
    headers = b"".join(f"{key}: {value}\r\n".encode() for key, value in wanted.headers.items())
    head = b"%s %s HTTP/1.1\r\nHost: here\r\n%sContent-Length: {length}" % (wanted.method.encode(), path, headers)
    answer = await site.raw(head + b"\r\n\r\n" + body)
    assert is_like(answer, dialect.refuse(NotAllowed())), answer.body
    assert not await site.messages()


async def test_refuses_a_body_that_is_too_large(tmp_path: Path, name: str) -> None:
    async with open_site(tmp_path, dialects={name: "/here"}, body_limits={name: 2000}) as site:
        dialect = DIALECTS[name](Site(site.gateway), Mount("/here", 2000))
        wanted = sample(dialect)
        refusal = dialect.refuse(BodyTooLarge(2000))
        body = wanted.body + b" " * (2001 - len(wanted.body))
        assert_refused(await send(site, wanted, method="POST", data=body), refusal)

        async def pieces() -> AsyncIterator[bytes]:
            yield body[:1500]
            yield body[1500:]

        assert_refused(await send(site, wanted, method="POST", data=pieces()), refusal)
        assert not await site.messages()


async def test_says_when_the_store_cannot_keep_a_message(tmp_path: Path, name: str) -> None:
    async with open_site(tmp_path, dialects={name: "/here"}) as site:
        dialect = DIALECTS[name](Site(site.gateway), Mount("/here", DIALECTS[name].body_limit))
        await site.close_store()
        assert_refused(await send(site, sample(dialect)), dialect.refuse(StoreUnavailable()))


def test_a_new_dialect_is_one_folder_with_its_credentials_and_its_webhook_format(tmp_path: Path) -> None:
    script = "tests.support.more_dialects.try_tiny"
    done = subprocess.run(
        [sys.executable, "-m", script, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "statuses": [200, 400],
        "attempts": 2,
        "event": "message.sent",
        "body": {"sent": "order-1"},
    }
