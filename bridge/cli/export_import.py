"""`export` and `import`: to another machine, or into a backup and back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli import packing, place
from bridge.cli.metavars import PathName
from bridge.cli.output import Misuse, Sentence, counted, json_line
from bridge.cli.progress import growing, working
from bridge.config.loader import DEFAULT_PATH
from bridge.ports.clock import SystemClock

if TYPE_CHECKING:
    from bridge.store.backup import Content

#: where the adb server of the service keeps the key that phones trust
ADB_KEYS = Path("/var/lib/sms-bridge-adb/.android")
CONFIG, KEYS = "config.toml", ("adbkey", "adbkey.pub")

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.command()
@click.argument("file", type=PathName(path_type=Path, dir_okay=False), required=False)
@click.option("--copy", is_flag=True, help="A backup: the bridge may run, and goes on.")
@click.option("--readable", is_flag=True, help="A damaged store: what can be read of it. The bridge must be stopped.")
@click.option("--take-back", is_flag=True, help="Open a store again that was exported and imported nowhere.")
@place.options
@_json
def export(file: Path | None, copy: bool, readable: bool, take_back: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Pack store, configuration and adb keys into FILE, to move to another machine or engine, or as a backup.

    To move, stop the bridge first; afterwards it does not start with this store again, so that what waits is sent
    once. A backup is made with --copy while it runs. A store in PostgreSQL and one in a file make the same FILE, which
    either takes.
    """
    storage = wanted.find().config.store
    if take_back:
        click.echo(
            f"{packing.take_back(storage)} is open again. Import the exported file nowhere: both would send what waits."
        )
        return
    if file is None:
        raise Misuse("say into which file: sms-bridge export FILE")
    _refuse(file)
    damaged: list[str] = []
    target, now, others = file.absolute(), SystemClock().now(), belongings(wanted)
    with working("packing", lambda: growing(target)), _naming_copy(file, readable):
        if readable:
            packed, damaged = packing.pack_readable(storage, target, now, others)
        else:
            packed = packing.pack(storage, target, now, others, copy=copy)
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
        click.echo("This store is closed now. Where it goes on: sms-bridge import FILE, there and nowhere else.")


def _refuse(file: Path) -> None:
    """Raises Misuse where FILE is there, or its folder is not."""
    if file.exists():
        raise Misuse(f"{file} exists already: choose another name")
    if not file.absolute().parent.is_dir():
        raise Misuse(f"there is no folder {file.absolute().parent}")


@contextmanager
def _naming_copy(file: Path, readable: bool) -> Iterator[None]:
    """Say beside a bridge that runs how a backup is made of it."""
    from bridge.store.backup import BridgeRuns
    from bridge.store.lock import InUse

    try:
        yield
    except (InUse, BridgeRuns) as holder:
        if readable or (isinstance(holder, InUse) and holder.command):
            raise
        raise Sentence(f"{holder.message}; or make a backup while it runs: sms-bridge export --copy {file}") from None


@click.command("import")
@click.argument("file", type=PathName(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Put a store that is here aside.")
@click.option("--original-is-gone", is_flag=True, help="The bridge that a backup was made of runs no more.")
@place.options
@_json
def import_(file: Path, replace: bool, original_is_gone: bool, wanted: place.Wanted, as_json: bool) -> None:
    """Bring in what `export` packed, into a file or an empty database; the bridge here must be stopped.

    What waited in a backup may have been sent since, so it becomes `unknown` and waits for your word. With
    --original-is-gone, what is due in the future is still sent.
    """
    storage = wanted.find().config.store
    folder, rows = storage.path.parent, [0]

    def tell(count: int) -> None:
        rows[0] = count

    def far() -> str:
        return f", {rows[0]:,} rows" if rows[0] else ""

    with working("bringing it in", lambda: [*folder.glob(".import-*/*")], far):
        arrived = packing.bring_in(storage, file, tell, replace=replace, gone=original_is_gone)
    notes = _unpack(arrived.others, wanted, folder)
    if arrived.replaced is not None:
        notes.append(f"The store that was here is {arrived.replaced} now.")
    if arrived.doubtful:
        notes.append(
            f"{counted(arrived.doubtful, 'message')} waited in the backup and may have been sent since: the state is "
            "`unknown` now. See: sms-bridge unknown; sms-bridge resend ID sends one again."
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
        files[CONFIG] = place.configured(wanted.config) or DEFAULT_PATH
    return {name: path.read_bytes() for name, path in sorted(files.items()) if os.access(path, os.R_OK)}


def _unpack(others: Mapping[str, bytes], wanted: place.Wanted, data: Path) -> list[str]:
    """Write configuration and keys where there are none yet; returns sentences about what was done."""
    notes = []
    if CONFIG in others:
        notes.append(_configure(others[CONFIG], place.configured(wanted.config) or DEFAULT_PATH, data))
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
    accounts, messages = counted(content.accounts, "account"), counted(content.messages, "message")
    return f"{accounts}, {messages} ({content.waiting} waiting), {content.received} received SMS"


def _others(files: Mapping[str, str]) -> str:
    named = [name for name in (CONFIG, KEYS[0]) if name in files]
    return " and ".join(named) or "no configuration"
