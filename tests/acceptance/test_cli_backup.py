"""`sms-bridge backup`: of a running bridge, the newest few, and never of a damaged store."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.store import archive
from tests.acceptance.conftest import SmsBridge, Start
from tests.support.damage import flip, pages_with

READY = "INFO bridge.daemon.run: ready at "
BRIDGE = ("--config", "bridge.toml")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration without devices."""
    text = f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n'
    (tmp_path / "bridge.toml").write_text(text)
    return tmp_path


def make(folder: Path, hours: float) -> Path:
    """What stands for a backup that was made so many hours ago."""
    moment = datetime.now(UTC) - timedelta(hours=hours)
    file = folder / moment.strftime("sms-bridge-%Y-%m-%dT%H%M%SZ.export")
    file.touch()
    return file


def test_a_running_bridge_is_backed_up_and_the_newest_are_kept(home: Path, sms_bridge: SmsBridge, start: Start) -> None:
    bridge = start("serve", *BRIDGE, together=True)
    bridge.says(READY)
    sms_bridge("send", "+15550150", "Hello", *BRIDGE)
    folder = home / "backups"
    folder.mkdir()
    old = [make(folder, hours) for hours in (96, 72, 48, 24)]
    (folder / "notes.txt").touch()
    done = json.loads(sms_bridge("backup", "backups", "--every", "day", "--keep", "3", "--json", *BRIDGE).out)
    bridge.stop(signal.SIGTERM)
    assert done["messages"] == 1
    made = home / done["file"]
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", *done["kept"]]
    assert done["kept"] == [old[2].name, old[3].name, made.name]
    assert made.stat().st_mode & 0o077 == 0
    assert archive.look(made).kind is archive.Kind.COPY


@pytest.mark.parametrize(("hours", "period", "makes"), [(20, "day", False), (23, "day", True), (23, "hour", True)])
def test_none_is_made_while_the_newest_is_young(
    home: Path, sms_bridge: SmsBridge, start: Start, hours: float, period: str, makes: bool
) -> None:
    start("serve", *BRIDGE, together=True).says(READY)
    folder = home / "backups"
    folder.mkdir()
    make(folder, hours)
    done = sms_bridge("backup", "backups", "--every", period, *BRIDGE)
    assert (done.code, len(list(folder.iterdir()))) == (0, 1 + makes)
    assert ("nothing to do" in done.out) is not makes


def test_a_damaged_store_is_not_backed_up_and_no_older_backup_goes(
    home: Path, sms_bridge: SmsBridge, start: Start
) -> None:
    bridge = start("serve", *BRIDGE, together=True)
    bridge.says(READY)
    sms_bridge("send", "+15550150", "Hello", *BRIDGE)
    bridge.stop(signal.SIGTERM)
    folder = home / "backups"
    folder.mkdir()
    older = make(folder, 48)
    flip(home / "bridge.db", *pages_with(home / "bridge.db", b"message.submitted"))
    done = sms_bridge("backup", "backups", "--keep", "1", *BRIDGE)
    assert (done.code, "is damaged" in done.err) == (1, True)
    assert list(folder.iterdir()) == [older]
