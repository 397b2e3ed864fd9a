"""The server's certificate: loaded at start and again when its files change (RFC 8446, RFC 5246).

Each handshake asks for the pair that is newest then, so a renewal needs no restart and no connection ends for it.
A pair that does not fit, a file that is half written or gone: the old pair stays, and the log says why.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bridge.config import obstacles
from bridge.config.schema import Http
from bridge.dataclass import dataclass
from bridge.errors import ConfigError
from bridge.host.x509 import Garbled, Validity, validity
from bridge.model.finding import Finding

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds between looks at the files
HANDSHAKE = 5.0  # seconds to ask a running bridge for its certificate
#: forward secrecy and authenticated encryption alone, for TLS 1.2; 1.3 has nothing else
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
#: days before its end from which on an expiry is worth a warning: certbot renews with 30 left
SOON = 14
#: where systemd puts what `LoadCredential=` names (systemd.exec(5)); `%d` in a unit
CREDENTIALS = "CREDENTIALS_DIRECTORY"
REMEDY = "renew it (certbot renew), then: sudo systemctl reload sms-bridge"
#: what OpenSSL says when the key is another certificate's; the last one when it is of another kind
_STRANGERS = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})


class Unfit(Exception):
    """The pair of files cannot be used; the message names the setting and the reason."""


class _Encrypted(Exception):
    """The key is encrypted with a pass phrase."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Certificate and key files as configured."""

    certificate: Path
    key: Path

    @property
    def signature(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Changes whenever a file changes, also behind a symbolic link (certbot's)."""
        return tuple(_stat(path) for path in (self.certificate, self.key))

    def context(self) -> ssl.SSLContext:
        """Load the pair for handshakes. Raises Unfit."""
        if b"-----BEGIN CERTIFICATE-----" not in _bytes(self.certificate, "http.certificate"):
            raise Unfit(f"http.certificate: {self.certificate} is no certificate in PEM form")
        if b"PRIVATE KEY-----" not in _bytes(self.key, "http.key"):
            raise Unfit(f"http.key: {self.key} is no private key in PEM form")
        context = _context()
        try:
            context.load_cert_chain(self.certificate, self.key, _no_password)
        except _Encrypted:
            raise Unfit(_encrypted(self.key)) from None
        except ssl.SSLError as error:
            raise Unfit(_problem(self, error)) from error
        except OSError as error:  # went away since it was read
            raise Unfit(f"http.certificate: cannot be read: {error.strerror}") from error
        return context

    def validity(self) -> Validity:
        """The certificate's period of validity. Raises Unfit."""
        try:
            return validity(_bytes(self.certificate, "http.certificate"))
        except Garbled as error:
            raise Unfit(f"http.certificate: {self.certificate} is no certificate: {error}") from error


class Certificate:
    """The certificate in use. Raises ConfigError when none can be loaded at start."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._seen = pair.signature
        try:
            self._newest = pair.context()
            self._tell(pair.validity())
        except Unfit as error:
            raise ConfigError([str(error)]) from error
        #: for listeners; each handshake on it gets the newest pair
        self.context = pair.context()
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._newest

    def reload(self) -> bool:
        """Load the files again; whether the newest pair is in use. Never raises: on error the old pair stays."""
        self._seen = self._pair.signature
        try:
            self._newest = self._pair.context()
            validity = self._pair.validity()
        except Unfit as error:
            log.error("the certificate is not renewed, the one before stays in use: %s", error)
            return False
        log.info("new certificate from %s, good until %s", self._pair.certificate, validity.until)
        self._tell(validity)
        return True

    async def renew(self) -> None:
        """`reload`, awaitable."""
        self.reload()

    def look(self) -> None:
        """Reload if a file has changed since it was read."""
        if self._pair.signature != self._seen:
            self.reload()

    async def watch(self, every: float = LOOK_EVERY) -> None:
        """Check for changes periodically, with two calls of stat(2)."""
        while True:
            await asyncio.sleep(every)
            self.look()

    def _tell(self, validity: Validity) -> None:
        left = validity.days_left(_now())
        if left < 0:
            log.warning("the certificate %s ended on %s: callers refuse it", self._pair.certificate, validity.until)
        elif left < SOON:
            log.warning("the certificate %s ends on %s", self._pair.certificate, validity.until)


def configured(http: Http, environment: Mapping[str, str] = os.environ) -> Pair | None:
    """The configured pair; None for plain HTTP. Raises ConfigError."""
    if not http.certificate and not http.key:
        return None
    for name, path, other in (("certificate", http.certificate, "key"), ("key", http.key, "certificate")):
        if not path:
            raise ConfigError([f"http.{name}: is missing: TLS needs it beside http.{other}"])
    return Pair(_path("certificate", http.certificate, environment), _path("key", http.key, environment))


def finding(http: Http, now: int, running: str = "") -> Finding | None:
    """The state of the certificate at `now` (Unix ms) for `check` and `doctor`; None without one.

    `running` is the URL at which the bridge answers: then it is asked what it shows, because its key may be a secret
    that this user cannot read. Blocks for as long as a handshake may take.
    """
    subject = "certificate"
    try:
        pair = configured(http)
        if pair is None:
            return None
        if not running:
            pair.context()
            return _judged(pair.validity(), str(pair.certificate), now)
        host, port = urlsplit(running).hostname or "", urlsplit(running).port or 443
        shown = validity(ssl.get_server_certificate((host, port), timeout=HANDSHAKE).encode())
        with suppress(Unfit):
            if (newest := pair.validity()) != shown:
                words = f"the bridge shows one until {shown.until}, {pair.certificate} is good until {newest.until}"
                return Finding("warn", subject, f"{words}: its log says why", "sudo systemctl reload sms-bridge")
        return _judged(shown, f"what {running} shows", now)
    except (ConfigError, Unfit) as error:
        return Finding("fail", subject, str(error), "correct it in the configuration, or the file")
    except OSError as error:
        return Finding("fail", subject, f"{running} speaks no TLS: {error.strerror or error}", "restart the bridge")


def _judged(good: Validity, what: str, now: int) -> Finding:
    left = good.days_left(now)
    if left < 0:
        return Finding("fail", "certificate", f"{what} ended on {good.until}", REMEDY)
    if now < good.not_before:
        remedy = "set the clock (sudo timedatectl set-ntp true), or wait"
        return Finding("fail", "certificate", f"{what} is not good before {good.since}", remedy)
    words = f"{what} is good until {good.until}, {left} days"
    return Finding("warn", "certificate", words, REMEDY) if left < SOON else Finding("ok", "certificate", words)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    # a caller must not make us do the costly part again and again
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _path(name: str, written: str, environment: Mapping[str, str]) -> Path:
    """A configured path; `%d/tls-key` is a credential passed by systemd."""
    if not written.startswith("%d/"):
        return Path(written)
    if CREDENTIALS in environment:
        return Path(environment[CREDENTIALS], written[3:])
    credential = written[3:]
    advice = f"LoadCredential={credential}:/path/of/it in the unit"
    raise ConfigError([f"http.{name}: {written} is a credential, and systemd gave this process none: {advice}"])


def _bytes(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError:
        raise Unfit(
            f"{key}: {path} may not be read by this user: sudo chgrp sms-bridge {path} && sudo chmod 640 {path}"
        ) from None
    except OSError as error:
        raise Unfit(f"{key}: {obstacles.told(error, path)}") from None


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _no_password() -> str:
    raise _Encrypted


def _encrypted(key: Path) -> str:
    return (
        f"http.key: {key} is locked with a pass phrase, which nobody could type at a start: unlock it once with "
        f"openssl pkey -in {key} -out unlocked.pem, and let only the bridge's user read that"
    )


def _problem(pair: Pair, error: ssl.SSLError) -> str:
    if error.reason in _STRANGERS:
        return f"http.key: {pair.key} does not belong to the certificate {pair.certificate}"
    reason = (error.reason or "unknown").replace("_", " ").lower()
    return f"http.certificate: {pair.certificate} with {pair.key}: OpenSSL says: {reason}"


def _now() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)
