"""How many values a JSON text may have before it is parsed."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http import json_values
from api.http.json_values import MOST, too_many

HOSTILE = {
    "empty objects": b"[" + b"{}," * 20_000 + b"{}]",
    "empty lists": b"[" + b"[]," * 20_000 + b"[]]",
    "numbers": b"[" + b"1," * 20_000 + b"1]",
    "nested": b"[" * 20_000,
    "members": b"{" + b'"":1,' * 20_000 + b'"":1}',
    "texts between them": b"[" + b'"a\\",b",' * 20_000 + b'""]',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_sees_that_there_are_too_many(raw: bytes) -> None:
    assert too_many(raw)


@pytest.mark.parametrize(
    "text", ["a, b, [c] and {d} " * 5000, 'quotes "," and \\ backslashes \\" , ' * 3000, "逗号, " * 9000]
)
def test_what_stands_in_a_text_is_no_value(text: str) -> None:
    assert not too_many(json.dumps({"text": text}).encode())
    assert not too_many(json.dumps({"text": text}, ensure_ascii=False).encode())


@given(st.lists(st.text(), max_size=40))
def test_counts_no_value_twice(texts: list[str]) -> None:
    # one for the list and one for each comma in it
    assert json_values._count(json_values._STRING.sub(b"", json.dumps(texts).encode())) == max(1, len(texts))


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 500_000 + b"," * MOST, b'"\\' * 500_000, b'"' * 1_000_000])
def test_no_text_takes_long_to_look_at(raw: bytes) -> None:
    began = time.process_time()
    too_many(raw + b"," * MOST)
    assert time.process_time() - began < 2.0
