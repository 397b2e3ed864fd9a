"""The configuration of a running bridge, read again."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bridge.config.schema import Config, Http, Log, Sending
from bridge.daemon.reloading import Reloading
from bridge.errors import BridgeError, ConfigError, NotPossible

WAS = Config()


async def test_applies_what_a_part_takes_and_names_the_rest() -> None:
    wanted = Config(Http(port=9000), sending=Sending(max_parts=3), log=Log("debug"))
    reloading, seen = Reloading(WAS, lambda: wanted), list[Config]()

    async def note(config: Config) -> None:
        seen.append(config)

    reloading.on("log.level", apply=note)
    reloading.on("sending.retries", apply=note)
    found = await reloading.reload()
    assert found.applied == ('log.level is "debug" now, it was "info"',)
    assert found.needs_restart == (
        "http.port is 9000 now, it was 8080",
        "sending.max_parts is 3 now, it was 255",
    )
    assert (seen, reloading.config) == ([replace(WAS, log=Log("debug"))], seen[0])


async def test_says_again_what_still_needs_a_restart_and_applies_nothing_twice() -> None:
    reloading, applied = Reloading(WAS, lambda: Config(Http(port=9000), log=Log("debug"))), list[str]()

    async def note(config: Config) -> None:
        applied.append(config.log.level)

    reloading.on("log", apply=note)
    first, second = await reloading.reload(), await reloading.reload()
    assert (first.applied, second.applied) == (('log.level is "debug" now, it was "info"',), ())
    assert first.needs_restart == second.needs_restart == ("http.port is 9000 now, it was 8080",)
    assert applied == ["debug"]


async def test_a_mistake_changes_nothing_and_is_named() -> None:
    def mistaken() -> Config:
        raise ConfigError(["config.toml: http.prot: there is no such setting; did you mean port?"])

    reloading = Reloading(WAS, mistaken)
    with pytest.raises(NotPossible, match=r"(?s)nothing was changed.*http.prot: there is no such setting"):
        await reloading.reload()
    assert reloading.config is WAS


async def test_other_files_are_read_even_with_a_mistake_and_their_own_errors_stop_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = []

    async def damaged() -> None:
        raise BridgeError("the certificate is damaged")

    async def works() -> None:
        done.append("certificate")

    def mistaken() -> Config:
        raise ConfigError(["no"])

    reloading = Reloading(WAS, mistaken)
    reloading.on_every(damaged)
    reloading.on_every(works)
    with caplog.at_level(logging.ERROR), pytest.raises(NotPossible):
        await reloading.hang_up()
    assert (done, caplog.messages) == (["certificate"], ["not reloaded: the certificate is damaged"])


async def test_a_bridge_without_a_file_reads_its_other_files_at_a_signal() -> None:
    reloading, done = Reloading(WAS), asyncio.Event()

    async def works() -> None:
        done.set()

    reloading.on_every(works)
    await reloading.hang_up()
    assert done.is_set()
    with pytest.raises(NotPossible, match="no configuration file"):
        await reloading.reload()
