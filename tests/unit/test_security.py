"""SECURITY.md claims nothing that no test holds, sentence by sentence."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
TESTS = sorted(set(re.findall(r"\[(test_\w+)\]\((tests/[\w/.]+)\)", PAGE)))
#: what no test of this program can hold, as the sentence begins: what is at stake, advice, and what others do
NO_CLAIMS = (
    "*The SIM*:",
    "*What comes in*:",
    "*Keys*:",
    "Not protected: **HTTP in the clear.**",
    "On loopback that is fine;",
    "Use TLS as soon as",
    "Many small requests cost time:",
    "Make the first owner before",
    "Give programs that only send",
    "Not protected: **a sender's number proves nothing**;",
    "What your application does with a text",
    "Not protected: a modem sees",
    "The kernel's USB drivers",
    "**The adb server is open",
    "Run nothing else on that machine",
    "Plain HTTP on loopback can be read by root",
    "A secret in a variable of the environment",
    "A **SIM without a PIN**",
    "After a loss:",
    "Not protected: Python, its packages",
    "Dialects and drivers are code in this process",
)
#: a test, or the layers that import-linter holds
_HELD = re.compile(r"\]\(tests/|`make lint` holds")
_LINKS = re.compile(r"\]\([^)]*\)")


def sentences() -> list[str]:
    """Those that say what is protected, from whom, and what is not."""
    lines = [line.removeprefix("- ") for line in PAGE.partition("## What there is")[2].splitlines()[1:]]
    told = [line for line in lines if line and not line.startswith("#")]
    return [each for line in told for each in re.split(r"(?<=[.!?])\s+(?=[A-Z*`])|(?<=\.\*\*)\s+(?=[A-Z])", line)]


@pytest.mark.parametrize(("name", "file"), TESTS)
def test_a_test_that_it_names_is_there(name: str, file: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / file).read_text())


@pytest.mark.parametrize("sentence", sentences(), ids=lambda sentence: _LINKS.sub("]", sentence)[:60])
def test_a_sentence_names_what_holds_it_or_claims_nothing(sentence: str) -> None:
    assert bool(_HELD.search(sentence)) != sentence.startswith(NO_CLAIMS)


def test_what_claims_nothing_is_still_on_the_page() -> None:
    assert [begin for begin in NO_CLAIMS if not any(each.startswith(begin) for each in sentences())] == []


def test_every_kind_of_attacker_is_told_what_is_not_protected() -> None:
    kinds = PAGE.partition("## Who might")[2].split("\n### ")[1:]
    assert len(kinds) == 9
    assert all("Not protected: " in kind for kind in kinds)
