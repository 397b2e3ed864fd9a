"""Installs a system service for a program that pipx or pip installed: units, udev rules, user, configuration,
completion and manual page.

The Debian package brings the same files itself; what is here is the way of those who do not have it.
"""

import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from bridge.dataclass import dataclass
from bridge.errors import NotPossible

#: file that we bring → where it belongs; what an administrator puts there by hand goes below /etc
PLACES = {
    "60-sms-bridge.rules": "etc/udev/rules.d/60-sms-bridge.rules",
    "sms-bridge.sysusers": "etc/sysusers.d/sms-bridge.conf",
    "sms-bridge.tmpfiles": "etc/tmpfiles.d/sms-bridge.conf",
    "sms-bridge.service": "etc/systemd/system/sms-bridge.service",
    "sms-bridge.socket": "etc/systemd/system/sms-bridge.socket",
    "sms-bridge-adb.service": "etc/systemd/system/sms-bridge-adb.service",
    "sms-bridge-backup.service": "etc/systemd/system/sms-bridge-backup.service",
    "sms-bridge-backup.timer": "etc/systemd/system/sms-bridge-backup.timer",
    "sms-bridge.1": "usr/local/share/man/man1/sms-bridge.1",
    "completions/sms-bridge.bash": "usr/local/share/bash-completion/completions/sms-bridge",
    "completions/_sms-bridge": "usr/local/share/zsh/site-functions/_sms-bridge",
    "completions/sms-bridge.fish": "etc/fish/completions/sms-bridge.fish",
}
#: directories that Debian has only where something is in them; emptied, they go
OFTEN_OURS_ALONE = (
    "etc/sysusers.d",
    "usr/local/share/man/man1",
    "usr/local/share/bash-completion/completions",
    "usr/local/share/bash-completion",
    "usr/local/share/zsh/site-functions",
    "usr/local/share/zsh",
    "etc/fish/completions",
    "etc/fish",
)
CONFIG = "etc/sms-bridge/config.toml"
#: where everything is that `purge` forgets
KEPT = ("etc/sms-bridge", "var/lib/sms-bridge", "var/lib/sms-bridge-adb")
SERVICES = ("sms-bridge.service", "sms-bridge-adb.service")
#: what whoever wants it enables
OFF_AT_FIRST = ("sms-bridge.socket", "sms-bridge-backup.timer")
#: where the shipped unit looks for the program
SHIPPED = "/usr/bin/sms-bridge"
ACCOUNT = "sms-bridge"

_AT_HOME = ("home", "root", "run/user")


def files() -> Path:
    """The directory of packaged service files: of the wheel, or of the source tree. Raises NotPossible."""
    for directory in (
        Path(sysconfig.get_path("data")) / "share" / "sms-bridge",
        Path(__file__).parents[2] / "udev",
    ):
        if all((directory / name).is_file() for name in (*PLACES, "config.toml")):
            return directory
    raise NotPossible("this installation came without its system files; install it from the wheel: make dist")


def program() -> Path:
    """The command that the service will run: the one beside this interpreter."""
    return Path(sys.prefix) / "bin" / "sms-bridge"


@dataclass(frozen=True, slots=True)
class Installation:
    """The service on a system; each step yields what it did. Repeating it is harmless and upgrades."""

    source: Path
    program: Path
    #: of another system than this one, nothing is run there
    root: Path = Path("/")

    def refuse_unreachable(self) -> None:
        """Raises NotPossible when the service's user cannot execute the program."""
        for path in (self.program, self.program.with_name("python3").resolve()):
            if hidden := _hidden(path, self.root):
                raise NotPossible(
                    f"{path}: {hidden}, where the service may not look; install it for the whole system:\n"
                    "PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install ./sms_bridge-*.whl"
                )

    def put_in_place(self) -> Iterator[str]:
        """Install or update the files, create the user, start the service. Raises NotPossible, OSError."""
        for name, place in PLACES.items():
            text = (self.source / name).read_text().replace(f"={SHIPPED} ", f"={self.program} ")
            yield _write(self.root / place, text)
        if (self.root / CONFIG).exists():
            yield f"kept      {self.root / CONFIG}"
        else:
            yield _write(self.root / CONFIG, (self.source / "config.toml").read_text())
        yield from self._ran("systemd-sysusers", "sms-bridge.conf")
        yield from self._ran("systemd-tmpfiles", "--create", "sms-bridge.conf")
        yield from self._reload()
        yield from self._ran("systemctl", "enable", "--quiet", *SERVICES)
        if self._running("systemd"):
            yield from self._ran("systemctl", "restart", *SERVICES)

    def take_away(self) -> Iterator[str]:
        """Stop the service and uninstall its files; configuration and messages stay. Raises NotPossible."""
        if (self.root / PLACES["sms-bridge.service"]).exists():
            now = ("--now",) if self._running("systemd") else ()
            yield from self._ran("systemctl", "disable", *now, "--quiet", *SERVICES, *OFF_AT_FIRST)
        for place in PLACES.values():
            path = self.root / place
            if path.exists():
                path.unlink()
                yield f"removed   {path}"
        for place in OFTEN_OURS_ALONE:
            with suppress(OSError):  # it holds what others put there
                (self.root / place).rmdir()
        yield from self._reload()

    def forget(self) -> Iterator[str]:
        """Delete configuration, messages, keys and the user. Raises NotPossible, OSError."""
        for place in KEPT:
            path = self.root / place
            if path.exists():
                shutil.rmtree(path)
                yield f"removed   {path}"
        if f"\n{ACCOUNT}:" in (self.root / "etc/passwd").read_text():
            yield from self._ran("userdel", ACCOUNT)

    def _reload(self) -> Iterator[str]:
        if self._running("udev"):
            yield from self._ran("udevadm", "control", "--reload")
            subsystems = ("--subsystem-match=usb", "--subsystem-match=tty")
            yield from self._ran("udevadm", "trigger", "--action=change", *subsystems)
        if self._running("systemd"):
            yield from self._ran("systemctl", "daemon-reload")

    def _running(self, what: str) -> bool:
        """Whether systemd or udev is running; not so in a chroot or an image build."""
        sign = {"systemd": "run/systemd/system", "udev": "run/udev/control"}[what]
        return self.root == Path("/") and (self.root / sign).exists()

    def _ran(self, *command: str) -> Iterator[str]:
        if self.root != Path("/"):
            return
        if shutil.which(command[0]) is None:
            yield f"left out  {' '.join(command)}: there is no {command[0]} here"
            return
        _run(command)
        yield f"ran       {' '.join(command)}"


def _write(path: Path, text: str) -> str:
    if path.exists() and path.read_text() == text:
        return f"has       {path}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return f"wrote     {path}"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed commands of ours
    if done.returncode:
        raise NotPossible(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()}")


def _hidden(path: Path, root: Path) -> str:
    """Why another user cannot execute a program; "" when nothing prevents it."""
    for home in _AT_HOME:
        if path.is_relative_to(root / home):
            return "is in somebody's home"
    for above in path.parents:
        if above != root and above.is_relative_to(root) and not above.stat().st_mode & stat.S_IXOTH:
            return f"is below {above}, which is closed to others"
    return ""
