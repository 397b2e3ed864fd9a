"""Whatever is sent to /sendsms: a success is one message that is queued, anything else leaves nothing."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.http_site import CREDENTIALS, HttpSite
from tests.support.property_bench import PropertyBench

#: a form can hold any text that UTF-8 can
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
YES_NO = st.sampled_from(["", "0", "1", "yes", "no"]) | TEXT
PARAMETERS = st.fixed_dictionaries(
    {
        "apikey": st.just(CREDENTIALS["apikey"]) | TEXT,
        "recipients": st.sampled_from(["+15550123", " 15550123", "07700 900123", "a,b"]) | TEXT,
        "message": TEXT,
    },
    optional={
        "sendsms": YES_NO,
        "sendwa": YES_NO,
        "waonly": YES_NO,
        "shorturl": YES_NO,
        "schedule_timestamp": st.integers(-(10**12), 10**12).map(str) | TEXT,
        "sIdentifiant": st.sampled_from(["", "office", "attic"]) | TEXT,
        "port": st.sampled_from(["", "1", "2", "3"]) | TEXT,
        "from": TEXT,
    },
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


async def furnished(site: HttpSite) -> None:
    await site.gateway.administration.top_up("tests", "shop", 10**6)


@pytest.fixture(scope="module")
def bench() -> Iterator[PropertyBench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = PropertyBench(Path(folder), furnished)
        yield bench
        bench.close()


@pytest.mark.parametrize("way", ["form", "query", "json"])
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(parameters=PARAMETERS)
def test_success_is_one_message_and_anything_else_none(
    bench: PropertyBench, way: str, parameters: dict[str, str]
) -> None:
    if way == "query":
        answer, queued, paid = bench.ask("GET", f"/sendsms?{urlencode(parameters)}")
    elif way == "form":
        answer, queued, paid = bench.ask("POST", "/sendsms/", data=urlencode(parameters), headers=FORM)
    else:
        answer, queued, paid = bench.ask("POST", "/sendsms", data=json.dumps(parameters), headers=JSON)
    if answer.status == 200:
        assert (answer.json["result"]["error"], answer.json["result"]["sent"]) == (0, "1")
        assert "error" not in answer.json
        assert queued == 1
        assert paid >= 1
    else:
        assert answer.status in {400, 403}
        assert answer.json["error"] == answer.json["result"]["error"] != ""
        assert answer.json["result"]["sent"] == "api_error"
        assert answer.json["message"]
        assert (queued, paid) == (0, 0)
