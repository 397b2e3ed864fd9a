"""gammu-smsd and smstools3 as Debian packages them, each on a virtual modem of its own, with a folder of its own.

Both watch folders, and both run a program when an SMS comes in; that program writes the text into a named pipe, which
is as near to a webhook as they have. "Default" is what they do when nothing is configured but the modem; "tuned" has
every wait of theirs as short as it goes without asking the modem without pause, and "busy" asks without pause.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import started

#: where Debian puts daemons, which is not in everybody's PATH
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

_NO_CHECKS = "CheckSecurity = 0\nCheckBattery = 0\nCheckSignal = 0\nCheckNetwork = 0\n"
_GAMMU_TUNED = f"{_NO_CHECKS}CommTimeout = 1\nReceiveFrequency = 1\nLoopSleep = 0\nStatusFrequency = 0\n"

_ON_GAMMU = """#!/bin/sh
number=1
while [ "$number" -le "$SMS_MESSAGES" ]; do
    eval "echo \\"\\$SMS_${number}_TEXT\\""
    number=$((number + 1))
done > %s
"""
_ON_SMSTOOLS = """#!/bin/sh
[ "$1" = RECEIVED ] || exit 0
while IFS= read -r line || [ -n "$line" ]; do last=$line; done < "$2"
echo "$last" > %s
"""


@dataclass(frozen=True)
class Peer:
    """A program in one of its configurations."""

    name: str
    #: the program that must be installed
    program: str
    #: writes the configuration for a modem's port; the command that runs it
    prepare: Callable[[Path, str, Mapping[str, str]], list[str]]
    #: puts a message into the folder it watches
    submit: Callable[[Path, str, str, int], None]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether it can be measured here."""
        return shutil.which(self.program, path=_PATH) is not None


@dataclass
class Running:
    """A peer at work."""

    peer: Peer
    folder: Path
    #: called with each text that its program for incoming SMS got
    hear: Callable[[str], None] = lambda text: None

    def submit(self, to: str, text: str, number: int) -> None:
        """Put a message into its queue."""
        self.peer.submit(self.folder, to, text, number)


def _gammu(folder: Path, port: str, settings: Mapping[str, str]) -> list[str]:
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir(parents=True)
    config = folder / "gammu.conf"
    config.write_text(
        f"[gammu]\ndevice = {port}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {folder}/gammu.log\n"
        f"debuglevel = 0\ninboxpath = {folder}/inbox/\noutboxpath = {folder}/outbox/\nsentsmspath = {folder}/sent/\n"
        f"errorsmspath = {folder}/error/\nRunOnReceive = {_program(folder, _ON_GAMMU)}\n{settings.get('smsd', '')}"
    )
    return ["gammu-smsd", "--config", str(config)]


def _submit_to_gammu(folder: Path, to: str, text: str, number: int) -> None:
    name = f"OUTC20260101_{number // 60:04}{number % 60:02}_00_{to}_sms0.txt"
    (folder / name).write_text(text)
    (folder / name).replace(folder / "outbox" / name)


def _smstools(folder: Path, port: str, settings: Mapping[str, str]) -> list[str]:
    for name in ("outgoing", "checked", "incoming", "failed", "sent"):
        (folder / name).mkdir(parents=True)
    config = folder / "smsd.conf"
    paths = "".join(f"{name} = {folder}/{name}\n" for name in ("outgoing", "checked", "incoming", "failed", "sent"))
    config.write_text(
        f"devices = GSM1\n{paths}logfile = {folder}/smsd.log\nloglevel = 4\ninfofile = {folder}/smsd.working\n"
        f"pidfile = {folder}/smsd.pid\neventhandler = {_program(folder, _ON_SMSTOOLS)}\n{settings.get('smsd', '')}"
        f'[GSM1]\ndevice = {port}\nincoming = yes\ninit = AT+CPMS="ME","ME","ME"\n{settings.get("modem", "")}'
    )
    return ["smsd", f"-c{config}", "-t"]


def _submit_to_smstools(folder: Path, to: str, text: str, number: int) -> None:
    name = f"sms{number:04}"
    (folder / name).write_text(f"To: {to.lstrip('+')}\n\n{text}")
    (folder / name).replace(folder / "outgoing" / name)


def _program(folder: Path, script: str) -> Path:
    """The program for incoming SMS."""
    path = folder / "heard"
    path.write_text(script % (folder / "pipe"))
    path.chmod(0o755)
    return path


GAMMU = Peer("gammu-smsd, default", "gammu-smsd", _gammu, _submit_to_gammu)
GAMMU_TUNED = Peer("gammu-smsd, tuned", "gammu-smsd", _gammu, _submit_to_gammu, {"smsd": _GAMMU_TUNED})
GAMMU_BUSY = Peer(
    "gammu-smsd, busy",
    "gammu-smsd",
    _gammu,
    _submit_to_gammu,
    {"smsd": _GAMMU_TUNED.replace("ReceiveFrequency = 1", "ReceiveFrequency = 0")},
)
SMSTOOLS = Peer("smstools3, default", "smsd", _smstools, _submit_to_smstools)
SMSTOOLS_TUNED = Peer(
    "smstools3, tuned",
    "smsd",
    _smstools,
    _submit_to_smstools,
    {"smsd": "delaytime = 1\n", "modem": "check_network = 0\n"},
)


@asynccontextmanager
async def running(peer: Peer, folder: Path, port: str, before: Callable[[Running], None]) -> AsyncIterator[Running]:
    """The peer on a modem; `before` may fill its queue while it does not run yet."""
    made = Running(peer, folder)
    command = peer.prepare(folder, port, peer.settings)
    os.mkfifo(folder / "pipe")
    # for writing too, so that it has no end while nobody writes
    pipe = os.open(folder / "pipe", os.O_RDWR | os.O_NONBLOCK)
    loop = asyncio.get_running_loop()
    rest = b""

    def readable() -> None:
        nonlocal rest
        *lines, rest = (rest + os.read(pipe, 65536)).split(b"\n")
        for line in lines:
            made.hear(line.decode("utf-8", "replace"))

    loop.add_reader(pipe, readable)
    before(made)
    try:
        async with started(*command, log=folder / "peer.log", environment={"PATH": _PATH}):
            yield made
    finally:
        loop.remove_reader(pipe)
        os.close(pipe)
