"""SECURITY.md claims nothing that no test holds."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
TESTS = sorted(set(re.findall(r"\[(test_\w+)\]\((tests/[\w/.]+)\)", PAGE)))
CLAIMS = re.findall(r"^- (.*)$", PAGE.partition("## Who might")[2], re.MULTILINE)


@pytest.mark.parametrize(("name", "file"), TESTS)
def test_a_test_that_it_names_is_there(name: str, file: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / file).read_text())


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim[:40])
def test_a_claim_names_what_holds_it(claim: str) -> None:
    assert "](tests/" in claim or "`make lint` holds" in claim


def test_every_kind_of_attacker_is_told_what_is_not_protected() -> None:
    kinds = PAGE.partition("## Who might")[2].split("\n### ")[1:]
    assert len(kinds) == 9
    assert all("Not protected: " in kind for kind in kinds)
