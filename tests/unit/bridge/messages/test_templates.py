"""Templates: which places a text has, and what is put into them."""

import pytest

from bridge.errors import BadRequest
from bridge.messages.templates import places, render


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("Your code is {code}.", {"code": "1234"}, "Your code is 1234."),
        ("您的验证码是${code}，{1}分钟内有效", {"code": "1234", "1": "5"}, "您的验证码是1234，5分钟内有效"),
        ("{1} {2} {1}", {"1": "a", "2": "b", "3": "c"}, "a b a"),
        ("{a}{b}", {"a": "{b}", "b": "${a}"}, "{b}${a}"),
        ("{a}", {"a": r"\1 \g<1>"}, r"\1 \g<1>"),
        ("$5 and {} and { a } and {a", {}, "$5 and {} and { a } and {a"),
        ("{name}", {"name": ""}, ""),
    ],
)
def test_values_are_put_in_as_they_are(text: str, params: dict[str, str], expected: str) -> None:
    assert render(text, params) == expected


def test_names_each_place_once_in_order() -> None:
    assert places("{b} ${a} {b} {order_no} {1}") == ("b", "a", "order_no", "1")
    assert places("no place") == ()


def test_names_the_place_without_a_value() -> None:
    with pytest.raises(BadRequest, match="'minutes'") as caught:
        render("{code} {minutes}", {"code": "1"})
    assert caught.value.field == "params"
