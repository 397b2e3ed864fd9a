"""Templates: which places a text has, and what is put into them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest, InvalidNumber, UnknownTemplate
from bridge.messages.templates import choose, match, places, render
from bridge.model.forms import Form


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


MATCHES = [
    ("您的验证码是{1},{2}分钟内有效", "您的验证码是1234,5分钟内有效", {"1": "1234", "2": "5"}),
    ("Your code is ${code}.", "Your code is 12.34.", {"code": "12.34"}),
    ("{1}", "anything\nat all", {"1": "anything\nat all"}),
    ("{a}{b}", "xyz", {"a": "x", "b": "yz"}),
    ("{a}-{a}", "x-x", {"a": "x"}),
    ("no places", "no places", {}),
    ("{a} and {b} and", "1 and 2 and", {"a": "1", "b": "2"}),
    ("{a} and {b}", "1 and 2 and 3", {"a": "1", "b": "2 and 3"}),
]


@pytest.mark.parametrize(("text", "written", "values"), MATCHES)
def test_finds_the_values_that_make_a_text(text: str, written: str, values: dict[str, str]) -> None:
    found = match(text, written)
    assert found == values
    assert render(text, found) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Your code is {1}", "Your code is "), ("Your code is {1}", "your code is 1"), ("{1}!", "1"),
        ("{a}-{a}", "x-y"), ("no places", "no place"), ("a{1}a", "aa"), ("{1} {2}", "one"), ("a{1}b{2}c", "a1b2"),
        ("x", ""),
    ],
)  # fmt: skip
def test_finds_none_for_a_text_that_is_none_of_it(text: str, written: str) -> None:
    assert match(text, written) is None


@given(st.lists(st.text("ab{}$ ,1", max_size=4), min_size=1, max_size=5), st.data())
def test_what_a_template_made_it_can_be_read_from(pieces: list[str], data: st.DataObject) -> None:
    plain = [piece.replace("{", "").replace("}", "").replace("$", "") for piece in pieces]
    text = "".join(f"{piece}{{{place}}}" for place, piece in enumerate(plain))
    values = {str(place): data.draw(st.text("ab{}$ ,1", min_size=1, max_size=4)) for place in range(len(plain))}
    written = render(text, values)
    found = match(text, written)
    assert found is not None
    assert render(text, found) == written


def test_a_long_text_that_almost_fits_takes_no_longer_than_it_should() -> None:
    began = time.thread_time()
    assert match("".join(f"{{{place}}}a" for place in range(30)) + "b", "a" * 20_000) is None
    assert time.thread_time() - began < 1


class TestChoosing:
    FORMS = (Form("1001", "Code {1}"), Form("9001", "Code {1}", abroad=True), Form("1002", "Hello"))

    def test_the_form_is_that_for_the_recipients_country(self) -> None:
        assert choose(self.FORMS, "13800138000", "Code 7") == (self.FORMS[0], {"1": "7"})
        assert choose(self.FORMS, "+15550100", "Code 7") == (self.FORMS[1], {"1": "7"})

    def test_a_text_of_no_form_is_refused(self) -> None:
        with pytest.raises(UnknownTemplate):
            choose(self.FORMS, "+8613800138000", "Good morning")

    @pytest.mark.parametrize("number", ["+15550100", "07700900123"])
    def test_a_number_that_no_fitting_form_is_for_is_refused(self, number: str) -> None:
        with pytest.raises(InvalidNumber):
            choose(self.FORMS, number, "Hello")
