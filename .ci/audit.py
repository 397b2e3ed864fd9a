"""Ask for known vulnerabilities of everything in a lock file, and say so when nobody answered.

    audit.py requirements.lock

Ends with 0: asked about each, none known; 1: some are known, and listed; 3: not audited.
"""

import json
import subprocess
import sys
from typing import Any

OPTIONS = ("--require-hashes", "--disable-pip", "--format=json")
NONE_KNOWN, KNOWN, NOT_AUDITED = 0, 1, 3


def main(lock: str) -> int:
    """Ask, print what came of it, and give the exit code."""
    asked = subprocess.run(  # noqa: S603 - our own tool on our own file
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            lock,
            "--require-hashes",
            "--disable-pip",
            "--format=json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        dependencies = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _not_audited(asked.stderr.strip().splitlines()[-1:] or ["pip-audit said nothing"])
    return judge(dependencies)


def judge(dependencies: list[dict[str, Any]]) -> int:
    """What pip-audit's list of dependencies means. What is known counts, though some could not be asked about."""
    vulnerable = [(each, found) for each in dependencies for found in each.get("vulns", ())]
    for each, found in vulnerable:
        mended = ", ".join(found["fix_versions"]) or "no version yet"
        print(f"{each['name']} {each['version']}: {found['id']}, mended in {mended}")  # noqa: T201
    skipped = [each["skip_reason"] for each in dependencies if "skip_reason" in each]
    if vulnerable:
        return KNOWN
    if skipped or not dependencies:
        return _not_audited(skipped)
    print(f"Audited {len(dependencies)} dependencies: no known vulnerability.")  # noqa: T201
    return NONE_KNOWN


def _not_audited(reasons: list[str]) -> int:
    print("NOT AUDITED: the advisory database does not answer", file=sys.stderr)  # noqa: T201
    if reasons:
        print(f"  {len(reasons)} times, the first: {reasons[0]}", file=sys.stderr)  # noqa: T201
    return NOT_AUDITED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
