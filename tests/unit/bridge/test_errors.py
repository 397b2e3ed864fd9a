"""The tree of errors: each has a sentence of its own, and the picture of it is right."""

import inspect
from types import ModuleType

import pytest

from api.http import errors as http_errors
from bridge import errors
from bridge.errors import BridgeError, InvalidNumber, KeyExpired, SendRefused


def kinds(module: ModuleType) -> list[type[BridgeError]]:
    """The errors that a module defines."""
    found = [kind for kind in vars(module).values() if inspect.isclass(kind) and issubclass(kind, BridgeError)]
    return [kind for kind in found if kind.__module__ == module.__name__]


def drawn(module: ModuleType) -> dict[str, str]:
    """Error → parent, as the tree in the module's docstring has it."""
    parents, path = dict[str, str](), list[str]()
    for line in (inspect.getdoc(module) or "").splitlines():
        rest = line.lstrip("│├└─ ")
        if not rest[:1].isupper() or not (line[0] in "│├└ " or rest == "BridgeError"):
            continue
        depth = (len(line) - len(rest)) // 4
        name = rest.split()[0]
        path[depth:] = [name]
        if depth:
            parents[name] = path[depth - 1]
    return parents


@pytest.mark.parametrize("module", [errors, http_errors], ids=["core", "http"])
def test_the_picture_of_the_tree_shows_every_error_below_its_parent(module: ModuleType) -> None:
    parents = {kind.__name__: kind.__mro__[1].__name__ for kind in kinds(module) if kind is not BridgeError}
    assert {name: parent for name, parent in drawn(module).items() if name in parents} == parents


@pytest.mark.parametrize("kind", [*kinds(errors), *kinds(http_errors)], ids=lambda kind: kind.__name__)
def test_an_errors_docstring_is_a_sentence_for_a_person(kind: type[BridgeError]) -> None:
    words = inspect.cleandoc(kind.__doc__ or "")
    assert words[:1].isupper()
    assert words.endswith(".")


def test_an_error_without_words_says_its_docstring() -> None:
    assert InvalidNumber().message == "The recipient is not a phone number."
    assert InvalidNumber("'abc' is not a phone number").message == "'abc' is not a phone number"
    assert InvalidNumber().field == "recipient"


def test_an_expired_key_says_since_when() -> None:
    assert KeyExpired(1_000_000_000_000).message == "The key expired on 2001-09-09 01:46 UTC: ask for a new one."
    assert KeyExpired().message == "The key has expired: ask for a new one."


def test_a_refusal_carries_the_devices_own_words() -> None:
    refused = SendRefused("+CMS ERROR: 42 (congestion)", errors.Refusal.TEMPORARY)
    assert (refused.message, refused.cause) == ("+CMS ERROR: 42 (congestion)",) * 2
