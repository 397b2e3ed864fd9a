"""`check` examines configuration and devices; `doctor` everything between a caller's socket and the SIM."""

import asyncio
from collections.abc import Mapping

from bridge.accounts import api_keys
from bridge.config.schema import Config
from bridge.doctor import devices, http, machine, service, storage, webhooks
from bridge.doctor.surroundings import Surroundings, Told
from bridge.host import tls
from bridge.model.finding import Finding
from bridge.ports.driver import Driver

__all__ = ["Surroundings", "Told", "check", "doctor"]


async def check(config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings) -> list[Finding]:
    """The quick look: configuration, store directory, devices."""
    shown = await _certificate(config, surroundings)
    return [*_basics(config), *shown, *await devices.look(config, drivers, surroundings, None)]


async def doctor(config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings) -> list[Finding]:
    """The whole examination; the running bridge is asked about its own devices."""
    findings = _basics(config)
    if all(finding.level != "fail" for finding in findings):
        findings += storage.room(config.directory)
        findings.append(await asyncio.to_thread(storage.commits, config.directory))
        findings += await asyncio.to_thread(lambda: list(storage.sound(config.store.path)))
    findings += machine.look(config.store.path, surroundings.clock.now())
    if surroundings.unit:
        findings += await asyncio.to_thread(service.look, surroundings.unit)
    answer, told = await http.running(config.directory, surroundings.start)
    findings += answer
    findings += http.ports(config, told)
    findings += await _certificate(config, surroundings, told.control.url if told else "")
    findings += api_keys.ending(await surroundings.keys(), surroundings.clock.now())
    findings += await webhooks.look(config, surroundings, told)
    return findings + await devices.look(config, drivers, surroundings, told)


def _basics(config: Config) -> list[Finding]:
    return [Finding("ok", "configuration", "has no mistakes"), *config.findings, storage.keeps(config.directory)]


async def _certificate(config: Config, surroundings: Surroundings, url: str = "") -> list[Finding]:
    """The validity of the certificate that the running bridge at `url` shows; nothing without TLS."""
    found = await asyncio.to_thread(tls.finding, config.http, surroundings.clock.now(), url)
    return [found] if found else []
