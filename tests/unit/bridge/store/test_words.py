"""Every part of a text is found by the words that are kept of it, in any script and down to one character."""

import random
import sqlite3
from collections.abc import Sequence

import pytest

from bridge.store.words import expression, number_of, words_of

TEXTS = [
    "Your code is 482913. It ends in ten minutes.",
    "您的验证码是482913，退订回TD",
    'He said: "AND (OR) NOT *"',
    "x",
    "Привет, мир",
    "👩‍👩‍👧 ok",
    "tab\tand\nline",
    "'' \"\" ** ^ : {a} +1",
]
#: more than FTS5 lets brackets be deep
ALL = ["shop", *(f"other{number}" for number in range(1000))]


@pytest.fixture
def index() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.execute(
        "CREATE VIRTUAL TABLE w USING fts5 (words, content = '', detail = none, prefix = '2 3', tokenize = 'ascii')"
    )
    for number, text in enumerate(TEXTS):
        conn.execute("INSERT INTO w (rowid, words) VALUES (?, ?)", (number, words_of("shop", "+15550100", text)))
    return conn


def found(index: sqlite3.Connection, accounts: Sequence[str], keyword: str) -> set[int]:
    rows = index.execute("SELECT rowid FROM w WHERE w MATCH ?", (expression(accounts, keyword),))
    return {row[0] for row in rows}


def test_each_part_of_each_text_finds_it(index: sqlite3.Connection) -> None:
    for number, text in enumerate(TEXTS):
        for start in range(len(text)):
            for length in (1, 2, 3, 5, 40):
                part = text[start : start + length]
                assert number in found(index, ALL, part), part
                assert number in found(index, ["shop"], part.upper() if part.isascii() else part), part


def test_another_account_finds_nothing(index: sqlite3.Connection) -> None:
    assert found(index, ["cafe"], "code") == set()
    assert found(index, ["shop"], "code") == {0}
    assert expression([], "code") == ""


def test_what_others_write_is_under_words_of_their_own(index: sqlite3.Connection) -> None:
    one, other = (set(words_of(account, "a text").split(" ")) for account in ("shop", "cafe"))
    assert one & other == set()


def test_a_part_of_the_number_finds_all_of_them_and_what_is_not_there_none(index: sqlite3.Connection) -> None:
    assert found(index, ALL, "0100") == set(range(len(TEXTS)))
    assert found(index, ALL, "退款") == set()
    assert found(index, ALL, "zz") == set()


def test_a_text_that_is_taken_out_with_its_words_is_not_found_any_more(index: sqlite3.Connection) -> None:
    chance = random.Random(1)
    for number, text in enumerate(TEXTS):
        words = words_of("shop", "+15550100", text).split(" ")
        chance.shuffle(words)
        index.execute("INSERT INTO w (w, rowid, words) VALUES ('delete', ?, ?)", (number, " ".join(words)))
    assert [found(index, ALL, text[:3]) for text in TEXTS] == [set()] * len(TEXTS)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+1 555 0150", "+15550150"), ("(555) 01-50 ", "5550150"), ("5550150", "5550150"), ("12.50", "12.50"),
     ("1 2", "1 2"), ("30.11.2026", "30.11.2026"), ("code 5550", "code 5550")],
)  # fmt: skip
def test_a_number_is_looked_for_without_what_people_write_between_its_digits(written: str, kept: str) -> None:
    assert number_of(written) == kept


def test_a_number_is_found_however_it_is_written(index: sqlite3.Connection) -> None:
    assert found(index, ["shop"], "+1 (555) 01-00") == set(range(len(TEXTS)))
