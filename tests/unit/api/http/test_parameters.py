import time
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import MissingParameter
from api.http.parameters import MOST, Parameters, _unquote
from bridge.errors import BadRequest

FORM = "application/x-www-form-urlencoded"


def form(raw: bytes, label: str = FORM) -> Parameters:
    params = Parameters()
    params.put_body(raw, label)
    return params


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=1&a=", {"a": "1"}),
        (b"a=x+y%20z", {"a": "x y z"}),
        (b"a=%2B+", {"a": "+ "}),
        (b"a=100%", {"a": "100%"}),
        (b"a=%e4%bd%A0", {"a": "你"}),
        (b"a=\xe4\xbd\xa0", {"a": "你"}),
        (b"a b=1&%C3%A9=2", {"a b": "1", "é": "2"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"&&a=1&", {"a": "1"}),
        (b"a", {}),
        (b"=1", {}),
        (b"a=%u00e9", {"a": "%u00e9"}),
        (b"a=1\r\n", {"a": "1"}),
        (b"a=\x00", {"a": "\x00"}),
    ],
)
def test_reads_forms(raw: bytes, values: dict[str, str]) -> None:
    assert dict(form(raw)) == values


@given(st.binary(max_size=40) | st.text("%\\\\x0aA9+ u", max_size=40).map(str.encode))
def test_unquotes_like_everybody_else(raw: bytes) -> None:
    assert _unquote(raw) == unquote_to_bytes(raw.replace(b"+", b" "))


def test_a_text_in_which_every_character_is_quoted_is_read_at_once() -> None:
    began = time.process_time()
    assert _unquote(b"%41" * 350_000 + b"%") == b"A" * 350_000 + b"%"
    assert time.process_time() - began < 1.0


def test_a_few_percent_signs_stand_for_themselves_and_a_body_of_them_is_refused_at_once() -> None:
    assert _unquote(b"%" * MOST) == b"%" * MOST
    began = time.process_time()
    with pytest.raises(BadRequest, match="percent signs that encode nothing"):
        form(b"a=" + b"%" * 1_000_000)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("raw", [b"a=1&" * (MOST + 1), b"&" * (MOST + 1)])
def test_refuses_more_parameters_than_anybody_has(raw: bytes) -> None:
    with pytest.raises(BadRequest, match="more than 1000 parameters"):
        form(raw)


def test_refuses_more_parts_than_anybody_has() -> None:
    raw = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * (MOST + 1)
    with pytest.raises(BadRequest, match="more than 1000 parameters"):
        form(raw, "multipart/form-data; boundary=x")


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_reads_back_what_a_browser_would_write(values: dict[str, str]) -> None:
    from urllib.parse import urlencode

    values = {name: value for name, value in values.items() if name.isprintable()}
    assert dict(form(urlencode(values).encode())) == {name: value for name, value in values.items() if value}


@given(st.binary(), st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=x", "", "text/plain"]))
def test_any_bytes_under_any_label_are_read_without_an_accident(raw: bytes, label: str) -> None:
    params = form(raw, label)
    assert set(params) >= set(params._values)


def test_a_value_that_is_no_utf8_hurts_only_who_asks_for_it() -> None:
    params = form(b"good=1&bad=%E9")
    assert params.text("good") == "1"
    for ask in (params.text, params.need, params.__getitem__, params.get):
        with pytest.raises(BadRequest, match="bad is not valid UTF-8"):
            ask("bad")
    assert params.any_of(frozenset({"bad"}))


def test_a_readable_value_mends_an_unreadable_one() -> None:
    assert form(b"a=%E9&a=ok").text("a") == "ok"


def test_reads_a_form_in_the_charset_it_names() -> None:
    assert form(b"a=caf\xe9&b=%A4", f"{FORM}; charset=ISO-8859-15").text("a") == "café"
    assert form(b"b=%A4", f'{FORM}; charset="iso-8859-15"').text("b") == "€"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "klingon", "zlib", "hex", "utf-16", "idna", "iso-8859-99"])
def test_a_charset_that_makes_no_sense_is_taken_for_utf8(charset: str) -> None:
    assert form("a=é".encode(), f"{FORM}; charset={charset}").text("a") == "é"


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (b'{"a": "1", "b": 2, "c": 3.5, "d": true, "e": false}', {"a": "1", "b": "2", "c": "3.5", "d": "1", "e": "0"}),
        (
            b'{"a": 12.50, "b": 4.477009E+11, "c": 1' + b"0" * 30 + b"}",
            {"a": "12.50", "b": "4.477009E+11", "c": "1" + "0" * 30},
        ),
        (b'{"a": null, "b": ""}', {}),
        ('{"a": "é🙂"}'.encode(), {"a": "é🙂"}),
        (b'\xef\xbb\xbf{"a": "1"}', {"a": "1"}),
        (b'{"a": "\\ud83d\\ude42"}', {"a": "🙂"}),
    ],
)
def test_reads_json(raw: bytes, values: dict[str, str]) -> None:
    assert dict(form(raw, "application/json; charset=utf-8")) == values


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "is not JSON: Expecting property name"),
        (b'{"a": 1,,}', "is not JSON: .* line 1 column 9"),
        (b"[]", "is not a JSON object"),
        (b"1", "is not a JSON object"),
        (b'"a"', "is not a JSON object"),
        (b"\xff", "is not UTF-8: byte 0 is 0xff"),
        (b"null", "is not a JSON object"),
        (b'{"a": NaN}', "is not JSON: it has NaN"),
        (b"[" * 9_000, "is not JSON"),
        (b"[" * 100_000, "has more than 10000 values"),
        (b'{"a":' * 9_000, "is not JSON"),
    ],
)
def test_says_what_is_wrong_with_a_json_body_and_not_that_something_is_missing(raw: bytes, why: str) -> None:
    params = form(raw, "application/json")
    assert not params
    with pytest.raises(BadRequest, match=why) as caught:
        params.need("a")
    assert not isinstance(caught.value, MissingParameter)


@pytest.mark.parametrize("label", ["application/json", FORM])
def test_takes_json_as_clients_write_it_with_a_byte_order_mark_and_line_ends_inside_texts(label: str) -> None:
    assert form(b'\xef\xbb\xbf{"a": "one\ntwo\ttabs"}', label).text("a") == "one\ntwo\ttabs"


@pytest.mark.parametrize("raw", [b"to=+15550123", b"to=%2B15550123", b"to=%2015550123", b"to= 15550123"])
def test_a_number_in_a_form_keeps_its_plus(raw: bytes) -> None:
    assert form(raw).number("to") == form(raw).need_number("to") == "+15550123"


def test_a_blank_before_a_number_in_json_is_a_blank() -> None:
    assert form(b'{"to": " 15550123"}', "application/json").number("to") == " 15550123"


def test_a_number_that_is_not_there_is_missed() -> None:
    assert form(b"").number("to") == ""
    with pytest.raises(MissingParameter):
        form(b"").need_number("to")


@pytest.mark.parametrize("value", ['["x"]', '{"x": 1}', '"\\ud83d"'])
def test_json_members_that_are_no_text_hurt_only_who_asks(value: str) -> None:
    params = form(f'{{"good": 1, "odd": {value}}}'.encode(), "application/json")
    assert params.text("good") == "1"
    with pytest.raises(BadRequest) as caught:
        params.text("odd")
    assert caught.value.field == "odd"


@pytest.mark.parametrize("label", [FORM, "", "text/plain"])
def test_knows_json_by_its_looks(label: str) -> None:
    assert dict(form(b' {"a": "x&y=z"}', label)) == {"a": "x&y=z"}


def test_reads_multipart_with_files_and_quirks() -> None:
    raw = (
        b"preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n"
        b"--b\r\ncontent-disposition: form-data; name=b; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nfile\r\n"
        b"--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\n\r\n"
        b"--b\r\nno end of head\r\n--b--\r\nepilogue"
    )  # fmt: skip
    assert dict(form(raw, 'multipart/form-data; boundary="b"')) == {"a": "one\r\ntwo", "b": "file"}


def part(field: bytes) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % tuple(field.split(b"="))


@pytest.mark.parametrize(
    ("label", "raw"),
    [
        (FORM, b"a=1&b=2&a=1"),
        ("", b"a=1&b=2&a=%FF&a=1"),
        ("multipart/form-data; boundary=x", b"".join(map(part, (b"a=1", b"b=2", b"a=1"))) + b"--x--\r\n"),
    ],
)
def test_takes_each_name_once_where_that_is_wanted(label: str, raw: bytes) -> None:
    params = Parameters(once=True)
    params.put_fields(raw, label)
    assert params.text("b") == "2"
    with pytest.raises(BadRequest, match="more than once") as caught:
        params.text("a")
    assert caught.value.field == "a"


def test_finds_no_fields_in_what_is_labelled_as_json() -> None:
    params = Parameters(once=True)
    params.put_fields(b"a=1", "application/json")
    params.put_fields(b'{"a": "1"}', FORM)
    assert params.text("a") == ""
