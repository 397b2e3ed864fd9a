"""A store written as tables, and tables read: nothing secret gets out, and what is read back is what was written."""

import csv
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import BadRequest, NoSuchThing
from bridge.model.account import Account
from bridge.model.radio import InboundPart
from bridge.store import open_store, tables
from tests.unit.bridge.store.test_sqlite import message

NOW = 1_795_000_000_000
SECRET = "a-secret-of-webhooks"


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.db"
    store = await open_store(f"sqlite:///{path}")
    await store.add_account(Account("shop", NOW, webhook_secret=SECRET), [])
    await store.submit([replace(message(1), text='See you, "Bob"\nat five')])
    await store.receive(InboundPart("office", "SM:1", "+15550150", "=HYPERLINK(1)", NOW), "office", NOW)
    await store.close()
    return path


def test_writes_each_table_with_its_moments_in_words(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    written = tables.export(database, folder)
    assert set(written) == set(tables.TABLES) == {path.stem for path in folder.iterdir()}
    assert (written["accounts"], written["messages"], written["received"]) == (1, 1, 1)
    with (folder / "messages.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["recipient"], row["text"], row["state"]) == ("+15550101", 'See you, "Bob"\nat five', "queued")
    assert (row["created_at"], row["sent_at"]) == ("2026-11-18T11:06:40.000+00:00", "")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_json_lines_hold_what_the_store_holds(database: Path, tmp_path: Path) -> None:
    tables.export(database, tmp_path, ["received"], tables.Format.JSONL)
    assert json.loads((tmp_path / "received.jsonl").read_text())["text"] == "=HYPERLINK(1)"


def test_no_text_of_a_stranger_becomes_a_formula(database: Path, tmp_path: Path) -> None:
    tables.export(database, tmp_path, ["received"])
    with (tmp_path / "received.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["sender"]) == ("'=HYPERLINK(1)", "+15550150")


@pytest.mark.parametrize("form", list(tables.Format))
def test_no_secret_leaves_the_store(database: Path, tmp_path: Path, form: tables.Format) -> None:
    tables.export(database, tmp_path / "out", form=form)
    written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    assert "shop" in written
    assert SECRET not in written
    headings = {word for path in (tmp_path / "out").iterdir() for word in path.read_text().split("\n")[0].split(",")}
    assert [word for word in headings if "secret" in word or "digest" in word] == []


def test_refuses_a_table_that_is_not_for_others(database: Path, tmp_path: Path) -> None:
    with pytest.raises(NoSuchThing, match="no table credentials to export; there are: accounts, alarms, audit"):
        tables.export(database, tmp_path, ["credentials"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("numbers.csv", "number\n+15550101\n+15550102\n"),
        ("numbers.csv", "\ufeffname,number,reason\r\nAnn,+15550101,\r\nBob, +15550102 ,STOP\r\n"),
        ("numbers.csv", "number;reason\n+15550101;\n+15550102;STOP\n"),
        ("numbers.tsv", "reason\tnumber\n\t+15550101\nSTOP\t+15550102\n"),
        ("numbers.json", '[{"number": "+15550101"}, {"number": "+15550102"}]'),
        ("numbers.jsonl", '{"number": "+15550101"}\n{"number": "+15550102"}\n'),
    ],
)
def test_reads_what_spreadsheets_and_programs_write(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, newline="")
    rows = tables.read(tmp_path / name, "number", ("reason",))
    assert [row["number"] for row in rows] == ["+15550101", "+15550102"]
    assert {row["reason"] for row in rows} <= {"", "STOP"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "numbers.csv",
            "+15550101\n+15550102\n",
            "row 1 has no number; the first line names the columns, one of them number",
        ),
        ("numbers.csv", "number,reason\n+15550101,x\n,y\n", "row 2 has no number"),
        ("numbers.json", "{", "is not JSON"),
        ("numbers.jsonl", '["+15550101"]\n', "is not NL"),
        ("numbers.csv", b"\xff\xfe\x00", "is not CSV"),
        ("numbers.xlsx", "PK", r"must end with \.csv, \.tsv, \.json, \.jsonl"),
    ],
)
def test_says_which_row_of_which_file_is_wrong(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadRequest, match=said):
        tables.read(tmp_path / name, "number")
