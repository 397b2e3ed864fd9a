"""A dataclass of ours is one of the standard library's, made with less work."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from bridge import dataclass as ours
from bridge.dataclass import dataclass


class Standard:
    """As `dataclasses` makes them."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Frozen:
        first: str
        second: int = 7
        third: list[str] = dataclasses.field(default_factory=list, repr=False)
        fourth: str = dataclasses.field(default="d", compare=False, kw_only=True)

    @dataclasses.dataclass(slots=True, kw_only=True)
    class Changing:
        first: str
        second: int = 7
        third: list[str] = dataclasses.field(default_factory=list)

    @dataclasses.dataclass
    class Open:
        first: str = "a"

        def __post_init__(self) -> None:
            self.first += "!"


class Ours:
    """The same, as we make them."""

    @dataclass(frozen=True, slots=True)
    class Frozen:
        first: str
        second: int = 7
        third: list[str] = dataclasses.field(default_factory=list, repr=False)
        fourth: str = dataclasses.field(default="d", compare=False, kw_only=True)

    @dataclass(slots=True, kw_only=True)
    class Changing:
        first: str
        second: int = 7
        third: list[str] = dataclasses.field(default_factory=list)

    @dataclass
    class Open:
        first: str = "a"

        def __post_init__(self) -> None:
            self.first += "!"


BOTH = pytest.mark.parametrize("kinds", [Standard, Ours])
NAMES = pytest.mark.parametrize("name", ["Frozen", "Changing", "Open"])


@dataclass(frozen=True, slots=True)
class Kept:
    """Can be pickled."""

    first: str
    second: tuple[int, ...] = ()


@dataclass(frozen=True)
class Above(Kept):
    """More than another."""

    third: float = 0.5


@NAMES
@pytest.mark.parametrize("named", [{}, {"first": "x"}, {"first": "x", "second": 1}, {"first": "x", "third": ["y"]}])
def test_it_has_the_values_that_dataclasses_give_it(name: str, named: dict[str, Any]) -> None:
    def made(kinds: Any) -> object:
        try:
            made = getattr(kinds, name)(**named)
        except TypeError as error:
            return str(error).replace("Standard.", "Ours.")
        return repr(made).replace("Standard.", "Ours."), dataclasses.asdict(made)

    assert made(Ours) == made(Standard)


@pytest.mark.parametrize(
    "make", [lambda of: of("x", 1), lambda of: of("x", 1, ["y"]), lambda of: of("x", 1, ["y"], "z"), lambda of: of()]
)
def test_it_takes_values_by_their_place_as_dataclasses_do(make: Callable[[Any], Any]) -> None:
    def made(kinds: Any) -> object:
        try:
            return dataclasses.asdict(make(kinds.Frozen))
        except TypeError as error:
            return str(error).replace("Standard.", "Ours.")

    assert made(Ours) == made(Standard)


@NAMES
def test_it_has_the_same_fields_slots_and_places(name: str) -> None:
    of, as_ = getattr(Ours, name), getattr(Standard, name)
    assert [repr(each) for each in dataclasses.fields(of)] == [repr(each) for each in dataclasses.fields(as_)]
    assert getattr(of, "__slots__", None) == getattr(as_, "__slots__", None)
    assert of.__match_args__ == as_.__match_args__
    assert (of.__hash__ is None) == (as_.__hash__ is None)


def test_no_two_objects_share_what_a_factory_made() -> None:
    one, other = Ours.Frozen("a"), Ours.Frozen("a")
    one.third.append("x")
    assert (one.third, other.third) == (["x"], [])


@BOTH
def test_it_is_equal_to_one_of_its_class_with_the_same_values(kinds: Any) -> None:
    assert kinds.Frozen("a", fourth="x") == kinds.Frozen("a", fourth="y")
    assert kinds.Frozen("a") != kinds.Frozen("b")
    assert kinds.Open("a") != kinds.Open("b")
    assert kinds.Frozen("a") != kinds.Changing(first="a")
    assert kinds.Frozen("a").__eq__("a") is NotImplemented
    unlike_itself = kinds.Open("a")
    unlike_itself.first = float("nan")
    assert unlike_itself == copy.copy(unlike_itself)  # as tuples are


def test_what_is_frozen_has_a_hash_and_does_not_change() -> None:
    assert hash(Kept("a", (1,))) == hash(Kept("a", (1,))) != hash(Kept("a", (2,)))
    kept = Kept("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'first'"):
        kept.first = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        kept.other = "b"  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'first'"):
        del kept.first
    assert kept == Kept("a")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Ours.Open())


def test_what_a_plain_subclass_adds_can_be_changed() -> None:
    class More(Kept):
        pass

    more = More("a")
    more.other = "x"  # type: ignore[attr-defined]
    del more.other  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        more.first = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del more.first
    assert more.first == "a"


def test_a_subclass_takes_the_fields_of_both() -> None:
    assert repr(Above("a", (1,), 2.5)) == "Above(first='a', second=(1,), third=2.5)"
    assert Above("a") != Kept("a")
    assert (Above("a").third, Kept("a").second) == (0.5, ())


def test_it_is_copied_pickled_and_replaced_like_any_other() -> None:
    kept = Kept("a", (1, 2))
    for again in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept)), dataclasses.replace(kept)):
        assert (type(again), again) == (Kept, kept)
    assert dataclasses.replace(kept, first="b") == Kept("b", (1, 2))


def test_what_a_class_says_itself_stays() -> None:
    @dataclass(frozen=True, slots=True)
    class Secret:
        said: str

        def __repr__(self) -> str:
            return "Secret"

        def __hash__(self) -> int:
            return 1

    @dataclass(frozen=True, slots=True)
    class Equal:  # noqa: PLW1641 - it gets one
        said: str

        def __eq__(self, other: object) -> bool:
            return True

    assert (repr(Secret("a")), hash(Secret("a"))) == ("Secret", 1)
    assert Equal("a") == Equal("b")
    assert hash(Equal("a")) == hash(Equal("a"))


def test_one_without_fields_is_equal_to_another() -> None:
    @dataclass(frozen=True)
    class Nothing:
        pass

    assert (Nothing(), hash(Nothing())) == (Nothing(), hash(Nothing()))


def test_one_that_holds_itself_can_be_shown() -> None:
    one = Ours.Changing(first="a")
    one.third.append(one)  # type: ignore[arg-type]
    assert repr(one) == "Ours.Changing(first='a', second=7, third=[...])"


def test_the_constructor_is_compiled_with_the_first_object_once(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True)
    class Rare:
        value: int

    compiled = list[str]()
    constructor = ours._constructor

    def noted(of: type[Any], *how: Any) -> Any:
        compiled.append(of.__name__)
        return constructor(of, *how)

    monkeypatch.setattr(ours, "_constructor", noted)
    assert compiled == []
    assert [Rare(1), Rare(value=2)] == [Rare(1), Rare(2)]
    assert compiled == ["Rare"]
