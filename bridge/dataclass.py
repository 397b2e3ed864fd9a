"""The standard library's decorator `dataclass`, with which a program starts sooner: import it from here.

`dataclasses` writes six methods of each frozen class as text and compiles them one by one, whoever needs them: half a
millisecond and 8 KB a class, of which a bridge has two hundred. Here the classes share the code of their methods, and a
constructor is compiled when the first object is made. Fields, `replace`, `asdict` and what a type checker sees are the
same.
"""

import dataclasses
import reprlib
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

Class = type[Any]


def _decorator(
    cls: Class | None = None,
    /,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
) -> Any:
    """As `dataclasses.dataclass`, with those of its options that we use."""

    def made(plain: Class) -> Class:
        make: Callable[..., Class] = dataclasses.dataclass
        cls = make(plain, init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
        given: dict[str, Any] = {"__init__": _first(cls), "__repr__": _repr}
        if eq:
            given |= {"__eq__": _equal, "__hash__": _hash if frozen else None}
            cls.__values__ = _compared(cls)
        if frozen:
            given |= {"__setattr__": _set, "__delattr__": _delete}
        if frozen and slots:
            given |= {"__getstate__": _values, "__setstate__": _restore}
        for name, value in given.items():
            # what the class says itself goes before, but None is how Python says that __eq__ leaves no __hash__
            if vars(cls).get(name) is None:
                setattr(cls, name, value)
        return cls

    return made if cls is None else made(cls)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _decorator


def _first(cls: Class) -> Callable[..., None]:
    """A constructor that makes the real one, for the first object."""

    def first(self: Any, *values: Any, **named: Any) -> None:
        cls.__init__ = _constructor(cls)
        cls.__init__(self, *values, **named)

    return first


def _constructor(cls: Class) -> Any:
    """What `dataclasses` would have made."""
    scope: dict[str, Any] = {"set_": object.__setattr__, "missing_": dataclasses.MISSING}
    parameters, keywords, body = list[str](), list[str](), list[str]()
    frozen = vars(cls).get("__setattr__") is _set
    for each in dataclasses.fields(cls):
        name, value = each.name, each.name
        if each.default is not dataclasses.MISSING:
            scope[f"default_{name}"] = each.default
            taken = f"{name}=default_{name}"
        elif each.default_factory is not dataclasses.MISSING:
            scope[f"make_{name}"] = each.default_factory
            taken, value = f"{name}=missing_", f"make_{name}() if {name} is missing_ else {name}"
        else:
            taken = name
        (keywords if each.kw_only else parameters).append(taken)
        body.append(f"set_(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    taken = ", ".join(["self", *parameters, *(["*", *keywords] if keywords else ())])
    source = f"def __init__({taken}):\n " + "\n ".join(body or ["pass"])
    exec(source, scope)  # noqa: S102 - as `dataclasses` does: of names of fields that are written in this repository
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _compared(cls: Class) -> Callable[[Any], Any]:
    """Gets the values by which objects of a class are equal."""
    names = [each.name for each in dataclasses.fields(cls) if each.compare] or ["__class__"]
    # of a single name, `attrgetter` gives the value, not a tuple, in which a NaN equals itself
    return attrgetter(*names, *(names if len(names) == 1 else ()))


def _equal(self: Any, other: Any) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    values = self.__values__
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(self.__values__(self))


def _set(self: Any, name: str, value: Any) -> None:
    if _is_frozen(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _delete(self: Any, name: str) -> None:
    if _is_frozen(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_frozen(self: Any, name: str) -> bool:
    """All that it has; of a class that is made from a frozen one, only what that one has."""
    return "__dataclass_fields__" in vars(type(self)) or name in self.__dataclass_fields__


def _values(self: Any) -> list[Any]:
    """To be copied or pickled."""
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, values: list[Any]) -> None:
    """Fill a copy."""
    for each, value in zip(dataclasses.fields(self), values, strict=True):
        object.__setattr__(self, each.name, value)
