"""Reloads the configuration of a running bridge: what can change while it runs is applied, the rest is named.

Each part of the bridge says by `on` which settings it takes while it runs. The whole file is read and checked before
anything changes, so that a mistake changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bridge.config.changes import Change, changes, taken_over
from bridge.config.schema import Config
from bridge.errors import BridgeError, ConfigError, NotPossible
from bridge.model.reloaded import Reloaded

log = logging.getLogger(__name__)

#: reads and checks the configuration again; raises ConfigError
Source = Callable[[], Config]
#: puts settings into effect
Apply = Callable[[Config], Awaitable[None]]


class Reloading:
    """The configuration in effect, and how it changes.

    `source` is called in a thread, for drivers may have to be imported; None for a bridge without a file.
    """

    def __init__(self, config: Config, source: Source | None = None) -> None:
        #: in effect now, what needs a restart left out
        self.config = config
        self._source = source
        self._parts: list[tuple[tuple[str, ...], Apply]] = []
        self._files: list[Callable[[], Awaitable[None]]] = []
        self._lock = asyncio.Lock()

    def on(self, *keys: str, apply: Apply) -> None:
        """Call `apply` when a setting has changed: its key (`log.level`), or the table it is in (`devices`)."""
        self._parts.append((keys, apply))

    def on_every(self, read: Callable[[], Awaitable[None]]) -> None:
        """Call `read` at each reload, for files besides the configuration; its errors are logged."""
        self._files.append(read)

    async def reload(self) -> Reloaded:
        """Read the configuration and apply what can change now.

        Raises NotPossible, with nothing changed, when it has mistakes, and when there is no file to read.
        """
        async with self._lock:
            for read in self._files:
                await _read(read)
            if self._source is None:
                raise NotPossible("this bridge has no configuration file: stop it and start it again")
            try:
                wanted = await asyncio.to_thread(self._source)
            except ConfigError as error:
                raise NotPossible(
                    f"nothing was changed, for the configuration has mistakes:\n{error.message}"
                ) from error
            return await self._apply(wanted)

    async def _apply(self, wanted: Config) -> Reloaded:
        found = changes(self.config, wanted)
        now = [each for each in found if self._is_taken(each)]
        later = [each for each in found if each not in now]
        self.config = taken_over(self.config, wanted, frozenset(each.key for each in now))
        for keys, apply in self._parts:
            if any(_is_among(each, keys) for each in now):
                await apply(self.config)
        for finding in wanted.findings:
            log.warning("%s: %s", finding.message, finding.remedy)
        for each in now:
            log.info("reloaded: %s", each.words)
        for each in later:
            log.warning("needs a restart: %s", each.words)
        return Reloaded(tuple(each.words for each in now), tuple(each.words for each in later))

    def _is_taken(self, change: Change) -> bool:
        return any(_is_among(change, keys) for keys, _ in self._parts)

    async def hang_up(self) -> None:
        """Reload for SIGHUP: a bridge without a file reads its other files again. Raises NotPossible."""
        if self._source is not None:
            await self.reload()
            return
        for read in self._files:
            await _read(read)


def _is_among(change: Change, keys: tuple[str, ...]) -> bool:
    return change.key in keys or change.key.partition(".")[0] in keys


async def _read(read: Callable[[], Awaitable[None]]) -> None:
    try:
        await read()
    except BridgeError as error:
        log.error("not reloaded: %s", error.message)
