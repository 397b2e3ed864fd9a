"""Every number, date and duration that a caller can send, at the edges of what there is: never an accident of ours."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from api.dialect.contract import Dialect, Mount, Route, Site, discover
from api.dialects.native.operations import OPERATIONS
from api.http.parameters import Parameters
from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, Answer, HttpSite, open_site

FORM = "application/x-www-form-urlencoded"
DIALECTS = discover()
EDGES = (
    "0", "-1", "1", "86400", "4102444800", "4102444801", "9999999999", "253402300799", "253402300800",
    "99999999999999", "999999999999999", f"{2**31}", f"{2**53}", f"{2**63 - 1}", f"{2**63}", "9" * 19, "9" * 30,
    "-9223372036854775808", "1e308", "1e999", "NaN", "0.1", "\u0661\u0667", "\u00b2", "1_000", " 7 ",
    "0001-01-01", "9999-12-31", "9999-12-30", "1969-12-31", "2026-02-30", "10000-01-01",
    "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-03-29 02:30:00",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z",
    "[1, 2]", "{}", '["", ""]', "1.2", "2100-01-01T00:00:00.001Z", "2026-01-01T00:00:00+24:00", "2016-12-31T23:59:60Z",
)  # fmt: skip
#: parameters that say who calls: wrong ones too often, and all others have to wait
WHO = frozenset({"apikey", "account", "pwd", "appId", "appSecret", "client_id", "client_secret"})


class Asked:
    """The names of parameters that handlers ask for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: set[str] = set()
        plain = Parameters.text

        def text(parameters: Parameters, name: str) -> str:
            self.names.add(name)
            return plain(parameters, name)

        monkeypatch.setattr(Parameters, "text", text)


def is_ours(answer: Answer) -> bool:
    """Whether something went wrong that is not the caller's fault."""
    # SOAP 1.1 tells the caller's own mistakes with 500 (§6.2)
    return answer.status >= 500 and b"<faultcode>soap:Client</faultcode>" not in answer.body


async def ask(site: HttpSite, dialect: Dialect, route: Route, given: dict[str, str]) -> Answer:
    """One request with the credentials and all that makes the dialect's sample good, and these parameters."""
    sample = dialect.sample(CREDENTIALS, "+15550123", "hello")
    path = f"/here{route.path}"
    if sample.headers.get("Content-Type") == FORM:
        good = dict(parse_qsl(sample.body.decode()))
        return await site.ask("POST", path, data=urlencode(good | given), headers=sample.headers)
    headers = {name: value for name, value in sample.headers.items() if name != "Content-Type"}
    return await site.ask("GET", f"{path}?{urlencode(given)}", headers=headers)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("name", [name for name in DIALECTS if name not in ("native", "smsmobile_soap")])
async def test_no_parameter_at_its_edge_is_an_accident(
    name: str, zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, accidents = Asked(monkeypatch), []
    async with open_site(tmp_path, dialects={name: "/here"}) as site:
        await site.gateway.administration.change_account("tests", "shop", AccountChange(zone=zone))
        kind = DIALECTS[name]
        dialect = kind(Site(site.gateway), Mount("/here", kind.body_limit))
        for route in dialect.routes():
            asked.names.clear()
            tried: set[str] = set()
            await ask(site, dialect, route, {})
            while left := asked.names - tried - WHO:
                tried |= left
                for parameter in left:
                    given = [{parameter: edge} for edge in EDGES]
                    answers = [await ask(site, dialect, route, each) for each in given]
                    assert 429 not in {got.status for got in answers}
                    accidents += [(route.path, each) for each, got in zip(given, answers, strict=True) if is_ours(got)]
    assert accidents == []


def native_requests() -> Iterator[tuple[str, str]]:
    """Each operation of the native API with each parameter of its query and of its path at each edge."""
    for operation in OPERATIONS:
        plain = operation.path.replace("{name}", "shop").replace("{device}", "office").replace("{id}", "x")
        for parameter in operation.query:
            yield from ((operation.method, f"{plain}?{urlencode({parameter: edge})}") for edge in EDGES)
        if "{" in operation.path:
            head, _, rest = operation.path.partition("{")
            tail = rest.partition("}")[2].replace("{id}", "x").replace("{number}", "+15550123")
            yield from ((operation.method, f"{head}{quote(edge, safe='')}{tail}") for edge in EDGES[:20])


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_no_query_of_the_native_api_at_its_edge_is_an_accident(zone: str, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {CREDENTIALS['apikey']}"}
    async with open_site(tmp_path, dialects={"native": "/here"}) as site:
        await site.gateway.administration.change_account("tests", "shop", AccountChange(zone=zone))
        requests = list(native_requests())
        accidents = []
        for start in range(0, len(requests), 20):
            some = requests[start : start + 20]
            answers = await asyncio.gather(
                *(site.ask(method, f"/here{path}", headers=headers) for method, path in some)
            )
            accidents += [each for each, got in zip(some, answers, strict=True) if is_ours(got)]
    assert accidents == []
