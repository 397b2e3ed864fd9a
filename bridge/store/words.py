"""Cuts texts and numbers into words of three characters, by which FTS5 finds any part of them.

FTS5 indexes the beginnings of these words, too, so that one or two characters can be found, which are a word in
Chinese. What it finds is compared with the row before it is returned: the index may find too many rows, never too few.

A word begins with a character for the row's account, so what others write makes nobody's search longer.
"""

import re
import zlib
from collections.abc import Iterable

#: ends each text, so that its last characters begin three, too; nobody writes or looks for it
_END = "\ue0ff\ue0ff"
#: characters that stand for accounts, of a private use plane; two accounts may have the same
_FIRST_TAG, _TAGS = 0xF0000, 0xFFFE
#: of the tokenizer's letters: lower case, and what is no letter or digit out of the private use area
_LETTERS = {code: chr(code).lower() if chr(code).isalnum() else chr(0xE000 + code) for code in range(128)}


#: more than these tell nothing more
_MOST = 32
#: a part of a number as people write it; a date or a price has other signs
_WRITTEN = re.compile(r"\s*\+?[\s()-]*(?:[0-9][\s()-]*){4,}")
_BETWEEN = re.compile(r"[\s()-]+")


def words_of(account: str, *texts: str) -> str:
    """What the index keeps of a row. Also known to SQLite as `words_of`, for what is deleted leaves the index, too."""
    found, tag = set[str](), _tag(account)
    for text in texts:
        found |= _threes(text.translate(_LETTERS) + _END)
    return " ".join(tag + word for word in found)


def _tag(account: str) -> str:
    return chr(_FIRST_TAG + zlib.crc32(account.encode()) % _TAGS)


def _threes(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}


def expression(accounts: Iterable[str], keyword: str) -> str:
    """FTS5's for the rows of these accounts that may have this in a text or number; "" where there is no account."""
    wanted = [_wanted(each.translate(_LETTERS)) for each in sorted({keyword, number_of(keyword)})]
    tags = sorted({_tag(account) for account in accounts})
    return " OR ".join("(" + " AND ".join(f'"{tag}{word}' for word in words) + ")" for tag in tags for words in wanted)


def _wanted(text: str) -> list[str]:
    # three or more: each three of them; fewer: what begins like that
    return [f'{each}"' for each in sorted(_threes(text))[:_MOST]] or [f'{text}" *']


def found_in(number: str, text: str, keyword: str) -> tuple[str, tuple[str, str]]:
    """A condition, with its values, that one of two columns has this in it; in the text, letters of either case."""
    return f"(instr({number}, ?) > 0 OR instr(lower({text}), lower(?)) > 0)", (number_of(keyword), keyword)


def number_of(keyword: str) -> str:
    """What to look for in numbers, which are kept without what people write between their digits."""
    return _BETWEEN.sub("", keyword) if _WRITTEN.fullmatch(keyword) else keyword
