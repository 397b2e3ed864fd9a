"""A path that leads to no file: each command, and each setting, says in one sentence what is there and what to do."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge
from tests.support.namespaces import apart

Wrong = Callable[[Path], Path]


def folder(here: Path) -> Path:
    """A folder in the place of the file."""
    made = here / "folder"
    made.mkdir()
    return made


def below_a_file(here: Path) -> Path:
    """A file has the name of the folder that it should be in."""
    (here / "file").touch()
    return here / "file" / "wanted"


def deep_below_a_file(here: Path) -> Path:
    """The same, of a folder further up."""
    (here / "file").touch()
    return here / "file" / "deep" / "wanted"


def link_to_nowhere(here: Path) -> Path:
    """As a link to a disk that is not mounted."""
    (here / "link").symlink_to(here / "disk" / "wanted")
    return here / "link"


def below_a_link_to_nowhere(here: Path) -> Path:
    """The same, of its folder."""
    (here / "link").symlink_to(here / "disk")
    return here / "link" / "wanted"


def link_to_itself(here: Path) -> Path:
    """It leads in a circle."""
    (here / "link").symlink_to(here / "link")
    return here / "link"


def name_too_long(here: Path) -> Path:
    """No file system takes it."""
    return here / ("x" * 300)


#: what is wrong → what is said, with what to do about it
WRONG = {
    folder: "folder is a folder, where a file is needed: give the name of a file in it",
    below_a_file: "file( cannot be there, because .*/file)? is a file.*: move (it|that) away, or choose another place",
    deep_below_a_file: "cannot be there, because .*/file is a file: move that away, or choose another place",
    link_to_nowhere: "link is a link to .*/disk/wanted, which is not there: mount its disk, or name .*/wanted itself",
    below_a_link_to_nowhere: "link is a link to .*/disk, which is not there: mount its disk, or name .*/disk itself",
    link_to_itself: "link is a link that leads back to itself: remove it, or choose another place",
    name_too_long: r"x(\.lock)?: the name is too long: choose a shorter one",
}
every_wrong = pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)


def one_sentence(said: str, words: str) -> None:
    """It is one line, and has the words."""
    (line,) = (each for each in said.splitlines() if not each.startswith("sms-bridge: using "))
    assert re.search(words, line), line


@every_wrong
@pytest.mark.parametrize("command", ["account list", "messages", "serve", "export out", "backup kept", "user list"])
def test_the_store(command: str, wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    url = f"sqlite:///{wrong(tmp_path)}"
    done = sms_bridge(*command.split(), SMS_BRIDGE__STORE__URL=url, SMS_BRIDGE__HTTP__PORT="0")
    assert done.code != 0
    one_sentence(done.err, WRONG[wrong])
    assert not (tmp_path / "disk").exists()


@every_wrong
def test_the_store_that_check_looks_at(wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("check", SMS_BRIDGE__STORE__URL=f"sqlite:///{wrong(tmp_path)}", SMS_BRIDGE__HTTP__PORT="0")
    assert done.code == 1
    sentence, remedy = re.search(r"FAIL  store: (.*)\n +→ (.*)\n", done.out).groups()  # type: ignore[union-attr]
    one_sentence(f"{sentence}: {remedy}", WRONG[wrong])


#: a setting that names a file to be read → the table it stands in
SETTINGS = {
    "http.certificate": '[http]\ncertificate = "{path}"\nkey = "{path}"\n',
    "alarm.smtp_password": '[alarm]\nsmtp_password = {{ file = "{path}" }}\n',
}


@every_wrong
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_file_that_a_setting_names(setting: str, wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    text = SETTINGS[setting].format(path=wrong(tmp_path))
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n{text}')
    done = sms_bridge("check")
    assert done.code != 0
    said = " ".join(re.findall(r"(?:FAIL|→) +(.*)", done.out))
    assert re.search(setting.partition(".")[2] + ".*" + WRONG[wrong], said), done.out


@every_wrong
def test_the_socket_for_a_proxy(wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    words = "what is there is no socket: move it away" if wrong is folder else WRONG[wrong]
    if wrong is name_too_long:
        words = "too long"
    if wrong in (link_to_nowhere, link_to_itself):
        words += "|Address already in use"
    (tmp_path / "config.toml").write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n[http]\nport = 0\nsocket = "{wrong(tmp_path)}"\n'
    )
    done = sms_bridge("serve")
    assert done.code != 0
    assert re.search(f"http.socket: cannot listen there: .*({words})", done.err), done.err


@every_wrong
def test_the_configuration(wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("account", "list", "--config", str(wrong(tmp_path)))
    assert done.code == 2
    one_sentence(done.err, WRONG[wrong])


@pytest.mark.parametrize("command", ["export {}", "contacts export {}", "doctor --bundle {}"])
@pytest.mark.parametrize("wrong", [folder, below_a_file, name_too_long], ids=lambda each: each.__name__)
def test_a_file_that_is_written(command: str, wrong: Wrong, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    assert sms_bridge("account", "add", "shop", "--data", str(tmp_path)).code == 0
    file = wrong(tmp_path).with_suffix(".vcf" if wrong is below_a_file else "")
    done = sms_bridge(*command.format(file).split(), "--data", str(tmp_path))
    assert done.code != 0
    said = [each for each in done.err.splitlines() if not each.startswith(("Usage", "Try", "sms-bridge: using"))]
    assert len([each for each in said if each]) == 1


@pytest.mark.needs("unshare")
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("ro", "bridge.db.* is on a file system that is mounted read-only: .*sudo mount -o remount,rw .*/disk"),
        ("size=64k", "the disk is full: .*make room"),
    ],
)
@pytest.mark.parametrize("command", ["account add shop", "serve"])
def test_a_disk_that_takes_nothing(
    command: str, how: str, words: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    lines = f"mount -t tmpfs -o {how} tmpfs disk && exec {sys.executable} -m bridge {command}"
    settings = {"SMS_BRIDGE__STORE__URL": f"sqlite:///{tmp_path}/disk/bridge.db", "SMS_BRIDGE__HTTP__PORT": "0"}
    done = subprocess.run(
        apart("sh", "-c", lines), cwd=tmp_path, env=environment | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    one_sentence(done.stderr, words)
