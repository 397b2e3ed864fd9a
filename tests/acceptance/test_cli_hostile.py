"""Whatever stands on the command line or at its ends: one sentence, an exit code of the manual, and no traceback."""

import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from click.testing import CliRunner

from bridge.cli import commands, manual
from tests.acceptance.conftest import DEADLINE, Ended, SmsBridge
from tests.support.rights import anybody

#: these run until they are ended, install, or ask
GO_ON = {("demo",), ("serve",), ("sim", "network"), ("tail",), ("setup",), ("init",), ("backup",)}
COMMANDS = {
    path: command for path, command in manual.everything() if not isinstance(command, click.Group) and path not in GO_ON
}
#: nothing, an ESC sequence, a byte that is no UTF-8, very long, SQL, a number out of range, not a number
HOSTILE = [
    "",
    "\x1b[2J",
    "\udcff",
    "a" * 5000,
    "'; drop table messages; --",
    "-1",
    "9" * 24,
    "💥\u202e",
    "../../etc/passwd",
]


def trials(path: tuple[str, ...], command: click.Command) -> list[list[str]]:
    """Arguments that are wrong in many ways."""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [
        each.opts[0]
        for each in command.params
        if isinstance(each, click.Option) and not each.is_flag and each.opts[0] not in ("--config", "--data")
    ]
    needed = [each.type for each in arguments if each.required]
    usual = [str(kind.choices[0]) if isinstance(kind, click.Choice) else "x" for kind in needed]
    found = [[word] * max(1, len(arguments)) for word in HOSTILE]
    found += [[*usual, option, word] for option in options for word in HOSTILE]
    found += [[*usual, option, "x", option, "x"] for option in options] + [[option] for option in options]
    return [*found, ["x"] * (len(arguments) + 3), [], ["--no-such-option"]]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_hostile_arguments_end_in_a_sentence(sms_bridge: SmsBridge, path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    here = ["--data", "data"] if any("--data" in each.opts for each in command.params) else []
    for arguments in trials(path, command):
        done = sms_bridge(*path, *arguments, *here)
        assert done.code in (0, 1, 2), arguments
        sentences = [line for line in done.err.splitlines() if line.startswith(("sms-bridge: ", "Error: "))]
        told = [line for line in sentences if not line.startswith("sms-bridge: using ")]
        told += [line for line in done.out.splitlines() if line.startswith("FAIL")]  # of check and doctor
        assert not done.code or told, (arguments, done)
        assert "Traceback" not in done.err + done.out
        assert "\x1b" not in done.err + done.out, arguments


def in_a_shell(line: str, environment: dict[str, str], directory: Path, **variables: str) -> Ended:
    """`sms-bridge` is `$S` there."""
    done = subprocess.run(
        ["bash", "-c", line],
        env=environment | {"S": f"{sys.executable} -m bridge"} | variables,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("$S --help >/dev/full", 1, "sms-bridge: No space left on device\n"),
        ("$S messages --help >/dev/full", 1, "sms-bridge: No space left on device\n"),
        ("$S messages --data d >/dev/full", 1, "sms-bridge: No space left on device\n"),
        ("$S messages --data d <&-", 0, ""),
        ("$S messages --data d >&-", 0, ""),
        ("$S messages --data d 2>&-", 0, ""),
        ("$S messages --help | head -1", 0, ""),
        (r"$S show $'\xff' --data d", 2, 'sms-bridge: "\N{REPLACEMENT CHARACTER}" is not text in UTF-8\n'),
    ],
)
def test_streams_that_are_closed_full_or_ended(
    environment: dict[str, str], tmp_path: Path, line: str, code: int, error: str
) -> None:
    (tmp_path / "d").mkdir()
    done = in_a_shell(f"set -o pipefail; {line}", environment, tmp_path)
    assert (done.code, done.err) == (code, error)


def test_a_terminal_of_another_character_set_shows_what_it_can(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    lines = "$S account add shop --data d && $S contacts add +15550150 'Müller 💥' --account shop --data d"
    assert in_a_shell(lines, environment, tmp_path).code == 0
    listed = in_a_shell("$S contacts list --account shop --data d", environment, tmp_path, PYTHONIOENCODING="koi8-r")
    assert (listed.code, "M?ller ?" in listed.out, listed.err) == (0, True, "")


def test_what_may_not_be_read_is_said_with_what_to_do() -> None:
    with TemporaryDirectory() as made, chdir(made):
        Path(made).chmod(0o755)
        for name in ("config.toml", "people.csv"):
            Path(name).touch(0o000)
        for command in ("contacts import people.csv", "messages --config config.toml", "inbox"):
            with anybody():
                done = CliRunner().invoke(commands, command.split(), prog_name="sms-bridge")
            assert done.exit_code == 2
            assert done.stderr.splitlines()[-1].endswith(
                " may not be read by this user; run it with sudo, or choose a place that is yours"
            ), command
        Path("file.toml").write_text('[store]\nurl = "sqlite:////dev/null/bridge.db"\n')
        # loads what `serve` needs: where Python itself lies, that user may not look
        assert CliRunner().invoke(commands, ("serve", "--config", "file.toml")).exit_code == 1
        Path("config.toml").write_text(f'[store]\nurl = "sqlite:///{made}/closed/bridge.db"\n')
        Path("config.toml").chmod(0o644)
        Path("closed").mkdir(0o000)
        Path("home/.local/state/sms-bridge/demo").mkdir(0o000, parents=True)
        for command in ("serve --config config.toml", "sim receive x"):
            with anybody():
                runner = CliRunner(env={"HOME": f"{made}/home", "XDG_STATE_HOME": None})
                done = runner.invoke(commands, command.split(), prog_name="sms-bridge")
            assert done.exit_code in (1, 2)
            assert done.stderr.endswith("; run it with sudo, or choose a place that is yours\n"), command
