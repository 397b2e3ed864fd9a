"""A way to a PostgreSQL server by TCP, which a test cuts and heals as a network does."""

import asyncio
from types import TracebackType
from typing import Self

from tests.support.postgresql import Server

BITE = 65536


class DatabaseWay:
    """Carries connections on loopback to a server's Unix socket."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._whole = asyncio.Event()
        self._whole.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        self._drop()

    def url(self, database: str) -> str:
        """The URL of a database by this way."""
        return f"postgresql://sms@127.0.0.1:{self.port}/{database}"

    def cut(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._whole.clear()

    def heal(self, late: bool) -> None:
        """All comes through again; what was under way comes late, or its connections are lost."""
        if not late:
            self._drop()
        self._whole.set()

    def _drop(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self._open.add(writer)
        try:
            await self._whole.wait()
            theirs, ours = await asyncio.open_unix_connection(f"{self._server.folder}/.s.PGSQL.5432")
            self._open.add(ours)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, ours))
                both.create_task(self._carry(theirs, writer))
        except OSError:
            writer.transport.abort()
        except asyncio.CancelledError:  # the way is closed
            pass
        finally:
            self._carrying.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(BITE):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:  # one side was reset, by SIGKILL for example: so is the other
            writer.transport.abort()
