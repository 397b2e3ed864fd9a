"""Decode a file of public PDUs and say which field came out wrong: `python tests/support/public_vectors.py [FILE]`.

The file is not part of the project. It is looked for at FILE, at $SMS_BRIDGE_VECTORS, or at
`../shared/vectors/pdu_public.json` beside the project. It holds a list of objects: `id`, `pdu` (hex), `has_smsc`,
`expect` (the fields a decoder must find), `invalid` (why it must be refused), `lenient` (either is fine, a crash is
not). Ends with 0 when all are right, 1 when a field is wrong, 2 when there is no file.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bridge.model.radio import Concat  # noqa: E402 - the path comes first
from device_drivers.gsm_modem.pdu import Deliver, Malformed, StatusReport, Submit, decode  # noqa: E402 - likewise

Vector = dict[str, Any]
Decoded = Deliver | StatusReport | Submit

TYPES = {Deliver: "deliver", StatusReport: "status-report", Submit: "submit"}
#: the file's word → our attribute, where they differ
NAMES = {
    "fo": "first_octet",
    "mr": "reference",
    "srr": "report",
    "vp": "validity",
    "vp_abs": "expires_at",
    "time": "sent_at",
    "discharge": "done_at",
}
#: what must not be found where the file does not expect it
UNEXPECTED = ("concat", "ports", "udh", "vp", "vp_abs", "text", "data")


def main(arguments: list[str]) -> int:
    """Print every wrong field and a summary."""
    path = Path(arguments[0] if arguments else os.environ.get("SMS_BRIDGE_VECTORS", default_path()))
    if not path.is_file():
        sys.stderr.write(f"no vectors at {path}: give their path, or set SMS_BRIDGE_VECTORS\n")
        return 2
    vectors = json.loads(path.read_text("utf-8"))
    wrong = 0
    for vector in vectors:
        problems = list(check(vector))
        wrong += bool(problems)
        for problem in problems:
            sys.stdout.write(f"{vector['id']}: {problem}\n")
    sys.stdout.write(f"{len(vectors) - wrong} of {len(vectors)} right\n")
    return 1 if wrong else 0


def default_path() -> Path:
    """Beside the project, wherever that is checked out."""
    return ROOT.parent / "shared" / "vectors" / "pdu_public.json"


def check(vector: Vector) -> Iterator[str]:
    """What is wrong with our reading of one PDU."""
    expected = vector["expect"]
    try:
        decoded = decode(vector["pdu"], has_smsc=vector["has_smsc"])
    except Malformed as error:
        if error.pdu != vector["pdu"]:
            yield "the refusal lost the PDU"
        if not vector.get("invalid") and not vector.get("lenient"):
            yield f"refused: {error}"
        return
    if vector.get("invalid"):
        yield f"taken, but invalid: {vector['invalid']}"
    for name, value in expected.items():
        wanted, found = OURS.get(name, same)(value), field(decoded, name)
        if found != wanted:
            yield f"{name}: expected {wanted!a}, found {found!a}"
    if expected.get("text", expected.get("data")) is not None:
        yield from surplus(decoded, expected)


def surplus(decoded: Decoded, expected: Vector) -> Iterator[str]:
    """Fields that we found and the file does not have."""
    for name in UNEXPECTED:
        if name not in expected and field(decoded, name):
            yield f"{name}: expected none, found {field(decoded, name)!a}"
    zone = getattr(decoded, "zone", None)
    if "time" in expected and zone != minutes_east(expected["time"]):
        yield f"zone: expected {minutes_east(expected['time'])}, found {zone}"


def field(decoded: Decoded, name: str) -> Any:
    """A field of ours by the file's word."""
    if name == "type":
        return TYPES[type(decoded)]
    if name == "number":
        return decoded.sender if isinstance(decoded, Deliver) else decoded.recipient
    return getattr(decoded, NAMES.get(name, name), None)


def same(value: Any) -> Any:
    """The file says it as we do."""
    return value


def milliseconds(moment: str) -> int:
    """ISO 8601 with zone → Unix ms."""
    return int(datetime.fromisoformat(moment).timestamp()) * 1000


def minutes_east(moment: str) -> int:
    """The zone of an ISO 8601 moment."""
    offset = datetime.fromisoformat(moment).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


def relative_seconds(octet: int) -> int:
    """TP-VP (3GPP TS 23.040 §9.2.3.12.1), written apart from the codec's own."""
    steps = [300] * 144 + [1800] * 24
    days, weeks = range(2, 31), range(5, 64)
    periods = [sum(steps[: n + 1]) for n in range(168)] + [86400 * n for n in days] + [604800 * n for n in weeks]
    return periods[octet]


#: the file's words whose values have to be said in ours
OURS: dict[str, Callable[[Any], Any]] = {
    "smsc": lambda value: value or "",
    "time": milliseconds,
    "discharge": milliseconds,
    "vp": relative_seconds,
    "vp_abs": milliseconds,
    "data": bytes.fromhex,
    "udh": lambda value: tuple((identifier, bytes.fromhex(content)) for identifier, content in value),
    "ports": lambda value: (value["dst"], value["src"]),
    "concat": lambda value: Concat(value["ref"], value["total"], value["seq"], value["bits"]),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
