"""`export` and `import`: to another machine, or into a backup and back."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli import place, product
from bridge.cli.output import Misuse, json_line
from bridge.config.loader import DEFAULT_PATH
from bridge.ports.clock import SystemClock

if TYPE_CHECKING:
    from bridge.store.backup import Content

#: where the adb server of the service keeps the key that phones trust
ADB_KEYS = Path("/var/lib/sms-bridge-adb/.android")
CONFIG, KEYS = "config.toml", ("adbkey", "adbkey.pub")

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--copy", is_flag=True, help="A backup: the bridge may run, and goes on.")
@click.option("--readable", is_flag=True, help="A damaged store: what can be read of it. The bridge must be stopped.")
@click.option("--take-back", is_flag=True, help="Open a store again that was exported and imported nowhere.")
@place.options
@_json
def export(file: Path | None, copy: bool, readable: bool, take_back: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Pack store, configuration and adb keys into FILE, to move to another machine or as a backup.

    To move, stop the bridge first; afterwards it does not start with this store again, so that what waits is sent
    once. A backup is made with --copy while it runs.
    """
    from bridge.store import backup

    where = wanted.find()
    database = where.config.store.path
    if take_back:
        backup.take_back(database)
        product.leave_to_owner(database)
        click.echo(f"{database} is open again. Import the exported file nowhere: both would send what waits.")
        return
    if file is None:
        raise Misuse("say into which file: sms-bridge export FILE")
    if file.exists():
        raise Misuse(f"{file} exists already: choose another name")
    damaged: list[str] = []
    if readable:
        packed, damaged = backup.save_readable(database, file.absolute(), SystemClock().now(), belongings(wanted))
    else:
        pack = backup.copy_out if copy else backup.move_out
        packed = pack(database, file.absolute(), SystemClock().now(), belongings(wanted))
    product.leave_to_owner(database)
    if as_json:
        lost = {"damaged": damaged} if readable else {}
        json_line({"file": str(file), "kind": packed.manifest.kind.value, **counts(packed.content), **lost})
        return
    click.echo(f"Packed {in_words(packed.content)} and {_others(packed.manifest.files)} into {file} ({in_size(file)}).")
    click.echo("It holds texts, numbers and secrets: keep it where only you can read it.")
    if readable:
        click.echo(f"Some rows could not be read in: {', '.join(damaged)}." if damaged else "Every row could be read.")
        click.echo(f"To go on with it: sms-bridge import {file} --replace. What waited will be `unknown` then.")
    elif copy:
        click.echo("Secrets in files or systemd credentials of their own are not in it.")
    else:
        click.echo("This store is closed now. On the other machine: sms-bridge import FILE, there and nowhere else.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Put a store that is here aside.")
@click.option("--original-is-gone", is_flag=True, help="The bridge that a backup was made of runs no more.")
@place.options
@_json
def import_(file: Path, replace: bool, original_is_gone: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Bring in what `export` packed; the bridge here must be stopped.

    What waited in a backup may have been sent since, so it becomes `unknown` and waits for your word. With
    --original-is-gone, what is due in the future is still sent.
    """
    from bridge.store import backup

    where = wanted.find()
    database = where.config.store.path
    arrived = backup.bring_in(file, database, SystemClock().now(), replace=replace, gone=original_is_gone)
    product.leave_to_owner(database)
    notes = _unpack(arrived.others, wanted, database.parent)
    if arrived.replaced is not None:
        notes.append(f"The store that was here is {arrived.replaced} now.")
    if arrived.doubtful:
        notes.append(
            f"{arrived.doubtful} messages waited in the backup; whether they were sent since is not known. They are "
            "`unknown` now: sms-bridge resend ID sends one again."
        )
    if as_json:
        content = counts(arrived.content)
        json_line({"kind": arrived.manifest.kind.value, **content, "doubtful": arrived.doubtful, "notes": notes})
        return
    for line in (f"Brought in {in_words(arrived.content)}.", *notes):
        click.echo(line)


def belongings(wanted: place.Wanted) -> dict[str, bytes]:
    """The files that go into the archive beside the store."""
    files = {name: ADB_KEYS / name for name in KEYS} if wanted.data is None else {}
    if wanted.data is None:
        files[CONFIG] = wanted.config or DEFAULT_PATH
    return {name: path.read_bytes() for name, path in sorted(files.items()) if os.access(path, os.R_OK)}


def _unpack(others: Mapping[str, bytes], wanted: place.Wanted, data: Path) -> list[str]:
    """Write configuration and keys where there are none yet; returns sentences about what was done."""
    notes = []
    if CONFIG in others:
        notes.append(_configure(others[CONFIG], wanted.config or DEFAULT_PATH, data))
    if all(name in others for name in KEYS) and ADB_KEYS.parent.is_dir():
        if (ADB_KEYS / KEYS[0]).exists():
            notes.append(f"The adb key in {ADB_KEYS} was left as it is: phones may ask once whether to trust it.")
        else:
            ADB_KEYS.mkdir(mode=0o700, exist_ok=True)
            os.chown(ADB_KEYS, (owner := ADB_KEYS.parent.stat()).st_uid, owner.st_gid)
            for name in KEYS:
                _keep(ADB_KEYS / name, others[name], owner, 0o600)
            notes.append("The adb key came along: phones that trusted the other machine trust this one.")
    return notes


def _configure(text: bytes, path: Path, data: Path) -> str:
    if path.exists() and path.read_bytes() == text:
        return f"{path} is the same."
    beside = path.with_name(f"{path.name}.imported") if path.exists() else path
    # for root to write and for the service to read
    _keep(beside, text, data.stat(), 0o640)
    if beside == path:
        return f"The configuration is {path}; ports and paths in it may differ on this machine: sms-bridge check"
    return f"{path} was left as it is; the other machine's is {beside}: compare, then sms-bridge check"


def _keep(path: Path, content: bytes, owner: os.stat_result, mode: int) -> None:
    """Write a private file; as root, owned by the owner of the directory and readable by its group."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    if os.geteuid() == 0:
        os.chown(path, 0 if mode & 0o040 else owner.st_uid, owner.st_gid)
        path.chmod(mode)


def in_size(file: Path) -> str:
    """How large a file is."""
    count = file.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{-(-count // 1000)} kB"


def counts(content: "Content") -> dict[str, int]:
    """What is in a store, for programs."""
    return {
        "accounts": content.accounts,
        "messages": content.messages,
        "waiting": content.waiting,
        "received": content.received,
    }


def in_words(content: "Content") -> str:
    """What is in a store, for people."""
    accounts = "1 account" if content.accounts == 1 else f"{content.accounts} accounts"
    return f"{accounts}, {content.messages} messages ({content.waiting} waiting), {content.received} received SMS"


def _others(files: Mapping[str, str]) -> str:
    named = [name for name in (CONFIG, KEYS[0]) if name in files]
    return " and ".join(named) or "no configuration"
