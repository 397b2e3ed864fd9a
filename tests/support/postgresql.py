"""Debian's PostgreSQL, in a folder of its own and on a Unix socket, for a process of tests or for one test."""

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

#: databases that are kept for a test that has several
_KEPT = 8
#: who may run it where root must not
_USER = "postgres"


def _programs() -> Path:
    """Where its programs are: Debian puts each version's into a folder of its own."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    assert beside, "PostgreSQL is missing: apt-get install postgresql"
    return Path(beside).resolve().parent


class Server:
    """A server with a folder of its own. `durable`: what is committed is still there after a power cut.

    `apart`: Ctrl-C in the terminal ends it no sooner than who started it does.
    """

    def __init__(self, durable: bool = False, apart: bool = False) -> None:
        self._apart = apart
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._databases: list[str] = []
        self._number = 0
        self._settings = [] if durable else ["-c", "fsync=off"]
        if os.geteuid() == 0:
            account = pwd.getpwnam(_USER)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._fill(str(self.folder / "data"))
        self.start()

    def _fill(self, data: str) -> None:
        self._run("initdb", "-D", data, "-U", "sms", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        self._begin(program, *arguments).wait()

    def _begin(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        as_user: dict[str, Any] = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(_programs() / program), *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=self._apart, **as_user,
            )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        data, socket = str(self.folder / "data"), str(self.folder)
        self._process = self._begin(
            "postgres", "-D", data, "-k", socket, "-c", "listen_addresses=", "-c", "max_connections=200",
            *self._settings,
        )  # fmt: skip
        wait = ["pg_isready", "-q", "-h", socket, "-t", "1"]
        for _ in range(600):
            if subprocess.run([str(_programs() / wait[0]), *wait[1:]], check=False).returncode == 0:
                return
            if self._process.poll() is not None:
                break
        raise AssertionError((self.folder / "log").read_text())

    def _send(self, number: signal.Signals, stack: ExitStack) -> list[int]:
        """Signal them all; returns a descriptor of each child, which can be read from once that has ended."""
        self._process.send_signal(signal.SIGSTOP)  # so that it makes no other one meanwhile
        found = []
        for child in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split():
            with suppress(ProcessLookupError):  # it has ended
                found.append(os.pidfd_open(int(child)))
                stack.callback(os.close, found[-1])
                signal.pidfd_send_signal(found[-1], number)
        self._process.send_signal(number)
        return found

    def kill(self) -> None:
        """Kill it with all its processes, as a power cut does, and wait for each: another one starts after the last."""
        with ExitStack() as stack:
            children = self._send(signal.SIGKILL, stack)
            self._process.wait()
            for child in children:
                select.select([child], [], [])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        with ExitStack() as stack:
            self._send(number, stack)

    def stop(self) -> None:
        """Stop it, also one that was killed or stands still, and remove its folder."""
        if self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database, as `store.url` has it."""
        return f"postgresql://sms@/{database}?host={self.folder}"

    def create(self, template: str = "template0", stays: bool = False) -> str:
        """Create a database; returns its name. Unless it `stays`, it goes when some more have been created."""
        self._number += 1
        name = f"store_{self._number}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            while len(self._databases) >= _KEPT:
                session.execute(f"DROP DATABASE {self._databases.pop(0)} WITH (FORCE)")
            # by copying its files, which takes half as long as by way of the log where nothing waits for a disk
            session.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        if template != "template0" and not stays:
            self._databases.append(name)
        return name


class Standby(Server):
    """A copy of a server that follows it; the server commits nothing that is not on this one's disk, too."""

    def __init__(self, of: Server) -> None:
        self._of = of
        super().__init__(durable=True)
        with psycopg.connect(of.url("postgres"), autocommit=True) as session:
            session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            session.execute("SELECT pg_reload_conf()")

    def _fill(self, data: str) -> None:
        self._run("pg_basebackup", "-h", str(self._of.folder), "-U", "sms", "-D", data, "-R", "-c", "fast", "--no-sync")

    def promote(self) -> None:
        """Make it the server that writes."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            session.execute("SELECT pg_promote()")

    def either(self, database: str) -> str:
        """The URL of a database on whichever of the two writes."""
        return f"postgresql://sms@/{database}?host={self._of.folder},{self.folder}&target_session_attrs=read-write"


@cache
def server() -> Server:
    """The one of this process."""
    return Server()


def end() -> None:
    """Stop the one of this process, where there is one."""
    if server.cache_info().currsize:
        server().stop()
        server.cache_clear()
