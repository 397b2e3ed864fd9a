"""Whatever is posted to Zhenzi's dialect: code 0 is one message that is queued, any other leaves nothing."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.http_site import HttpSite
from tests.support.property_bench import PropertyBench
from tests.support.zhenzi_calls import APP, BY_TEMPLATE, SEND, TO, furnish

#: a form can hold any text that UTF-8 can
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
NUMBERS = st.sampled_from([TO, "+15550123", "+44 7700 900123", "shop"]) | TEXT
PARAMS = st.lists(TEXT, max_size=3).map(json.dumps) | TEXT
IDS = st.uuids().map(str) | st.sampled_from(["again", ""]) | TEXT
MESSAGES = TEXT | st.integers(990, 1010).map("字".__mul__)
#: each field as it should be, mostly
FIELDS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    SEND: {"message": MESSAGES, "number": NUMBERS},
    BY_TEMPLATE: {"templateId": st.sampled_from(["two", "draft", "text"]) | TEXT, "number": NUMBERS},
}
OTHERS = {"messageId": IDS, "templateParams": PARAMS, "clientIp": st.ip_addresses().map(str) | TEXT, "other": TEXT}
CREDENTIALS = st.just(APP) | st.dictionaries(st.sampled_from(list(APP)), TEXT, max_size=2)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CODES = {100, 101, 105, 110}


def forms(path: str) -> st.SearchStrategy[dict[str, str]]:
    fields = st.fixed_dictionaries(FIELDS[path], optional=OTHERS) | st.dictionaries(TEXT, TEXT, max_size=3)
    return st.tuples(CREDENTIALS, fields).map(lambda both: both[1] | both[0])


async def furnished(site: HttpSite) -> None:
    await furnish(site)
    await site.gateway.administration.top_up("tests", "shop", 10**6)


@pytest.fixture(scope="module")
def bench() -> Iterator[PropertyBench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = PropertyBench(Path(folder), furnished)
        yield bench
        bench.close()


@pytest.mark.parametrize("path", FIELDS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_code_0_is_one_message_and_any_other_none(bench: PropertyBench, path: str, data: st.DataObject) -> None:
    answer, queued, paid = bench.ask("POST", path, data=urlencode(data.draw(forms(path))), headers=FORM)
    assert answer.status == 200
    if answer.json["code"] == 0:
        assert answer.json["data"] == "发送成功"
        assert queued == 1
        assert paid >= 1
    else:
        assert answer.json["code"] in CODES
        assert (queued, paid) == (0, 0)
