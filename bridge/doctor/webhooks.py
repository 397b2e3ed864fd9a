"""Examines webhook endpoints: policy, connection, certificate. Nothing is posted."""

import asyncio
import ssl
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from bridge.config.schema import Config
from bridge.doctor.database import REMEDY
from bridge.doctor.surroundings import Surroundings, Told
from bridge.errors import BadRequest, BridgeError
from bridge.host.tls import SOON
from bridge.model.finding import Finding
from bridge.model.webhook import Endpoint

#: seconds for a receiver to take a connection and show its certificate
PATIENCE = 5.0
_DAY = 86_400  # s


async def look(config: Config, surroundings: Surroundings, told: Told | None) -> list[Finding]:
    """One finding for each endpoint of every account."""
    if told is not None:
        endpoints = told.endpoints
    elif not config.store.path.exists():
        return []
    else:
        try:
            endpoints = await surroundings.endpoints()
        except BridgeError as error:
            remedy = "restore it from a backup, or correct its permissions" if config.store.is_file else REMEDY
            return [Finding("fail", "store", error.message, remedy)]
    return list(await asyncio.gather(*(_webhook(endpoint, surroundings) for endpoint in endpoints)))


async def _webhook(endpoint: Endpoint, surroundings: Surroundings) -> Finding:
    subject, words = f"webhook {endpoint.id}", f"{shown(endpoint.url)} of {endpoint.account}"
    try:
        await surroundings.check_url(endpoint.url)
    except BadRequest as error:
        return Finding("fail", subject, f"{words}: {error.message}", "correct the URL, or see webhooks.allow_http")
    parts = urlsplit(endpoint.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return Finding("warn", subject, f"{words}: the name {host} does not resolve now", f"getent hosts {host}")
    try:
        until = await _reached(host, parts.port or (443 if secure else 80), secure)
    except (OSError, TimeoutError) as error:
        return _unreached(subject, words, shown(endpoint.url), error)
    if endpoint.paused:
        remedy = f"curl -X PATCH -H 'X-Api-Key: …' -d '{{\"paused\": false}}' …/v1/webhooks/{endpoint.id}"
        return Finding("warn", subject, f"{words} is paused: its deliveries wait", remedy)
    return _certificate(subject, words, until, time.time())


def shown(url: str) -> str:
    """The URL without user, password and query, which may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _reached(host: str, port: int, secure: bool) -> float:
    """Connect and disconnect; returns when the certificate ends (Unix seconds, 0 without). Raises OSError,
    TimeoutError.
    """
    async with asyncio.timeout(PATIENCE):
        context = ssl.create_default_context() if secure else None
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host if secure else None)
        certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await writer.wait_closed()
    return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if "notAfter" in certificate else 0.0


def _unreached(subject: str, words: str, url: str, error: OSError | TimeoutError) -> Finding:
    see = f"curl -v {url} -o /dev/null"
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = f"renew the receiver's certificate, or have this machine trust its authority; {see}"
        return Finding("fail", subject, f"{words}: its certificate does not hold: {error.verify_message}", remedy)
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).lower().replace("_", " ")
        return Finding("fail", subject, f"{words} does not speak TLS as it should: {reason}", see)
    why = (
        f"does not answer within {PATIENCE:g} seconds"
        if isinstance(error, TimeoutError)
        else f"is not reached: {_plain(error)}"
    )
    return Finding("warn", subject, f"{words} {why}; its deliveries wait", f"start the receiver; {see}")


def _plain(error: OSError) -> str:
    return (error.strerror or str(error)).lower() if error.errno and error.errno > 0 else str(error)


def _certificate(subject: str, words: str, until: float, now: float) -> Finding:
    days = int((until - now) // _DAY)
    if until and days < SOON:
        remedy = "renew it: after that nothing is delivered there"
        return Finding("warn", subject, f"{words} takes connections, but its certificate ends in {days} days", remedy)
    rest = f", and its certificate holds for {days} days" if until else ""
    return Finding("ok", subject, f"{words} is allowed and takes connections{rest}")
