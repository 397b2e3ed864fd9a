"""What JSON may say of the fields of a dataclass."""

from dataclasses import dataclass, field

import pytest

from device_drivers.virtual.fields import Wrong, adjust, kinds, shown


@dataclass
class Several:
    on: bool = False
    share: float = 0.0
    many: int = 0
    word: str = ""
    codes: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    answers: dict[str, list[str]] = field(default_factory=dict)
    maybe: bool | None = None
    raw: bytes = b""
    _own: int = 0


def test_has_each_field_that_json_can_say_and_no_other() -> None:
    assert kinds(Several) == {
        "on": "bool",
        "share": "float",
        "many": "int",
        "word": "str",
        "codes": "list[int]",
        "names": "set[str]",
        "answers": "dict[str, list[str]]",
        "maybe": "bool | None",
    }


def test_sets_what_fits() -> None:
    target = Several()
    told = adjust(target, {"share": 1, "names": ["b", "a"], "answers": {"x": ["y"]}, "maybe": True})
    assert (target.share, target.names, target.maybe) == (1, {"a", "b"}, True)
    assert told["names"] == ["a", "b"]
    adjust(target, {"maybe": None})
    assert target.maybe is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": 1},
        {"many": True},
        {"many": 1.5},
        {"share": "much"},
        {"codes": [1, "x"]},
        {"names": "a"},
        {"answers": {"x": "y"}},
        {"raw": "00"},
        {"_own": 1},
        {"other": 1},
    ],
)
def test_sets_nothing_when_one_does_not_fit(wrong: dict[str, object]) -> None:
    target = Several()
    with pytest.raises(Wrong):
        adjust(target, {"word": "x", **wrong})
    assert shown(target) == shown(Several())
