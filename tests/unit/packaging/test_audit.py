"""What `make audit` makes of pip-audit's answers: only an answer about everything is a clean bill."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

AUDIT = Path(__file__).parents[3] / ".ci" / "audit.py"

CLEAN = {"name": "aiohttp", "version": "3.9.0", "vulns": []}
VULNERABLE = {
    "name": "requests",
    "version": "2.19.0",
    "vulns": [{"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": [], "description": ""}],
}
NOT_FOUND = {"name": "click", "skip_reason": "Dependency not found on PyPI and could not be audited: click (8.1.7)"}


@pytest.fixture
def audit(tmp_path: Path) -> Any:
    """Run it with a pip-audit that answers so; (exit code, what was said)."""

    def run(answer: str, words: str = "") -> tuple[int, str]:
        stand_in = f"import sys; print({answer!r}); print({words!r}, file=sys.stderr)\n"
        (tmp_path / "pip_audit.py").write_text(stand_in)
        done = subprocess.run(
            [sys.executable, AUDIT, "requirements.lock"],
            env={"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def answer(*dependencies: dict[str, Any]) -> str:
    import json

    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_is_content_when_each_was_asked_about(audit: Any) -> None:
    assert audit(answer(CLEAN, CLEAN)) == (0, "Audited 2 dependencies: no known vulnerability.\n")


@pytest.mark.parametrize("others", [[CLEAN], [NOT_FOUND]], ids=["answered", "not answered"])
def test_fails_on_a_known_vulnerability_and_says_what_mends_it(audit: Any, others: list[dict[str, Any]]) -> None:
    code, said = audit(answer(VULNERABLE, *others))
    assert (code, said) == (1, "requests 2.19.0: PYSEC-2018-28, mended in 2.20.0\n")


@pytest.mark.parametrize("reply", [answer(CLEAN, NOT_FOUND), answer(), "", "no json"])
def test_claims_nothing_when_it_could_not_ask(audit: Any, reply: str) -> None:
    code, said = audit(reply, "ERROR: the name does not resolve")
    assert code == 3
    assert said.startswith("NOT AUDITED: the advisory database does not answer\n")
