"""Alarms by mail: the only door to smtplib. A thread for each mail, for there are few; nothing is kept open."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from bridge.config.schema import Alarm
from bridge.model.event import Event
from bridge.model.webhook import Delivery, Endpoint
from bridge.webhooks.endpoint_queue import Poster
from bridge.webhooks.retry_policy import Answer

if TYPE_CHECKING:
    import smtplib

log = logging.getLogger(__name__)

#: what an endpoint's URL begins with when it is mailed to
SCHEME = "mailto:"
#: seconds for each step of the conversation
TIMEOUT = 20.0
#: what a server answers to a mail that it took (RFC 5321 §4.2.2)
TAKEN = 250
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Mailing:
    """A `Poster` that mails what goes to a `mailto:` endpoint and leaves all else to `post`."""

    def __init__(self, mailer: "Mailer", post: Poster) -> None:
        self._mailer = mailer
        self._post = post

    async def __call__(self, endpoint: Endpoint, delivery: Delivery, event: Event, now: int) -> Answer:
        """One attempt at `now` (Unix ms)."""
        if not endpoint.url.startswith(SCHEME):
            return await self._post(endpoint, delivery, event, now)
        return await self._mailer.send(endpoint.url.removeprefix(SCHEME).split(","), event)


class Mailer:
    """Sends an alarm's event as a mail through the configured server.

    Whatever goes wrong is told as "no answer" so that it is tried again: a password can be put right.
    """

    def __init__(self, settings: Alarm, timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._timeout = timeout
        #: None for certificates that this machine trusts
        self._tls = tls

    async def send(self, recipients: list[str], event: Event) -> Answer:
        """One attempt."""
        if not self._settings.smtp_host:
            return Answer(0, "no mail server is configured: [alarm] smtp_host")
        message = composed(event, self._settings.sender, recipients)
        try:
            refused = await self._aside(lambda conversation: self._talk(conversation, message, recipients))
        except Exception as error:
            return Answer(0, self._words(error))
        if refused:  # not again: the others would get it twice
            log.warning("an alarm was mailed, but %s refused %s", self._server, ", ".join(refused))
        return Answer(TAKEN)

    async def _aside(self, talk: "Callable[[_Conversation], list[str]]") -> list[str]:
        """Run it on a thread of its own, which ends with us: when we are cancelled its connection is cut."""
        loop, conversation = asyncio.get_running_loop(), _Conversation()
        done: asyncio.Future[list[str]] = loop.create_future()

        def settle(result: list[str], error: BaseException | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

        def run() -> None:
            result, failure = list[str](), None
            try:
                result = talk(conversation)
            except Exception as error:
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=run, name="alarm mail", daemon=True).start()
        try:
            return await done
        finally:
            conversation.cut()

    def _talk(self, conversation: "_Conversation", message: EmailMessage, recipients: list[str]) -> list[str]:
        """The whole conversation, blocking; who was refused when others were not."""
        settings = self._settings
        server = self._connected(conversation)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=self._context())
            if settings.smtp_user:
                server.login(settings.smtp_user, str(settings.smtp_password))
            return list(server.send_message(message, settings.sender, recipients))
        finally:
            with contextlib.suppress(Exception):  # the mail was taken or not: how we part does not matter
                server.quit()
            server.close()

    def _connected(self, conversation: "_Conversation") -> "smtplib.SMTP":
        import smtplib

        settings = self._settings
        port = settings.smtp_port or _PORTS[settings.smtp_security]
        if settings.smtp_security == "tls":
            return conversation.begin(
                smtplib.SMTP_SSL(settings.smtp_host, port, timeout=self._timeout, context=self._context())
            )
        return conversation.begin(smtplib.SMTP(settings.smtp_host, port, timeout=self._timeout))

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()

    @property
    def _server(self) -> str:
        return self._settings.smtp_host

    def _words(self, error: Exception) -> str:
        """Why the mail was not taken, for the person who wrote the configuration. Never holds the password."""
        import smtplib

        if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
            error = error.__context__  # smtplib tells it as a connection that was closed
        match error:
            case smtplib.SMTPAuthenticationError():
                return f"{self._server} does not accept this user and password ({_said(error)})"
            case smtplib.SMTPNotSupportedError() if self._settings.smtp_security == "starttls":
                return f'{self._server} offers no STARTTLS: try smtp_security = "tls", or another smtp_port'
            case smtplib.SMTPNotSupportedError():
                return f'{self._server} offers no login here: try smtp_security = "starttls", or another smtp_port'
            case smtplib.SMTPRecipientsRefused():
                code, words = next(iter(error.recipients.values()))
                return f"{self._server} refused {', '.join(error.recipients)} ({code} {_text(words)})"
            case smtplib.SMTPSenderRefused():
                return f"{self._server} refused the sender {error.sender} ({_said(error)})"
            case smtplib.SMTPResponseException():
                return f"{self._server} refused the mail ({_said(error)})"
            case smtplib.SMTPServerDisconnected():
                return f"{self._server} closed the connection: is smtp_security right for this port?"
        return self._unreachable(error)

    def _unreachable(self, error: Exception) -> str:
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
                return f"{self._server} takes no connection on this port: is smtp_port right?"
            case OSError():
                return f"cannot reach {self._server}: {os.strerror(error.errno) if error.errno else error}"
        return f"the mail cannot be made: {type(error).__name__}"


class _Conversation:
    """One connection, which another thread may cut."""

    def __init__(self) -> None:
        self._server: smtplib.SMTP | None = None
        self._over = False

    def begin(self, server: "smtplib.SMTP") -> "smtplib.SMTP":
        self._server = server
        if self._over:
            self.cut()
        return server

    def cut(self) -> None:
        """Whoever waits for it in the other thread fails at once. Harmless when it ended."""
        self._over = True
        connection = self._server.sock if self._server is not None else None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def composed(event: Event, sender: str, recipients: list[str]) -> EmailMessage:
    """The mail that tells an alarm: the same at each attempt, so that a mailbox knows a repeat by its Message-ID."""
    data, domain = event.data, sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = " ".join(f"[sms-bridge {data['host']}] {data['title']}".split())
    message["Date"] = format_datetime(datetime.fromtimestamp(event.at / 1000, UTC))
    message["Message-ID"] = f"<{event.id}@{domain}>"
    # what begins, goes on and ends is one thread
    message["References"] = f"<alarm.{data['began_at']}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday notes in answer
    message.set_content(f"{data['text']}\n\n-- \nsms-bridge on {data['host']}\n")
    return message


def _said(error: "smtplib.SMTPResponseException") -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:200]
