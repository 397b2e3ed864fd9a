"""control.json: how commands find the bridge."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.config.field import Secret
from bridge.host import control_file
from tests.support.users import somebody_else

START = "sms-bridge serve"


def running(url: str = "http://127.0.0.1:9", pid: int = 0) -> control_file.Control:
    return control_file.Control(url, Secret("t0ken"), pid or os.getpid())


def finished_process() -> int:
    """The id of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_finds_the_running_bridge(tmp_path: Path) -> None:
    control_file.write(tmp_path, running())
    assert control_file.find(tmp_path, START) == running()


def test_the_file_is_for_its_own_user_alone(tmp_path: Path) -> None:
    control_file.write(tmp_path, running())
    assert stat.S_IMODE((tmp_path / "control.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "control.json").read_text()) == {
        "url": "http://127.0.0.1:9",
        "token": "t0ken",
        "pid": os.getpid(),
    }


def test_a_new_start_replaces_the_file_of_the_last_one(tmp_path: Path) -> None:
    control_file.write(tmp_path, running("http://127.0.0.1:1", finished_process()))
    control_file.write(tmp_path, running("http://127.0.0.1:2"))
    assert control_file.find(tmp_path, START).url == "http://127.0.0.1:2"
    assert [each.name for each in tmp_path.iterdir()] == ["control.json"]


def test_says_how_to_start_a_bridge_that_never_ran(tmp_path: Path) -> None:
    with pytest.raises(control_file.NotRunning) as caught:
        control_file.find(tmp_path / "nowhere", START)
    assert caught.value.message == "the bridge is not running; start it with: sms-bridge serve"


def test_a_file_left_by_a_dead_process_means_not_running(tmp_path: Path) -> None:
    control_file.write(tmp_path, running(pid=finished_process()))
    with pytest.raises(control_file.NotRunning, match="is not running; start it with: sms-bridge serve"):
        control_file.find(tmp_path, START)


def test_says_when_the_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "control.json").write_text('{"url": ')
    with pytest.raises(control_file.NotRunning, match="is damaged: stop the bridge, delete the file"):
        control_file.find(tmp_path, START)


def test_takes_its_own_file_away_and_nobody_elses(tmp_path: Path) -> None:
    control_file.write(tmp_path, running(pid=os.getpid()))
    control_file.remove(tmp_path, pid=1)
    assert (tmp_path / "control.json").exists()
    control_file.remove(tmp_path, pid=os.getpid())
    assert not (tmp_path / "control.json").exists()
    control_file.remove(tmp_path, pid=os.getpid())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("sms.lan", "http://sms.lan:80"),
    ],
)
def test_knows_where_to_reach_what_listens_everywhere(host: str, url: str) -> None:
    assert control_file.address(host, 80) == url


def test_the_token_does_not_show_in_a_repr() -> None:
    assert "t0ken" not in repr(running())


def test_what_another_process_left_is_not_the_running_bridges(tmp_path: Path) -> None:
    assert control_file.left_by(tmp_path, 7) is None
    control_file.write(tmp_path, running(pid=7))
    assert control_file.left_by(tmp_path, 7) == running(pid=7)
    assert control_file.left_by(tmp_path, 8) is None


def test_a_file_for_another_user_is_told_with_the_command_that_helps(tmp_path: Path) -> None:
    control_file.write(tmp_path, running())
    owner = tmp_path.owner()
    (tmp_path / "control.json").chmod(0)
    told = f"control.json is for the user {owner}, who runs the bridge: try sudo -u {owner} sms-bridge …"
    with somebody_else(), pytest.raises(control_file.NotRunning, match=told):
        control_file.find(tmp_path, START)


def test_the_owner_of_what_cannot_be_seen_is_the_one_of_its_folder(tmp_path: Path) -> None:
    assert f"is for the user {tmp_path.owner()}, who" in control_file.for_its_owner(tmp_path / "not" / "there")
