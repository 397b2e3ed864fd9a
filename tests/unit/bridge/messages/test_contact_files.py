"""Contacts out of the files that phones and spreadsheets write."""

import time

import pytest

from bridge.errors import BadRequest
from bridge.messages import contact_files
from bridge.messages.contact_files import Row
from bridge.model.conversation import Consent

#: as a phone with Android writes it
ANDROID = b"""BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Anna;;;\r
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Anna M=C3=BC=\r
ller\r
TEL;CELL:+44 7700 900123\r
TEL;HOME:07700 900456\r
END:VCARD\r
"""
#: as an iPhone and as RFC 6350 have it
APPLE = """BEGIN:VCARD
VERSION:3.0
N:Smith;Bob;;;
item1.TEL;type=CELL;type=pref:+1 555 0123
NOTE:likes tea\\, not
  coffee\\nand cake
CATEGORIES:regulars,a\\,b
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:李雷
TEL;VALUE=uri;TYPE="voice,cell":tel:+86-138-0013-8000;ext=1
END:VCARD
BEGIN:VCARD
FN:Without a number
END:VCARD
""".encode()


def test_a_card_of_android_is_read() -> None:
    assert contact_files.read(ANDROID, "vcard") == [
        Row(1, "+44 7700 900123", "Anna Müller"),
        Row(1, "07700 900456", "Anna Müller"),
    ]


def test_cards_of_other_kinds_are_read() -> None:
    assert contact_files.read(APPLE, "vcard") == [
        Row(1, "+1 555 0123", "Bob Smith", "likes tea, not coffee\nand cake", ("regulars", "a,b")),
        Row(9, "+86-138-0013-8000", "李雷"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Phone;First Name;Last Name;Group\n+15550123;Anna;M;a|b\n",
        "手机号,姓名,分组\n+15550123,Anna M,a;b\n",
        "Name,Phone 1 - Value,Group Membership\nAnna M,+15550123,a ::: b\n",
    ],
)
def test_columns_are_known_by_many_names(text: str) -> None:
    assert contact_files.read(text.encode(), "csv") == [Row(2, "+15550123", "Anna M", "", ("a", "b"))]


@pytest.mark.parametrize(("word", "consent"), [("yes", "given"), ("No", "refused"), ("", "unknown"), ("?", "unknown")])
def test_consent_is_read_in_everyday_words(word: str, consent: str) -> None:
    [row] = contact_files.read(f"number,consent\n+15550123,{word}\n".encode(), "csv")
    assert row.consent is Consent(consent)


@pytest.mark.parametrize(("form", "raw"), [("csv", b""), ("csv", b"a,b\n1,2\n"), ("vcard", b"hello")])
def test_what_is_no_such_file_is_refused(form: str, raw: bytes) -> None:
    with pytest.raises(BadRequest):
        contact_files.read(raw, form)


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_files, "MOST", 2)
    with pytest.raises(BadRequest, match="more than 2 contacts"):
        contact_files.read(b"number\n+15550123\n+15550124\n+15550125\n", "csv")


@pytest.mark.parametrize(
    "inside",
    [b"".join(b"TEL:%d\n" % number for number in range(40_000)), b"TEL:1\nFN:" + b"\n a" * 1_300_000 + b"\n"],
    ids=["numbers", "folds"],
)
def test_a_card_takes_no_longer_than_as_much_in_many(inside: bytes) -> None:
    """Nine seconds for 40,000 numbers, and four times that for twice as many: threads that others need."""
    began = time.process_time()
    assert contact_files.read(b"BEGIN:VCARD\n" + inside + b"END:VCARD\n", "vcard")
    assert time.process_time() - began < 4.0
