"""The script that checks the codec against a file of public PDUs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "public_vectors.py"
VECTOR: dict[str, Any] = {
    "id": "own",
    # DELIVER from +15550101, 2024-02-03 04:05:06 +01:00, reference 7, part 1 of 2, "A"
    "pdu": "0044089151551010000842203040506040080500030702010041",
    "has_smsc": True,
    "expect": {
        "type": "deliver",
        "smsc": None,
        "fo": 68,
        "number": "+15550101",
        "time": "2024-02-03T04:05:06+01:00",
        "dcs": 8,
        "encoding": "ucs2",
        "text": "A",
        "udh": [[0, "070201"]],
        "concat": {"ref": 7, "total": 2, "seq": 1, "bits": 8},
    },
}


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)


def test_the_vectors_script_says_when_there_is_no_file(tmp_path: Path) -> None:
    ran = script(str(tmp_path / "none.json"))
    assert ran.returncode == 2
    assert "no vectors at" in ran.stderr


def test_the_vectors_script_counts_what_is_right(tmp_path: Path) -> None:
    refused = {"id": "bad", "pdu": "00FF", "has_smsc": True, "invalid": "reserved type", "expect": {}}
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps([VECTOR, refused]), "utf-8")
    ran = script(str(file))
    assert (ran.returncode, ran.stdout) == (0, "2 of 2 right\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "B"),
        ("number", "15550101"),
        ("time", "2024-02-03T04:05:06+02:00"),
        ("concat", None),
        ("type", "submit"),
    ],
)
def test_the_vectors_script_names_a_wrong_field(tmp_path: Path, field: str, value: object) -> None:
    expect = {name: given for name, given in VECTOR["expect"].items() if name != field}
    if value is not None:
        expect[field] = value
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps([VECTOR | {"expect": expect}]), "utf-8")
    ran = script(str(file))
    assert ran.returncode == 1
    assert f"own: {field}: expected" in ran.stdout
    assert "0 of 1 right" in ran.stdout
