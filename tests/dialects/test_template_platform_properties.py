"""Whatever is posted to the template platform: what it says is queued is queued, and a failure leaves nothing."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.http_site import HttpSite
from tests.support.property_bench import PropertyBench
from tests.support.template_calls import HEADERS, TO, add_template, furnish

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PHONES = st.sampled_from([TO, "+15550123", "+44 7700 900123", "shop", ""])
VALUES = st.dictionaries(st.sampled_from(["code", "1"]), st.text(max_size=90) | st.integers() | ANYTHING, max_size=2)
#: each member as it should be, mostly
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "phone": PHONES | ANYTHING,
    "phones": st.lists(PHONES | ANYTHING, max_size=4) | ANYTHING,
    "template_id": st.sampled_from(["123456", "plain", "draft", "none"]) | ANYTHING,
    "params": VALUES | ANYTHING,
    "provider": st.sampled_from(["office", "duo", "tencent", ""]) | ANYTHING,
    "extra": ANYTHING,
}


def bodies(*needed: str) -> st.SearchStrategy[Any]:
    optional = {name: MEMBERS[name] for name in ("params", "provider")}
    mostly = st.fixed_dictionaries({name: MEMBERS[name] for name in needed}, optional=optional)
    return mostly | st.fixed_dictionaries({}, optional=MEMBERS) | ANYTHING


async def furnished(site: HttpSite) -> None:
    await furnish(site)
    await add_template(site, "plain", "您好")
    await site.gateway.administration.top_up("tests", "shop", 10**6)


@pytest.fixture(scope="module")
def bench() -> Iterator[PropertyBench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = PropertyBench(Path(folder), furnished)
        yield bench
        bench.close()


COMMON = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@COMMON
@given(body=bodies("phone", "template_id"))
def test_one_request_is_one_message_or_none(bench: PropertyBench, body: Any) -> None:
    answer, queued, paid = bench.ask("POST", "/api/sms/send", data=json.dumps(body), headers=HEADERS)
    if answer.json["success"]:
        assert (answer.status, queued) == (200, 1)
        assert paid >= 1
    else:
        assert (answer.status, queued, paid) == (400, 0, 0)
        assert answer.json["message"].startswith(("请求参数错误", "发送失败"))


@COMMON
@given(body=bodies("phones", "template_id"))
def test_a_batch_is_as_many_messages_as_it_says(bench: PropertyBench, body: Any) -> None:
    answer, queued, paid = bench.ask("POST", "/api/sms/batch-send", data=json.dumps(body), headers=HEADERS)
    if answer.json["success"]:
        data = answer.json["data"]
        good = [result for result in data["results"] if result["success"]]
        assert (answer.status, queued) == (200, data["success_count"])
        assert paid >= queued
        assert len(good) == data["success_count"] == data["total"] - data["failed_count"]
        assert data["total"] == len(body["phones"]) == len(data["results"])
    else:
        assert (answer.status, queued, paid) == (400, 0, 0)


@COMMON
@given(
    query=st.dictionaries(
        st.sampled_from(["page", "per_page", "status", "start_time", "end_time", "other"]),
        st.sampled_from(["1", "7", "100", "success", "2026-03-20 21:07:44"]) | st.text(max_size=25),
    )
)
def test_any_query_gives_a_page_or_names_what_is_wrong(bench: PropertyBench, query: dict[str, str]) -> None:
    query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    answer, _, _ = bench.ask("GET", "/api/sms/records", params=query, headers=HEADERS)
    if answer.status == 200:
        data = answer.json["data"]
        assert len(data["records"]) <= data["per_page"] <= 100
        assert len(data["records"]) <= data["total"]
    else:
        assert answer.status == 400
        assert any(name in answer.json["message"] for name in query)
