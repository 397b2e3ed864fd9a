"""A mail server on loopback for tests: aiosmtpd, which speaks SMTP by its own reading of the RFCs."""

import asyncio
import email
import ssl
import subprocess
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bridge.config.schema import Alarm
from tests.support.ports import keep

DEADLINE = 30.0  # s
USER, PASSWORD = "bridge@example.com", "the right one"


@dataclass(frozen=True)
class Mail:
    """One that was taken."""

    recipients: list[str]
    message: EmailMessage
    #: came over TLS
    secured: bool
    #: who had logged in
    user: str

    @property
    def subject(self) -> str:
        """Without what every one begins with."""
        return str(self.message["Subject"]).partition("] ")[2]

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """Keeps what it takes; says what it is told to say instead of taking it."""

    port: int = 0
    #: answers to the next mails in place of 250
    refusals: list[str] = field(default_factory=list)
    #: recipients that it does not know
    unknown: frozenset[str] = frozenset()
    taken: list[Mail] = field(default_factory=list)
    #: mails offered, taken or not
    offered: int = 0
    how: dict[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def rise(self) -> None:
        """Listen (again)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._converse, "127.0.0.1", self.port, ssl=self.tls)

    def _converse(self) -> SMTP:
        with warnings.catch_warnings():
            # it warns of logins in the clear, which are what some of these tests are about
            warnings.simplefilter("ignore", UserWarning)
            loop = asyncio.get_running_loop()
            return SMTP(self, hostname="mail.example.com", loop=loop, timeout=DEADLINE, **self.how)

    async def die(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def has(self, count: int, seconds: float = DEADLINE) -> list[Mail]:
        """Wait until it took so many."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.taken) >= count)
        return self.taken

    async def was_offered(self, count: int) -> None:
        """Wait until so many were offered."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: self.offered >= count)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        async with self._changed:
            self.offered += 1
            self._changed.notify_all()
            if self.refusals:
                return self.refusals.pop(0)
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            secured = session.ssl is not None or self.tls is not None
            user = str(session.auth_data or "")
            self.taken.append(Mail(list(envelope.rcpt_tos), message, secured, user))
        return "250 OK"


def authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    """Whether this is the right password."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False, auth_data=USER)


@asynccontextmanager
async def mail_server(**how: Any) -> AsyncIterator[MailServer]:
    """One that listens, made with these arguments of `MailServer`."""
    with keep() as kept:  # the port is its own while nobody listens there, too
        server = MailServer(port=kept.getsockname()[1], **how)
        await server.rise()
        try:
            yield server
        finally:
            await server.die()


def mailing_to(server: MailServer, **more: Any) -> Alarm:
    """The settings that mail alarms to this server, in the clear unless told otherwise."""
    plain = {"mail_to": ("me@example.com",), "mail_from": "bridge@example.com", "smtp_security": "none"}
    return Alarm(**plain | {"smtp_host": "127.0.0.1", "smtp_port": server.port} | more)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side for `localhost`, and the certificate that whoever trusts it must know."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"
