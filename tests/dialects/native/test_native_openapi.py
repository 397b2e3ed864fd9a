"""The document of the native API: valid, complete, and about nothing that is not there."""

import re
from pathlib import Path

import pytest

from api.dialects.native import order, responses, validators
from api.dialects.native.dialect import OPERATIONS
from bridge.model import event
from bridge.model.account import UnknownPolicy
from bridge.model.inbox import CallKind
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.webhook import DeliveryState
from tests.support.native_site import DOCUMENT, site_in


def schema(name: str) -> dict[str, object]:
    return dict(DOCUMENT.tree["components"]["schemas"][name])


def test_is_valid_openapi_3_1() -> None:
    # here and not above: its import takes longer than all others, in each process that collects tests
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert DOCUMENT.tree["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT.tree).iter_errors()] == []


def test_describes_each_route_and_no_other() -> None:
    described = {(method, path) for method, path, _ in DOCUMENT.operations()}
    assert described == {(each.method, each.path) for each in OPERATIONS} | {("GET", "/openapi.yaml")}


async def test_the_application_answers_on_each_described_path(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        served = {resource.canonical for resource in site.http.app.router.resources()}  # type: ignore[union-attr]
    ours = {path for path in served if path.startswith(("/v1", "/openapi"))}
    paths = set(DOCUMENT.tree["paths"])
    assert ours == paths | {f"{path}/" for path in paths if "{" not in path}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_describes_each_query_parameter_and_no_other(operation: object) -> None:
    [known] = [each for each in OPERATIONS if each is operation]
    described = DOCUMENT.tree["paths"][known.path][known.method.lower()].get("parameters", [])
    names = {each["name"] for each in map(DOCUMENT.resolve, described) if each["in"] == "query"}
    assert names == set(known.query)


def test_describes_each_field_of_a_message_and_no_other() -> None:
    options = schema("Options")["properties"]
    assert set(options) | {"to", "text"} == set(order.MESSAGE)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("State", [state.value for state in State]),
        ("UnknownPolicy", [policy.value for policy in UnknownPolicy]),
        ("DeliveryState", [state.value for state in DeliveryState]),
        ("CallKind", [kind.value for kind in CallKind]),
        ("EventName", list(event.NAMES)),
    ],
)
def test_has_the_words_of_the_core(name: str, words: list[str]) -> None:
    assert schema(name)["enum"] == words


def test_has_the_states_of_a_line() -> None:
    line = DOCUMENT.tree["components"]["schemas"]["Line"]["properties"]
    assert line["state"]["enum"] == [state.value for state in LineState]


def test_has_the_limits_of_the_code() -> None:
    tree = DOCUMENT.tree["components"]
    batch = tree["schemas"]["NewMessages"]["properties"]["messages"]
    assert batch["maxItems"] == order.MAX_BATCH
    assert tree["schemas"]["NewMessageToMany"]["properties"]["to"]["maxItems"] == order.MAX_BATCH
    assert tree["schemas"]["Options"]["properties"]["ttl"]["maximum"] == order.MAX_TTL
    assert tree["parameters"]["limit"]["schema"]["maximum"] == validators.MAX_LIMIT


def test_an_operation_with_a_body_says_what_can_be_wrong_with_any_body() -> None:
    """Too slow, too large: what no call with data of any kind brings about."""
    silent = [
        (method, path)
        for method, path, operation in DOCUMENT.operations()
        if "requestBody" in operation and not {"400", "408", "413"} <= set(operation["responses"])
    ]
    assert silent == []


def test_lists_each_kind_of_problem() -> None:
    kinds = DOCUMENT.tree["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert kinds == [responses.PREFIX + kind for kind in responses.PROBLEMS]


def test_refers_to_each_part_of_it() -> None:
    text = repr(DOCUMENT.tree)
    parts = [
        f"#/components/{section}/{name}"
        for section in ("parameters", "responses", "schemas")
        for name in DOCUMENT.tree["components"][section]
    ]
    # an event stream is text to OpenAPI, so nothing can refer to what its `data` holds
    assert [part for part in parts if f"'{part}'" not in text] == ["#/components/schemas/Event"]


async def test_is_served_without_credentials(tmp_path: Path) -> None:
    async with site_in(tmp_path) as site:
        answer = await site.nobody.get("/openapi.yaml")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/yaml; charset=utf-8")
        assert answer.body.startswith("openapi: 3.1.0\n")


async def test_names_the_prefix_that_it_is_mounted_under(tmp_path: Path) -> None:
    async with site_in(tmp_path, prefix="/sms") as site:
        response = await site.http.get("/sms/openapi.yaml")
        assert re.search(r"^servers:\n  - url: /sms$", await response.text(), re.MULTILINE)
        made = await site.http.post(
            "/sms/v1/messages", json={"to": "+15550100", "text": "x"}, headers={"X-Api-Key": "shop-key"}
        )
        assert made.headers["Location"].startswith("/sms/v1/messages/")
