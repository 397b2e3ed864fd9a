"""How many processes share the tests, and in which order they get them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def sharing(processors: int) -> int:
    """How many processes share the tests on a machine with so many processors.

    Most tests of devices wait. One process for each of two processors: both would begin with the long tests, and the
    processors would wait with them.
    """
    return 2 * processors


def long_ones_first(tests: Sequence[T], is_long: Callable[[T], bool]) -> list[T]:
    """Long tests at the head of each half, the others in their order.

    Each process gets an equal run of tests at first (pytest-xdist, worksteal): half of them begin with long ones,
    which mostly wait, and the others use the processors meanwhile. A long one that is begun last is waited for by all.
    """
    long = [test for test in tests if is_long(test)]
    short = [test for test in tests if not is_long(test)]
    middle = max(0, len(tests) // 2 - len(long[::2]))
    return [*long[::2], *short[:middle], *long[1::2], *short[middle:]]
