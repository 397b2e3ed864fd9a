"""A class that is made quickly is made as dataclasses make it."""

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from bridge.model.message import Draft, Message
from bridge.model.quick import quick
from tests.support.store_rows import message


@dataclass(frozen=True, slots=True)
class Plain:
    first: str
    second: int = 7
    #: compared by nobody
    third: str = field(default="c", compare=False)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    first: str
    second: int = 7
    third: str = field(default="c", compare=False)


@pytest.mark.parametrize("make", [lambda of: of("a"), lambda of: of("a", 1, "x"), lambda of: of(first="a", third="x")])
def test_it_has_the_values_that_dataclasses_give_it(make: Callable[[Any], Any]) -> None:
    assert [getattr(make(Quick), each.name) for each in fields(Quick)] == [
        getattr(make(Plain), each.name) for each in fields(Plain)
    ]
    assert repr(make(Quick)) == repr(make(Plain)).replace("Plain", "Quick")
    assert make(Quick) == make(Quick)
    assert hash(make(Quick)) == hash(make(Quick))
    assert type(make(Quick)) is Quick


@pytest.mark.parametrize("wrong", [{}, {"first": "a", "fourth": 1}])
def test_it_takes_no_more_and_no_less(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Quick(**wrong)
    with pytest.raises(TypeError):
        Quick("a", 1, "x", 2)  # type: ignore[call-arg]


def test_it_is_frozen_copied_and_replaced_like_any_other() -> None:
    made = Quick("a", third="x")
    with pytest.raises(FrozenInstanceError):
        made.first = "b"  # type: ignore[misc]
    assert not hasattr(made, "__dict__")
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), replace(made)):
        assert (type(again), again, again.third) == (Quick, made, "x")
    assert replace(made, second=9).second == 9


def test_messages_and_drafts_are_made_so_and_show_what_they_take() -> None:
    for of in (Draft, Message):
        assert list(inspect.signature(of).parameters) == [each.name for each in fields(of)]
        assert "become" in of.__init__.__code__.co_names
    assert message(1) == replace(message(1), seq=4)
    with pytest.raises(FrozenInstanceError):
        message(1).text = "other"  # type: ignore[misc]


def test_a_class_whose_constructor_does_more_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        some: list[str] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Checked:
        some: str

        def __post_init__(self) -> None: ...

    @dataclass(frozen=True)
    class Open:
        some: str

    for each in (Made, Checked, Open):
        with pytest.raises(TypeError, match=each.__name__):
            quick(each)
