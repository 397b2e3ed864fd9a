"""A submission that is read as it comes: the same, wherever its pieces are cut, as one that is here as a whole."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dialects.native.body import _DECODER, _object_in
from api.dialects.native.order import COST, MAX_BATCH, Ordering
from api.dialects.native.pieces import LONGEST, Pieces
from bridge.errors import BadRequest
from tests.dialects.native.test_native_properties import BODIES, JSON

SOUND = {"to": "+15550100", "text": "x"}


def cut(raw: bytes, places: Sequence[int]) -> list[bytes]:
    """These bytes in pieces, cut at these places."""
    marks = sorted({place % (len(raw) + 1) for place in places})
    return [raw[start:end] for start, end in zip([0, *marks], [*marks, len(raw)], strict=True)]


def as_it_comes(pieces: Sequence[bytes]) -> object:
    """What is made of it, or the field at fault."""
    ordering = Ordering()
    reader = Pieces(_DECODER, ordering)
    try:
        for piece in pieces:
            reader.feed(piece)
        reader.feed(b"", last=True)
        made = ordering.made()
    except BadRequest as error:
        return error.field, error.message
    return made.drafts, made.single, made.place(0, "to")


def as_a_whole(raw: bytes) -> object:
    try:
        made = Ordering().all(_object_in(raw))
    except BadRequest as error:
        return error.field, error.message
    return made.drafts, made.single, made.place(0, "to")


@given(
    body=BODIES | st.dictionaries(st.sampled_from(["to", "text", "messages", "ttl"]), JSON),
    indent=st.sampled_from([None, 1]),
    plain=st.booleans(),
    places=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_where_it_is_cut_makes_no_difference(body: object, indent: int | None, plain: bool, places: list[int]) -> None:
    raw = json.dumps(body, indent=indent, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    whole = as_a_whole(raw)
    # of several mistakes in one body the first that is read is told, and a list is read before what stands behind it
    assert isinstance(as_it_comes(cut(raw, places))[0], str) == isinstance(whole[0], str)  # type: ignore[index]
    if not isinstance(whole[0], str):  # type: ignore[index]
        assert as_it_comes(cut(raw, places)) == whole


@given(raw=st.binary(max_size=60) | st.text('{}[]":,0123456789.eEtrufalsn\\ \n-"', max_size=60).map(str.encode),
       places=st.lists(st.integers(0, 100), max_size=8))  # fmt: skip
def test_any_bytes_are_refused_wherever_they_are_cut(raw: bytes, places: list[int]) -> None:
    assert isinstance(as_it_comes(cut(raw, places))[0], str)  # type: ignore[index]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"messages": [{"to": "+15550100", "text": "x"}\n,\n {"to": tru}]}', "line 3 column 9"),
        (b'{"to": "+15550100",\n "text" "x"}', "line 2 column 9"),
        (b'{"to": "+15550100", "text": "x"} {}', "Extra data, line 1 column 34"),
        (b'{"to": "+15550100", "text": "\xff"}', "not UTF-8: byte 29 is 0xff"),
        (b'{"to": "+15550100", "text": "x", "slot": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"to": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"text": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"messages": [{"to": "+15550100", "text": "x"}, ' + b'{"a":' * 100_000, "nested too deeply"),
        (b'{"messages": [], "messages": []}', "`messages` is given twice"),
        (b'{"to": [], "to": "+15550100"}', "`to` is given twice"),
        (b'{"to": "+15550100", "to": []}', "`to` is given twice"),
        (b'{"text": "x", "text": "y"}', "`text` is given twice"),
        (b"[1, 2", "not JSON"),
        (b"[1, 2]", "must be a JSON object"),
        (b"", "not JSON"),
        (b'{"text": "' + b"x" * (LONGEST + 40_000) + b'"}', "a value of more than"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 16_384])
def test_says_where_it_is_wrong(raw: bytes, words: str, size: int) -> None:
    if size == 1 and len(raw) > 10_000:
        size = 1000
    field, message = as_it_comes([raw[at : at + size] for at in range(0, len(raw), size)])  # type: ignore[misc]
    assert isinstance(message, str)
    assert words in message, (field, message)


def test_the_longest_text_there_is_fits_however_it_is_written() -> None:
    entry = {"to": "+15550100", "text": "\u00e9" * 39_015, "tag": "\U0001f600" * 256, "client_ref": "\U0001f600" * 128}
    raw = json.dumps({"messages": [entry]}).encode()
    drafts, _, _ = as_it_comes([raw[at : at + 16_384] for at in range(0, len(raw), 16_384)])  # type: ignore[misc]
    assert drafts[0].text == entry["text"]


@pytest.mark.parametrize("what", ["messages", "to"])
def test_is_counted_while_it_comes(what: str) -> None:
    """The first one too many ends it, whatever else would come."""
    ordering = Ordering()
    reader = Pieces(_DECODER, ordering)
    one = json.dumps(SOUND if what == "messages" else "+15550100").encode() + b","
    reader.feed(b'{"%b": [' % what.encode())
    for _ in range(MAX_BATCH // 1000):
        reader.feed(one * 1000)
    with pytest.raises(BadRequest, match=f"must be a list of 1 to {MAX_BATCH}"):
        reader.feed(one * 2)
    assert MAX_BATCH * COST < ordering.memory < MAX_BATCH * COST * 1.3
