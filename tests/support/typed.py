"""Types blocks of the documents into a shell as a person would, and keeps what it said."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.documents import Block
from tests.support.printed import MARK, amiss

#: seconds for all lines of a page
PATIENCE = 150
#: how a program in a block is run
RUN = {"python": "python", "php": "php", "js": "node"}
#: what the shell finds instead of the real commands: a curl that fails when the bridge refuses and keeps the answer
#: for `ID=…`, a sms-bridge that ends by itself where a person ends it, and a sudo that stays who it is
COMMANDS = {
    "curl": """#!/bin/sh
/usr/bin/curl -sS --fail-with-body "$@" >answer; code=$?; cat answer; exit $code
""",
    "sms-bridge": f"""#!/bin/sh
case $1 in tail|serve) ;; *) exec {sys.executable} -m bridge "$@" ;; esac
{sys.executable} -m bridge "$@" >ends 2>&1 &
until grep -qE "^Listening|ready at" ends; do kill -0 $! || exit 1; sleep 0.1; done
kill $!; wait $!; cat ends
""",
    "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    "sudo": '#!/bin/sh\nexec "$@"\n',
}
#: files that the lines read
FILES = {
    "march.csv": "name,phone\nAnna,+15550153\nBob,+15550154\n",
    "stop-list.csv": "number,reason\n+15550158,asked by mail\n",
    "texts.json": '[{"id": "code", "text": "Your code is {code}"}]\n',
}
NEW_ID = """ID=$(sed 's/.*"id": *"\\([^"]*\\)".*/\\1/' answer)"""
URL = "http://127.0.0.1:8080"


def shell(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """What the shell has in its environment."""
    commands = home / "commands"
    commands.mkdir()
    for name, text in COMMANDS.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return {**environment, "PATH": f"{commands}:{environment['PATH']}"}


def typed(
    each: Sequence[Block], folder: Path, environment: Mapping[str, str], meant: Mapping[str, str] | None = None
) -> str:
    """Type blocks of a page into one shell; what went wrong, or what printed something else than it should, or "".

    `meant`: what a person puts in the place of what is written.
    """
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    lines = [
        f"set -euo pipefail; PS4='{MARK}'",
        *(line for block in each for line in _lines(block, folder, meant or {})),
    ]
    with (folder / "said").open("w") as said:
        done = subprocess.run(
            ["timeout", str(PATIENCE), "bash", "-c", "\n".join(lines)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
        )
    heard = (folder / "said").read_text()
    place = re.findall(r"^@@ (.*)$", heard, re.MULTILINE)[-1:]
    if done.returncode != 0:
        return f"{place} ended with {done.returncode}:\n{heard[-1500:]}"
    return "\n\n".join(amiss(each[0].page, heard.replace((meant or {}).get(URL, URL), URL)))


def _lines(block: Block, folder: Path, meant: Mapping[str, str]) -> list[str]:
    text = block.text
    for written, each in meant.items():
        text = text.replace(written, each)
    if block.language == "sh":
        text = re.sub(r"^(export )?KEY=….*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"^ID=….*$", lambda _: NEW_ID, text, flags=re.MULTILINE)
        assert "…" not in text, block.place
    else:
        program = folder / f"program{block.line}"
        program.write_text("<?php\n" + text if block.language == "php" else text)
        text = f"{RUN[block.language]} {program.name}"
    # each line is shown before it is typed, so that a failure names it
    return [f"echo '@@ {block.place}'", "set -x", text, "{ set +x; } 2>/dev/null"]
