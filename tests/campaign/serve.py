"""`sms-bridge serve` as a process of its own, which may be killed, stopped, ended and given no room."""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.campaign.clock import Clock

ROOT = Path(__file__).parents[2]
#: seconds until it answers, those in which it waits for a processor left out, and from SIGTERM until it has ended
START, END = 30.0, 45.0
#: seconds until it answers, whatever it waits for
LONGEST_START = 300.0


class NotStarted(Exception):
    """It ended, or did not answer in time."""


class Serve:
    """One bridge's process, on the same store and port each time."""

    def __init__(
        self,
        directory: Path,
        config: Path,
        clock: Clock | None = None,
        *,
        module: str = "bridge",
        options: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.log = directory / "bridge.log"
        self._config = config
        #: what is run: the bridge, or it with something added
        self._module = module
        #: of `serve`
        self._options = options
        #: None where the machine's own is used
        self.clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.url = ""

    @property
    def running(self) -> bool:
        """Whether there is a process, stopped or not."""
        return self._process is not None and self._process.returncode is None

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    async def command(self, *arguments: str) -> Any:
        """Run another command of the bridge to its end; what it prints as JSON."""
        process = await self._begin(*arguments, "--json")
        out, _ = await process.communicate()
        if process.returncode:
            raise NotStarted(f"{' '.join(arguments)}: {self.last_words()}")
        return json.loads(out)

    async def start(self) -> None:
        """Until it answers. Raises NotStarted."""
        if self.running:
            return
        self.starts += 1
        self._process = await self._begin("serve", *self._options)
        control, began = self.directory / "control.json", time.monotonic()
        while (found := _read(control)).get("pid") != self._process.pid:
            if not self.running:
                raise NotStarted(self.last_words())
            took, waited = time.monotonic() - began, waited_for_processor(self._process.pid)
            if took - waited > START or took > LONGEST_START:
                words = f"it does not answer after {took:.0f} s, {waited:.0f} of them without a processor"
                raise NotStarted(f"{words}: {self.last_words()}")
            await asyncio.sleep(0.02)
        self.url = found["url"]

    async def _begin(self, *arguments: str) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, *arguments, "--config", str(self._config),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | dict(self.clock.environment if self.clock else {}),
            )  # fmt: skip

    # -- what may happen to it ----------------------------------------------------------------------
    def signal(self, number: signal.Signals) -> None:
        """Send it one, if it runs."""
        if self._process is not None and self.running:
            # not by send_signal(), which reaps a process that has just ended and leaves asyncio without its code
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def ended(self) -> int:
        """Wait until it has ended; its code, and -9 when it had to be killed because it did not end by itself."""
        if self._process is None:
            return 0
        try:
            await asyncio.wait_for(self._process.communicate(), END)
        except TimeoutError:
            self._process.kill()
            await self._process.communicate()
        return self._process.returncode or 0

    async def kill(self) -> None:
        """SIGKILL. Harmless when it does not run."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def end(self) -> int:
        """SIGTERM, and wait for its end; its exit code."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return await self.ended()

    def leave_room(self, size: int | None) -> None:
        """Let no file of its grow beyond `size` bytes, as on a full disk; None for no limit (setrlimit(2))."""
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):  # it has just ended
                hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def waited_for_processor(pid: int) -> float:
    """Seconds for which the threads of a process could have run and others did, added up; 0 where nobody knows."""
    waited = 0
    with suppress(OSError, ValueError, IndexError):  # it has ended, or the kernel does not tell (proc(5), schedstat)
        for thread in Path(f"/proc/{pid}/task").iterdir():
            waited += int((thread / "schedstat").read_text().split()[1])
    return waited / 1e9


def configured(directory: Path, devices: str, url: str = "", more: str = "") -> Serve:
    """A bridge in a folder of its own that is not started, with these devices; `url` of its store, `more` about it."""
    directory.mkdir()
    config = directory / "config.toml"
    store = f'directory = "{directory}"\n{more}' if url else ""
    url = url or f"sqlite:///{directory}/bridge.db"
    config.write_text(f'[http]\nport = 0\n[store]\nurl = "{url}"\n{store}{devices}')
    return Serve(directory, config)


def _read(control: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(control.read_text())
    except (OSError, ValueError):  # not there yet, or half of it
        return {}
    return found
