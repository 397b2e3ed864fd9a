"""TOML values and the texts of variables in the types of settings, or a sentence saying what is expected."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from bridge.config.coercion import FromEnvironment, Wrong, convert, described


class Policy(StrEnum):
    HOLD = "hold"
    FAIL = "fail"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("a", str, "a"),
        (3, int, 3),
        (3, float, 3.0),
        (2.5, float, 2.5),
        (False, bool, False),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        (["a"], list, ["a"]),
        ({"a": 1}, Mapping[str, Any], {"a": 1}),
        ("hold", Policy, Policy.HOLD),
        (FromEnvironment("3"), int, 3),
        (FromEnvironment("2.5"), float, 2.5),
        (FromEnvironment("3"), str, "3"),
        (FromEnvironment("YES"), bool, True),
        (FromEnvironment("off"), bool, False),
        (FromEnvironment(" a, ,b "), tuple[str, ...], ("a", "b")),
        (FromEnvironment(""), tuple[str, ...], ()),
        (FromEnvironment("fail"), Policy, Policy.FAIL),
    ],
)
def test_a_value_gets_the_type_of_its_setting(value: object, kind: object, expected: object) -> None:
    converted = convert(value, kind)
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        ("3", int, "a whole number"),
        (True, int, "a whole number"),
        (2.0, int, "a whole number"),
        (True, float, "a number"),
        (1, bool, "true or false"),
        (1, str, "a text"),
        ("a", tuple[str, ...], "a list of texts"),
        (["a", 1], tuple[str, ...], "a list of texts"),
        ([1], Mapping[str, Any], "a table"),
        ("never", Policy, "one of hold, fail,"),
        (1, Policy, "one of hold, fail,"),
        (FromEnvironment("three"), int, "a whole number"),
        (FromEnvironment("maybe"), bool, "true or false"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_is_wanted(value: object, kind: object, wanted: str) -> None:
    with pytest.raises(Wrong, match=f"^{wanted}$"):
        convert(value, kind)


@pytest.mark.parametrize(
    ("value", "words"),
    [("a", 'the text "a"'), (True, "true"), (3, "the number 3"), (2.5, "the number 2.5"), ([], "a list of texts"),
     ({}, "a table"), (None, "a NoneType")],
)  # fmt: skip
def test_says_what_somebody_wrote(value: object, words: str) -> None:
    assert described(value) == words
