"""A private adb server for the virtual phones: own port, own key, loopback only."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from device_drivers import _adb
from device_drivers.virtual.phone.adbd import PROBED

#: seconds until it must listen
START_WITHIN = 30.0
#: seconds for one question to it
ANSWER_WITHIN = 30.0


class NoServer(Exception):
    """The adb server does not run, or does not do what it was asked."""


def _not_outliving_us() -> list[str]:
    """What makes the kernel end the server with us, however we end; nothing where util-linux is not installed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


class AdbServer:
    """`adb nodaemon server` as a child of ours; its key and log live in `directory`. Never touches another server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        #: keeps others from our port while no server listens there
        self._kept: socket.socket | None = None
        self.port = 0

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to use this server."""
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self._directory),
            "ANDROID_USER_HOME": str(self._directory / ".android"),
            "ADB_MDNS": "0",
            "ADB_MDNS_AUTO_CONNECT": "0",
            "ANDROID_ADB_SERVER_PORT": str(self.port),
        }

    async def start(self) -> None:
        """Start it, on the same port when it ran before. Raises NoServer."""
        try:
            program = _adb.program()
        except FileNotFoundError as error:
            raise NoServer(str(error)) from error
        (self._directory / ".android").mkdir(parents=True, exist_ok=True)
        if self._kept is None:
            self._kept = _kept(self.port)
            self.port = self._kept.getsockname()[1]
        with (self._directory / "adb.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_not_outliving_us(), program, "-P", str(self.port), "nodaemon", "server", env=self.environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            async with asyncio.timeout(START_WITHIN):
                while not await self._listens():  # noqa: ASYNC110 - adb tells nobody when it is ready
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.close()
            raise NoServer(f"adb did not start: {self._last_words()}") from None
        except BaseException:
            await self.close()
            raise

    async def _listens(self) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise NoServer(f"adb ended: {self._last_words()}")
        with contextlib.suppress(NoServer, OSError):
            return bool(await self.ask("host:version"))
        return False

    def _last_words(self) -> str:
        return (self._directory / "adb.log").read_text(errors="replace")[-300:]

    async def close(self) -> None:
        """End it, and let go of its port. Harmless when repeated."""
        await self.kill()
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    async def kill(self) -> None:
        """It dies; `start` or `restart` brings it back on the same port. Harmless when repeated."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def restart(self) -> None:
        """Kill and start it: it has forgotten every phone on the network. Raises NoServer."""
        await self.kill()
        await self.start()

    # -- asking ------------------------------------------------------------------------------------
    async def ask(self, service: str) -> str:
        """One question to the server itself. Raises NoServer with its refusal, OSError when it is away."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN), self._conversation() as (reader, writer):
                _say(writer, service)
                status, answer = await reader.readexactly(4), await _block(reader)
        except (asyncio.IncompleteReadError, TimeoutError):
            raise NoServer(f"adb gave no answer to {service}") from None
        if status != b"OKAY":
            raise NoServer(answer)
        return answer

    @contextlib.asynccontextmanager
    async def _conversation(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def connect(self, address: str) -> str:
        """Make it attach a phone; what it says. Raises like `ask`."""
        return await self.ask(f"host:connect:{address}")

    async def disconnect(self, address: str) -> str:
        """Make it forget a phone. Raises like `ask`."""
        return await self.ask(f"host:disconnect:{address}")

    async def states(self) -> dict[str, str]:
        """Serial → state. Raises like `ask`."""
        return _states(await self.ask("host:devices"))

    async def until(self, serial: str, state: str, timeout: float = 30.0) -> None:
        """Wait for a phone to reach a state, "" for gone. Raises TimeoutError, and like `ask`."""
        async with asyncio.timeout(timeout):
            # adb's own track-devices keeps still when a phone becomes unauthorized
            while (await self.states()).get(serial, "") != state:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


def _say(writer: asyncio.StreamWriter, service: str) -> None:
    writer.write(f"{len(service.encode()):04x}{service}".encode())


async def _block(reader: asyncio.StreamReader) -> str:
    return (await reader.readexactly(int(await reader.readexactly(4), 16))).decode("utf-8", "replace")


def _states(block: str) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in block.splitlines() if "\t" in line)


def _kept(port: int) -> socket.socket:
    """Bound to a port, or to any that adb does not take for an emulator's; adb can listen there all the same."""
    while True:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        if port or bound.getsockname()[1] not in PROBED:
            return bound
        bound.close()
