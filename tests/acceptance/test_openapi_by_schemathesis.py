"""Every operation of the document, called by schemathesis with data that fits it and data that does not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.acceptance.conftest import SmsBridge, Start

CONFIG = ("--config", "config.toml")
DOCUMENT = Path(__file__).parents[2] / "api" / "openapi.yaml"
CHECKS: list[Any] = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: of each kind of data, for each operation
EXAMPLES = 3


def documented() -> Iterator[APIOperation]:
    """The operations of the document."""
    for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations():
        yield found.ok()


def ask(case: Case, url: str, headers: dict[str, str]) -> None:
    """Call it, and raise FailureGroup for an answer that is not in the document, or that is our fault."""
    if case.operation.label == "GET /v1/events":  # goes on for as long as somebody listens
        request = case.as_transport_kwargs(base_url=url, headers=headers)
        with requests.request(**request, stream=True, timeout=30) as answer:
            assert f"{answer.status_code}" in case.operation.responses.status_codes
        return
    answer = case.call(base_url=url, headers=headers, timeout=30)
    case.validate_response(answer, checks=CHECKS)


def mistakes(operation: APIOperation, mode: GenerationMode, url: str, headers: dict[str, str]) -> list[str]:
    """What was wrong with the first bad answer."""

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(mode))
    def call(case: Case) -> None:
        ask(case, url, headers)

    try:
        call()
    except Unsatisfiable:  # there is nothing in it that could be wrong
        return []
    except FailureGroup as group:
        return [f"{operation.label} ({mode.value}): {each}" for each in group.exceptions]
    return []


@pytest.fixture
def bridge(tmp_path: Path, start: Start) -> str:
    """Where a bridge without devices answers."""
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    ready = "INFO bridge.daemon.run: ready at "
    return start("serve", *CONFIG, together=True).says(ready).removeprefix(ready)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["operator", "account"])
def test_no_call_is_an_accident_and_every_answer_is_in_the_document(
    kind: str, bridge: str, sms_bridge: SmsBridge
) -> None:
    options = ["--operator"] if kind == "operator" else []
    made = json.loads(sms_bridge("account", "add", "shop", *options, "--json", *CONFIG).out)
    headers = {"X-Api-Key": made["apikey"]}
    found = []
    for operation in documented():
        for mode in GenerationMode:
            found += mistakes(operation, mode, bridge, headers)
    assert not found, "\n\n".join(found)
