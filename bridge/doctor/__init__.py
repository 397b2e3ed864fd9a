"""`check` examines configuration and devices; `doctor` everything between a caller's socket and the SIM."""

import asyncio
import os
from collections.abc import Iterator, Mapping

from bridge.accounts import api_keys
from bridge.config.schema import Config
from bridge.doctor import database, devices, http, machine, service, storage, webhooks
from bridge.doctor.surroundings import Surroundings, Told
from bridge.host import tls
from bridge.model.finding import Finding
from bridge.ports.driver import Driver

__all__ = ["Surroundings", "Told", "check", "doctor"]


async def check(config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings) -> list[Finding]:
    """The quick look: configuration, store, port, devices; a running bridge is asked about its own."""
    answer, told = await http.running(config.directory, surroundings.start)
    answer = answer if told else []  # to be stopped is no fault of a bridge that is being set up
    doors = [each for each in http.ports(config, told, surroundings.role_beside(told)) if each.level != "ok"]
    shown = await _certificate(config, surroundings)
    store = [] if config.store.is_file else [await asyncio.to_thread(database.look, config.store.address)]
    found = await devices.look(config, drivers, surroundings, told)
    return [*_basics(config), *store, *answer, *doors, *shown, *found]


async def doctor(config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings) -> list[Finding]:
    """The whole examination; the running bridge is asked about its own devices."""
    findings = _basics(config)
    if all(finding.level != "fail" for finding in findings) and os.access(config.directory, os.W_OK):
        findings += storage.room(config.directory)
        findings += await asyncio.to_thread(lambda: list(_store(config)))
    findings += machine.look(config.store.path, surroundings.clock.now())
    if surroundings.unit:
        findings += await asyncio.to_thread(service.look, surroundings.unit)
    answer, told = await http.running(config.directory, surroundings.start)
    findings += answer
    findings += http.ports(config, told, surroundings.role_beside(told))
    findings += await _certificate(config, surroundings, told.control.url if told else "")
    findings += api_keys.ending(await surroundings.keys(), surroundings.clock.now())
    findings += await webhooks.look(config, surroundings, told)
    return findings + await devices.look(config, drivers, surroundings, told)


def _store(config: Config) -> Iterator[Finding]:
    if not config.store.is_file:
        yield database.look(config.store.address)
        return
    yield storage.commits(config.directory)
    yield from storage.sound(config.store.path)


def _basics(config: Config) -> list[Finding]:
    store = storage.obstructed(config.store.path) or storage.keeps(config.directory)
    return [Finding("ok", "configuration", "has no mistakes"), *config.findings, store]


async def _certificate(config: Config, surroundings: Surroundings, url: str = "") -> list[Finding]:
    """The validity of the certificate that the running bridge at `url` shows; nothing without TLS."""
    found = await asyncio.to_thread(tls.finding, config.http, surroundings.clock.now(), url)
    return [found] if found else []
