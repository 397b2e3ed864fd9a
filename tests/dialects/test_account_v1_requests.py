"""What must never get in by the account/MD5 dialect, and that nothing is queued and no credit moves when it tries."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.dialects.account_v1.send import MOST_MOBILES, compose
from api.http.parameters import Parameters
from bridge.accounts.throttling import FailedLogins
from bridge.errors import BadRequest
from tests.support.account_v1_calls import FORM, PATHS, PWD, SHOP, TO, post, pull, refused, send_form
from tests.support.http_site import HttpSite, open_site

#: endpoint → what its form needs
NEEDED = dict.fromkeys(PATHS, ("account", "pwd")) | {PATHS[0]: ("account", "pwd", "mobiles", "content")}
EVERY = [(path, name) for path, names in NEEDED.items() for name in names]
SENT = [*NEEDED[PATHS[0]], "taskId", "extNo"]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """With credits, a report and an SMS to take; none of them may be gone after a refusal."""
    async with open_site(tmp_path) as site:
        await site.gateway.administration.top_up("test", "shop", 100)
        await site.hear("hello")
        yield site
        await assert_untouched(site)


@pytest.fixture
async def open_door(tmp_path: Path) -> AsyncIterator[HttpSite]:
    """Where something may get in."""
    async with open_site(tmp_path) as site:
        yield site


async def assert_untouched(site: HttpSite) -> None:
    assert not await site.messages()
    assert (await site.gateway.administration.account("shop")).credits == 100
    assert [row["content"] for row in await pull(site, "mo")] == ["hello"]


@pytest.mark.parametrize(("path", "name"), EVERY)
async def test_names_what_is_missing(site: HttpSite, path: str, name: str) -> None:
    for form in (send_form(**{name: None}), send_form(**{name: ""})):
        answer = await post(site, path, form)
        assert refused(answer) == ("07" if name == "content" else "03")
        assert name in answer.json["message"]


@pytest.mark.parametrize(("path", "name"), [*EVERY, (PATHS[0], "taskId"), (PATHS[0], "extNo")])
async def test_takes_nothing_that_comes_twice(site: HttpSite, path: str, name: str) -> None:
    form = send_form(taskId="t", extNo="7")
    for again in (form[name], "1"):
        body = f"{urlencode(form)}&{name}={quote(again)}".encode()
        answer = await post(site, path, body)
        assert refused(answer) == "03"
        assert name in answer.json["message"]


@pytest.mark.parametrize(("path", "name"), [*EVERY, (PATHS[0], "taskId"), (PATHS[0], "extNo")])
async def test_takes_nothing_that_is_no_utf8(site: HttpSite, path: str, name: str) -> None:
    form = send_form(taskId="t", extNo="7")
    for broken in (b"%D6%D0", b"\xd6\xd0", b"%ED%A0%80"):
        rest = urlencode({key: value for key, value in form.items() if key != name}).encode()
        answer = await post(site, path, b"%b&%b=%b" % (rest, name.encode(), broken))
        assert refused(answer) == "03"
        assert name in answer.json["message"]


GBK = quote("端午节快乐", encoding="gbk")


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("&taskId=" + "t" * 101, "参数 taskId 格式错误:最长 100 个字符,不能含有换行等控制字符"),
        ("&taskId=a%0Ab", "参数 taskId 格式错误:最长 100 个字符,不能含有换行等控制字符"),
        ("&extNo=-1", "参数 extNo 格式错误:只能为正整数,最长 20 位"),
        ("&extNo=1.5", "参数 extNo 格式错误:只能为正整数,最长 20 位"),
        ("&extNo=1&extNo=2", "参数 extNo 格式错误:重复或不是 UTF-8 编码"),
        ("&taskId=" + GBK, "参数 taskId 格式错误:重复或不是 UTF-8 编码"),
        ("&content=" + GBK, "参数 content 格式错误:重复或不是 UTF-8 编码"),
        ("&pwd=1", "参数 pwd 格式错误:重复或不是 UTF-8 编码"),
    ],
)
async def test_says_how_a_parameter_should_be(site: HttpSite, rest: str, sentence: str) -> None:
    answer = await post(site, PATHS[0], (urlencode(send_form()) + rest).encode())
    assert (refused(answer), answer.json["message"]) == ("03", sentence)


@pytest.mark.parametrize("between", [";", "\uff1b", " ", "\n", "|", "、", "/"])
async def test_says_what_stands_between_numbers(site: HttpSite, between: str) -> None:
    written = f"13800138000{between}13900139000"
    answer = await post(site, PATHS[0], send_form(mobiles=written))
    assert (refused(answer), not await site.messages()) == ("03", True)
    assert answer.json["message"] == f"参数 mobiles 中的号码 {written} 格式错误,多个号码请用逗号分割"


@pytest.mark.parametrize(("path", "name"), EVERY)
async def test_reads_the_body_and_not_the_query(site: HttpSite, path: str, name: str) -> None:
    form = send_form()
    value = form.pop(name)
    answer = await post(site, f"{path}?{urlencode({name: value})}", form)
    assert refused(answer) == ("07" if name == "content" else "03")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_answers_to_post_only(site: HttpSite, path: str, method: str) -> None:
    answer = await site.ask(method, path, params=send_form(), data=send_form())
    assert (answer.status, refused(answer)) == (200, "03")
    assert "POST" in answer.json["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("label", "body"),
    [
        ("application/json", json.dumps(send_form()).encode()),
        ("application/json", b"[1, 2"),
        (FORM, json.dumps(send_form()).encode()),
        ("text/xml", b"<send/>"),
        ("", b""),
        (FORM, b"\x00\xff=&&&=%"),
    ],
)
async def test_takes_a_form_only(site: HttpSite, path: str, label: str, body: bytes) -> None:
    assert refused(await post(site, path, body, headers={"Content-Type": label})) == "03"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("label", ["application/json", "application/json; charset=utf-8", FORM, "text/xml", "", None])
async def test_says_that_json_is_no_form_instead_of_missing_what_is_in_it(
    site: HttpSite, path: str, label: str | None
) -> None:
    body = b"\xef\xbb\xbf" * (label is None) + json.dumps(send_form()).encode()
    answer = await post(site, path, body, headers={"Content-Type": label} if label is not None else {})
    assert refused(answer) == "03"
    assert "application/x-www-form-urlencoded" in answer.json["message"]


async def test_says_which_field_an_empty_form_has_not(site: HttpSite) -> None:
    for body in (b"", b"mobiles=%2B15550123"):
        assert "account" in (await post(site, PATHS[0], body, headers={"Content-Type": FORM})).json["message"]


@pytest.mark.parametrize("path", PATHS)
async def test_takes_no_more_than_it_can_read(site: HttpSite, path: str) -> None:
    assert refused(await post(site, path, send_form(content="x" * (1 << 20)))) == "03"


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("value", ["x" * 100_000, "\x00", "\x07", "\U0010ffff\x1b"])
async def test_takes_nothing_that_is_too_long_or_no_text(site: HttpSite, name: str, value: str) -> None:
    answer = await post(site, PATHS[0], send_form(**{name: value}))
    wanted = {"account": "01", "pwd": "01", "content": "07"}
    assert refused(answer) == wanted.get(name, "03")


@pytest.mark.parametrize("mobiles", [",", " , ,", "\uff0c", "shop", "13800138000;13800138001", "1", "+" * 3, "1" * 21])
async def test_takes_nothing_that_is_no_list_of_numbers(site: HttpSite, mobiles: str) -> None:
    answer = await post(site, PATHS[0], send_form(mobiles=mobiles))
    assert (refused(answer), "mobiles" in answer.json["message"]) == ("03", True)


async def test_says_where_nothing_is(site: HttpSite) -> None:
    for path in ("/api/v1", "/api/v1/", "/api/v1/Send", "/api/v1/send/more", "/api/v1/balance"):
        answer = await site.ask("POST", path, data=send_form())
        assert (answer.status, answer.json["code"], answer.json["data"]) == (404, "03", None)


async def test_does_not_mind_what_it_does_not_know(open_door: HttpSite) -> None:
    body = urlencode(send_form()).encode() + b"&sign=%D6%D0&x=1&x=2&=3&&%"
    assert (await post(open_door, PATHS[0], body)).json["code"] == "00"
    multipart = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value.encode())
        for name, value in send_form().items()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert (await post(open_door, PATHS[0] + "/", multipart + b"--b--\r\n", headers=headers)).json["code"] == "00"


_PIECES = st.sampled_from([TO, "+447700900123", ",", "\uff0c", " ", "", "shop", "0", "-1", "7", "\x00", "#", "é", "🙂"])
_VALUES = st.one_of(st.lists(_PIECES, max_size=6).map("".join), st.text(max_size=20))


@given(mobiles=_VALUES, content=_VALUES, task=_VALUES, extension=_VALUES)
@settings(max_examples=300, deadline=None)
def test_whatever_is_composed_is_within_bounds(mobiles: str, content: str, task: str, extension: str) -> None:
    form = Parameters(once=True)
    for name, value in {"mobiles": mobiles, "content": content, "taskId": task, "extNo": extension}.items():
        form.put(name, value.encode("utf-8", "surrogatepass"))
    try:
        made = compose(form)
    except BadRequest:
        return
    references = [draft.client_ref for draft in made.drafts]
    assert 1 <= len(references) == len(set(references)) <= MOST_MOBILES
    assert {reference.rpartition("#")[0] for reference in references} == {made.id}
    assert max(map(len, references)) <= 128
    assert {draft.text for draft in made.drafts} == {content}
    assert all(draft.tag == "" or draft.tag.isdecimal() for draft in made.drafts)
    assert task in ("", made.id)


@given(form=st.dictionaries(st.sampled_from(SENT), _VALUES))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_whatever_comes_in_is_answered_and_queued_all_or_none(open_door: HttpSite, form: dict[str, str]) -> None:
    sent = {"account": SHOP, "pwd": PWD, "mobiles": TO, "content": "hello"} | form
    before = len(await open_door.messages())
    open_door.gateway.authenticator.guesses = FailedLogins()  # each example is somebody else's first call
    body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in sent.items()})
    answer = await post(open_door, PATHS[0], body.encode())
    made = len(await open_door.messages()) - before
    assert (answer.json["code"] == "00") == (made > 0)
    if made:
        assert list(answer.json["data"]) == ["taskId"]
    else:
        assert refused(answer) in ("01", "03", "06", "07")
