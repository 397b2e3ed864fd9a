"""What goes on for more than a second says so, on a terminal only, and leaves nothing behind there."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
#: works until a line comes in; says before and after it something of its own
PROGRAM = """
import sys
from pathlib import Path
from bridge.cli.progress import working
print("begun", flush=True)
with working("packing", lambda: [Path(sys.argv[1]), Path("/there/is/none")], lambda: ", 7 rows"):
    sys.stdin.readline()
print("done", file=sys.stderr, flush=True)
"""


def started(file: Path, errors: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(file)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "60"}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, cwd=ROOT, text=True
    )


def test_a_terminal_sees_how_far_it_is_and_then_only_what_the_command_says(tmp_path: Path) -> None:
    file = tmp_path / "growing"
    file.write_bytes(bytes(2_500_000))
    master, slave = pty.openpty()
    with started(file, slave) as process:
        os.close(slave)
        assert process.stdin is not None
        said = ""
        while "packing" not in said:
            said += os.read(master, 4096).decode()
        assert re.fullmatch(r"\rpacking … \d+ s, 2\.5 MB, 7 rows", said)
        process.stdin.write("\n")
        process.stdin.flush()
        while "done" not in said:
            said += os.read(master, 4096).decode()
    os.close(master)
    erased = said.partition("done")[0].rpartition("\r")
    assert erased[2] == ""
    assert erased[0].rpartition("\r")[2].isspace()


def test_a_file_sees_nothing_of_it(tmp_path: Path) -> None:
    with started(tmp_path / "none", subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        _, said = process.communicate("\n", timeout=60)
    assert said == "done\n"
