"""Whatever is posted: no 500, nothing queued on a refusal, and the document knows what is accepted."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clocks import FakeClock
from tests.support.native_site import DOCUMENT, Answer, Site, site_in

NUMBERS = st.sampled_from(["+15550100", "0015550101", "+44 7700 900123", "8613800138000", "12", "x", "", "+", "\0"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TIMES = st.integers(-1, 5_000_000_000) | st.floats(-1, 5e9) | st.datetimes().map(lambda moment: f"{moment}Z")
#: the moment of the document's examples, 2026-11-20T22:48:32Z
DOCUMENTED = 1_795_214_912_000
#: each field as it should be, mostly
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "to": NUMBERS,
    "text": st.text(max_size=200),
    "line": st.sampled_from(["", "office", "shop-phone", "attic"]),
    "slot": st.integers(-1, 4),
    "not_before": TIMES,
    "expires_at": TIMES,
    "ttl": st.integers(-1, 3_000_000),
    "on_unknown": st.sampled_from(["hold", "resend", "fail", "ask"]),
    "report": st.booleans(),
    "client_ref": st.text(max_size=10),
    "tag": st.text(max_size=10),
}
NEEDED = {name: FIELDS[name] | JSON for name in ("to", "text")}
OTHERS = {name: values | JSON for name, values in FIELDS.items() if name not in NEEDED} | {"tetx": JSON}
ENTRIES = st.fixed_dictionaries(NEEDED, optional=OTHERS)
MANY = st.fixed_dictionaries({"to": st.lists(NEEDED["to"], max_size=4), "text": NEEDED["text"]}, optional=OTHERS)
BATCHES = st.fixed_dictionaries({"messages": st.lists(ENTRIES | JSON, max_size=4)}, optional=FIELDS)
BODIES = ENTRIES | MANY | BATCHES | JSON
PLAIN = st.fixed_dictionaries({"to": NUMBERS, "text": st.text(min_size=1, max_size=400)})


class Bench:
    """One bridge for all examples, on an event loop of its own."""

    def __init__(self, folder: str) -> None:
        self._runner = asyncio.Runner()
        self._opened = site_in(Path(folder))
        self.site: Site = self._runner.run(self._opened.__aenter__())

    def post(self, body: Any) -> tuple[Answer, int]:
        """The answer, and how many messages are there more than before."""

        async def both() -> tuple[Answer, int]:
            before = await self._newest()
            answer = await self.site.shop.post("/v1/messages", body)
            return answer, await self._newest() - before

        return self._runner.run(both())

    def show(self, message: str) -> Any:
        return self._runner.run(self.site.shop.get(f"/v1/messages/{message}")).body

    async def _newest(self) -> int:
        return await self.site.gateway.position()

    def close(self) -> None:
        self._runner.run(self._opened.__aexit__(None, None, None))
        self._runner.close()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        yield bench
        bench.close()


def request_schema() -> dict[str, Any]:
    operation = DOCUMENT.tree["paths"]["/v1/messages"]["post"]
    return dict(operation["requestBody"]["content"]["application/json"]["schema"])


EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(body=BODIES)
def test_a_body_is_taken_whole_or_refused_whole(bench: Bench, body: Any) -> None:
    answer, more = bench.post(body)
    if answer.status == 202:
        assert more == answer.body.get("count", 1)
        assert DOCUMENT.accepts(request_schema(), body)
    else:
        assert answer.status in {400, 409}
        assert answer.detail
        assert more == 0


@EXAMPLES
@given(raw=st.binary(max_size=60))
def test_bytes_that_are_no_json_are_refused(bench: Bench, raw: bytes) -> None:
    answer, more = bench.post(raw)
    assert (answer.status, more) == (400, 0)


@EXAMPLES
@given(entries=st.lists(PLAIN, min_size=1, max_size=3))
def test_what_is_accepted_comes_back_as_it_was_written(bench: Bench, entries: list[dict[str, str]]) -> None:
    answer, _ = bench.post({"messages": entries})
    if answer.status == 202:
        kept = [bench.show(made) for made in answer.body["ids"]]
        assert [(message["written"], message["text"]) for message in kept] == [
            (entry["to"], entry["text"]) for entry in entries
        ]
    else:
        assert answer.body["field"].startswith("messages[")


async def test_every_documented_example_is_taken(tmp_path: Path) -> None:
    content = DOCUMENT.tree["paths"]["/v1/messages"]["post"]["requestBody"]["content"]["application/json"]
    async with site_in(tmp_path, clock=FakeClock(DOCUMENTED)) as site:
        for name, example in content["examples"].items():
            answer = await site.shop.post("/v1/messages", example["value"])
            assert answer.status == 202, (name, answer.body)
