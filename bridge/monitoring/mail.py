"""Sends mail with aiosmtplib, one connection per mail."""

import contextlib
import errno
import logging
import os
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.config.schema import Alarm
from bridge.model.event import NOTIFICATION_SENT, Event
from bridge.model.webhook import Delivery, Endpoint
from bridge.webhooks.retry_policy import Answer

if TYPE_CHECKING:
    from email.message import EmailMessage

    import aiosmtplib

    from bridge.webhooks.endpoint_queue import Poster

log = logging.getLogger(__name__)

#: what an endpoint's URL begins with when it is mailed to
SCHEME = "mailto:"
#: seconds for each step of the conversation
TIMEOUT = 20.0
#: what a server answers to a mail that it took (RFC 5321 §4.2.2)
TAKEN = 250
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Mailing:
    """A `Poster` that mails to `mailto:` endpoints and leaves others to `post`."""

    def __init__(self, mailer: "Mailer", post: "Poster") -> None:
        self._mailer = mailer
        self._post = post

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        """Make one attempt at `now` (Unix ms)."""
        if not endpoint.url.startswith(SCHEME):
            return await self._post(endpoint, delivery, event, now)
        return await self._mailer.send(endpoint.url.removeprefix(SCHEME).split(","), event)


class NotTaken(Exception):
    """The mail server did not take a mail; the message says why, for a person."""


class PerhapsTaken(Exception):
    """The mail server had a mail and did not say whether it took it; the message says what happened."""


class Mailer:
    """Sends alarms, notifications and letters through the configured server.

    Every error with an event counts as "no answer" and is retried: a password can be corrected.
    """

    def __init__(self, settings: Alarm, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._timeout = timeout
        #: None for certificates that this machine trusts
        self._tls = tls

    async def send(self, recipients: list[str], event: Event) -> Answer:
        """Make one attempt."""
        if not self._settings.smtp_host:
            return Answer(0, "no mail server is configured: [alarm] smtp_host")
        message = composed(event, self._settings.sender, recipients)
        try:
            refused = await self._talk(message, recipients)
        except Exception as error:
            return Answer(0, self._words(error))
        if refused:  # not again: the others would get it twice
            log.warning("an alarm was mailed, but %s refused %s", self._server, ", ".join(refused))
        return Answer(TAKEN)

    async def deliver(self, message: "EmailMessage", recipients: list[str]) -> list[str]:
        """Hand a mail over, once; the recipients that were refused. Raises NotTaken for a definite no, PerhapsTaken."""
        try:
            return await self._talk(message, recipients)
        except _Unanswered as error:
            raise PerhapsTaken(self._words(error)) from error
        except Exception as error:
            raise NotTaken(self._words(error)) from error

    async def _talk(self, message: "EmailMessage", recipients: list[str]) -> list[str]:
        """Talk to the server; returns the recipients it refused when it took others."""
        server = self._client()
        try:
            await server.connect()
            await server.ehlo()
            if self._settings.smtp_security == "starttls":
                await self._secure(server)
            if self._settings.smtp_user:
                await self._log_in(server)
            refused = await self._hand_over(server, message, recipients)
            with contextlib.suppress(Exception):  # the mail was taken: how we part does not matter
                await server.quit()
            return refused
        finally:
            server.close()  # at once, when the task was cancelled in the middle

    async def _hand_over(self, server: "aiosmtplib.SMTP", message: "EmailMessage", recipients: list[str]) -> list[str]:
        """The recipients it refused when it took others."""
        import aiosmtplib

        try:
            refused, _ = await server.send_message(message, sender=self._settings.sender, recipients=recipients)
        except aiosmtplib.SMTPResponseException:
            raise  # an answer
        except (aiosmtplib.SMTPServerDisconnected, TimeoutError, OSError) as error:
            raise _Unanswered from error
        return list(refused)

    def _client(self) -> "aiosmtplib.SMTP":
        import aiosmtplib

        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port or _PORTS[settings.smtp_security],
            timeout=self._timeout,
            use_tls=settings.smtp_security == "tls",
            start_tls=False,
            tls_context=None if settings.smtp_security == "none" else self._tls or ssl.create_default_context(),
        )

    async def _secure(self, server: "aiosmtplib.SMTP") -> None:
        if not server.supports_extension("starttls"):
            raise _NotOffered("STARTTLS", "tls")
        await server.starttls()
        await server.ehlo()

    async def _log_in(self, server: "aiosmtplib.SMTP") -> None:
        if not server.supports_extension("auth"):
            raise _NotOffered("login here", "starttls")
        await server.login(self._settings.smtp_user, str(self._settings.smtp_password))

    @property
    def _server(self) -> str:
        return self._settings.smtp_host

    def _words(self, error: BaseException) -> str:
        """Why the mail was not accepted, in words. Never contains the password."""
        import aiosmtplib

        if isinstance(error, aiosmtplib.SMTPConnectError | _Unanswered) and error.__cause__ is not None:
            return self._words(error.__cause__)
        match error:
            case _NotOffered():
                instead = f'try smtp_security = "{error.instead}", or another smtp_port'
                return f"{self._server} offers no {error.what}: {instead}"
            case aiosmtplib.SMTPAuthenticationError():
                return f"{self._server} does not accept this user and password ({_said(error)})"
            case aiosmtplib.SMTPRecipientsRefused():
                refused = ", ".join(each.recipient for each in error.recipients)
                return f"{self._server} refused {refused} ({_said(error.recipients[0])})"
            case aiosmtplib.SMTPSenderRefused():
                return f"{self._server} refused the sender {error.sender} ({_said(error)})"
            case aiosmtplib.SMTPResponseException():
                return f"{self._server} refused the mail ({_said(error)})"
            case aiosmtplib.SMTPServerDisconnected():
                return f"{self._server} closed the connection: is smtp_security right for this port?"
        return self._unreachable(error)

    def _unreachable(self, error: BaseException) -> str:
        match error:
            case ssl.SSLCertVerificationError():
                return f"the certificate of {self._server} is not accepted: {error.verify_message}"
            case ssl.SSLError():
                reason = error.reason or "no reason given"
                return f"TLS with {self._server} fails ({reason}): is smtp_security right for this port?"
            case socket.gaierror():
                return f"the name {self._server} does not resolve"
            case TimeoutError():
                return f"{self._server} did not answer within {self._timeout:g} s: is smtp_port right?"
            case OSError() if error.errno == errno.ECONNREFUSED:
                return f"{self._server} refuses connections on this port: is smtp_port right?"
            case OSError():
                return f"cannot reach {self._server}: {os.strerror(error.errno) if error.errno else error}"
        return f"the mail cannot be made: {type(error).__name__}"


class _Unanswered(Exception):
    """The connection ended, or nothing came, while the mail was handed over."""


class _NotOffered(Exception):
    """The server lacks what the configuration requires; `instead` is the `smtp_security` to try."""

    def __init__(self, what: str, instead: str) -> None:
        self.what = what
        self.instead = instead


def composed(event: Event, sender: str, recipients: list[str]) -> "EmailMessage":
    """Compose an event's mail: identical at each attempt, so that a mailbox recognises repeats by Message-ID."""
    from email.message import EmailMessage
    from email.utils import format_datetime

    data, domain = event.data, sender.rpartition("@")[2]
    text, thread, host = data["text"], f"alarm.{data.get('began_at')}", data.get("host") or socket.gethostname()
    if event.name == NOTIFICATION_SENT:
        text += f"\n\nFrom the application {data['account']}, about {data['sid']}."
        thread = f"notification.{data['account']}"
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = " ".join(f"[sms-bridge {host}] {data['title']}".split())
    message["Date"] = format_datetime(datetime.fromtimestamp(event.at / 1000, UTC))
    message["Message-ID"] = f"<{event.id}@{domain}>"
    # what begins, goes on and ends is one thread
    message["References"] = f"<{thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday notes in answer
    message.set_content(f"{text}\n\n-- \nsms-bridge on {host}\n")
    return message


def _said(error: "aiosmtplib.SMTPResponseException") -> str:
    return f"{error.code} {' '.join(error.message.split())[:200]}"
