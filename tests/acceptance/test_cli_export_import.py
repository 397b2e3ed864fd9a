"""`sms-bridge export` and `import`, between two machines' worth of directories."""

import json
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.support.damage import flip, pages_with

READY = "INFO bridge.daemon.run: ready at "
OLD, NEW = ("--config", "old.toml"), ("--config", "new.toml")


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    """Two configurations in one home; no device sends anything."""
    for name in ("old", "new"):
        text = f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/{name}/bridge.db"\n'
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def test_a_bridge_moves(machines: Path, sms_bridge: SmsBridge, start: Start) -> None:
    bridge = start("serve", *OLD, together=True)
    bridge.says(READY)
    queued = json.loads(sms_bridge("send", "+15550150", "Hello", "--json", *OLD).out)
    early = sms_bridge("export", "moved.export", *OLD)
    assert early.code == 1
    assert early.err.endswith("stop it first; or make a backup while it runs: sms-bridge export --copy moved.export\n")
    bridge.stop(signal.SIGTERM)

    done = sms_bridge("export", "moved.export", *OLD)
    assert done.code == 0
    assert done.out.startswith("Packed 0 accounts, 1 message (1 waiting), 0 received SMS and config.toml into moved.")
    again = sms_bridge("export", "moved.export", *OLD)
    assert (again.code, again.err) == (2, "sms-bridge: moved.export exists already: choose another name\n")
    assert "sms-bridge export --take-back" in sms_bridge("serve", *OLD).err
    late = sms_bridge("cancel", queued["id"], *OLD)
    assert (late.code, "sms-bridge export --take-back" in late.err) == (1, True), "the other machine sends it"
    assert sms_bridge("show", queued["id"], *OLD).code == 0, "what is there may be read"

    brought = sms_bridge("import", "moved.export", *NEW)
    assert brought.code == 0
    assert "new.toml was left as it is; the other machine's is new.toml.imported" in brought.out
    assert (machines / "new.toml.imported").read_bytes() == (machines / "old.toml").read_bytes()
    other = start("serve", *NEW, together=True)
    url = other.says(READY)
    assert url
    cancelled = sms_bridge("resend", queued["id"], *NEW)
    assert "the message is queued" in cancelled.err, "it is there, and has not been sent"
    other.stop(signal.SIGTERM)


def test_a_backup_is_made_of_a_running_bridge_and_doubts_what_waited(
    machines: Path, sms_bridge: SmsBridge, start: Start
) -> None:
    bridge = start("serve", *OLD, together=True)
    bridge.says(READY)
    sms_bridge("send", "+15550150", "Hello", *OLD)
    done = sms_bridge("export", "backup.export", "--copy", "--json", *OLD)
    assert json.loads(done.out) == {
        "file": "backup.export", "kind": "copy", "accounts": 0, "messages": 1, "waiting": 1, "received": 0,
    }  # fmt: skip
    brought = sms_bridge("import", "backup.export", *NEW)
    assert "1 message waited in the backup and may have been sent since: the state is `unknown` now." in brought.out
    bridge.stop(signal.SIGTERM)
    assert (machines / "new" / "bridge.db").exists()


def test_the_configuration_that_every_command_finds_goes_along(machines: Path, sms_bridge: SmsBridge) -> None:
    (machines / "old.toml").rename(machines / "config.toml")
    assert sms_bridge("account", "add", "shop").code == 0
    assert " and config.toml into moved.export" in sms_bridge("export", "moved.export").out
    brought = sms_bridge("import", "moved.export", *NEW)
    assert "new.toml was left as it is" in brought.out
    assert (machines / "new.toml.imported").read_bytes() == (machines / "config.toml").read_bytes()


@pytest.mark.usefixtures("machines")
def test_says_what_to_do(sms_bridge: SmsBridge, machines: Path) -> None:
    nameless = sms_bridge("export", *OLD)
    assert (nameless.code, nameless.err) == (2, "sms-bridge: say into which file: sms-bridge export FILE\n")
    folder = sms_bridge("export", "--copy", "nowhere/x.export", *OLD)
    assert (folder.code, folder.err) == (2, f"sms-bridge: there is no folder {machines}/nowhere\n")
    nothing = sms_bridge("export", "x.export", *OLD)
    assert nothing.err.startswith(f"sms-bridge: there is no store at {machines}/old/bridge.db yet: ")
    (machines / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    foreign = sms_bridge("import", "photo.jpg", *NEW)
    assert (foreign.code, foreign.err) == (
        1,
        "sms-bridge: photo.jpg is not an export of sms-bridge, or it is damaged\n",
    )


def test_what_can_be_read_of_a_damaged_store_is_saved_and_brought_in(
    machines: Path, sms_bridge: SmsBridge, start: Start
) -> None:
    bridge = start("serve", *OLD, together=True)
    bridge.says(READY)
    for text in ("one", "two", "three"):
        sms_bridge("send", "+15550150", text, *OLD)
    bridge.stop(signal.SIGTERM)
    database = machines / "old" / "bridge.db"
    flip(database, *pages_with(database, b"message.submitted"))

    refused = sms_bridge("serve", *OLD)
    assert refused.code == 1
    assert "is damaged" in refused.err
    assert "sms-bridge export --readable FILE" in refused.err
    saved = sms_bridge("export", "saved.export", "--readable", *OLD)
    assert (saved.code, saved.out.startswith("Packed 0 accounts, 3 messages (3 waiting), ")) == (0, True)
    assert "Some rows could not be read in: events" in saved.out
    assert sms_bridge("import", "saved.export", "--replace", *OLD).code == 0
    again = start("serve", *OLD, together=True)
    again.says(READY)
    again.stop(signal.SIGTERM)
