"""The OpenAPI document as a judge: an answer that it does not describe fails the test that got it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator

from api.dialects.native import responses as answers

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Document:
    """`api/openapi.yaml` as the bridge serves it."""

    def __init__(self, text: str) -> None:
        self.tree: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
        self._paths = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "/?"): path for path in self.tree["paths"]}
        self._validators: dict[str, Draft202012Validator] = {}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and description of each."""
        for path, item in self.tree["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def methods(self, path: str) -> set[str]:
        return {method for method, known, _ in self.operations() if known == path}

    def template(self, path: str) -> str | None:
        """The documented path that a real one belongs to; one without variables goes first."""
        found = sorted((known for pattern, known in self._paths.items() if pattern.fullmatch(path)), key=_variables)
        return found[0] if found else None

    def judge(self, method: str, path: str, status: int, headers: Any, body: Any) -> None:
        """Raises AssertionError when this answer is not in the document."""
        template = self.template(path)
        if template is None or method not in self.methods(template):
            assert status == (404 if template is None else 405)
            self._judge_problem(status, headers, body)
            return
        responses = self.tree["paths"][template][method.lower()]["responses"]
        assert str(status) in responses, f"{method} {template} answered {status}, which is not documented"
        response = self.resolve(responses[str(status)])
        for name, header in response.get("headers", {}).items():
            assert name in headers or not header.get("required"), f"{method} {template} {status} lacks {name}"
        self._judge_content(response.get("content", {}), headers, body)
        if status >= 400:
            self._judge_problem(status, headers, body)

    def _judge_content(self, content: dict[str, Any], headers: Any, body: Any) -> None:
        if not content:
            assert body in (None, "", b"")
            return
        kind = headers["Content-Type"].split(";")[0]
        assert kind in content, f"{kind} is not documented"
        self.fits(content[kind]["schema"], body)

    def _judge_problem(self, status: int, headers: Any, body: Any) -> None:
        assert headers["Content-Type"] == "application/problem+json"
        self.fits(PROBLEM, body)
        assert body["status"] == status
        assert answers.PROBLEMS[body["type"].removeprefix(answers.PREFIX)] == status
        if status == 405:
            assert headers["Allow"]

    def fits(self, schema: dict[str, Any], value: Any) -> None:
        """Raises AssertionError with every place where a value does not fit."""
        errors = [f"{error.instance_path}: {error.message}" for error in self._validator(schema).iter_errors(value)]
        assert errors == []

    def accepts(self, schema: dict[str, Any], value: Any) -> bool:
        return bool(self._validator(schema).is_valid(value))

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = repr(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, "components": self.tree["components"]})
        return self._validators[key]

    def resolve(self, thing: dict[str, Any]) -> dict[str, Any]:
        """What a `$ref` within the document points to."""
        if "$ref" not in thing:
            return thing
        found: Any = self.tree
        for step in thing["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return self.resolve(found)

    def schema(self, name: str) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{name}"}


def _variables(path: str) -> int:
    return path.count("{")
