"""Alarms by mail, over SMTP to a real server."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.model.event import Event
from bridge.monitoring import alarm_text
from bridge.monitoring.mail import Mailer
from bridge.webhooks.retry_policy import Answer
from tests.support.ports import free_port
from tests.support.smtp_site import PASSWORD, USER, MailServer, authenticated, certificate, mail_server, mailing_to

NOW = 1_795_215_712_000
EVENT = replace(alarm_text.trial(NOW), id="7a9a1207-e3a4-4550-a4af-3dad6cff5108")
LOGIN = {"authenticator": authenticated, "auth_required": True, "auth_require_tls": False}


async def tried(server: MailServer, event: Event = EVENT, tls: ssl.SSLContext | None = None, **settings: Any) -> str:
    """What went wrong; "" when nothing did."""
    chosen = mailing_to(server, **settings)
    answer = await Mailer(chosen, timeout=20.0, tls=tls).send(list(chosen.mail_to), event)
    assert (answer.status == 250) == (answer.error == "")
    return answer.error


async def test_the_mail_says_what_is_wrong_and_what_to_do() -> None:
    alarm = alarm_text.RaisedAlarm(
        NOW - 360_000, NOW, "The line office is out of service", "", "office", "absent (no SIM: 🙁)"
    )
    event = replace(alarm_text.begun("line:office", alarm, [], NOW), id="8e9a1207-e3a4-4550-a4af-3dad6cff5108")
    async with mail_server() as server:
        assert await tried(server, event, mail_to=("me@example.com", "you@example.com")) == ""
        (mail,) = server.taken
    assert mail.recipients == ["me@example.com", "you@example.com"]
    assert mail.subject == "The line office is out of service"
    assert f"since {alarm_text.moment(NOW - 360_000)}, for 6 minutes now.\nabsent (no SIM: 🙁)" in mail.text
    assert "sms-bridge doctor" in mail.text
    assert mail.message["Message-ID"] == "<8e9a1207-e3a4-4550-a4af-3dad6cff5108@example.com>"
    assert mail.message["Date"] == "Fri, 20 Nov 2026 23:01:52 +0000"
    assert mail.message["Auto-Submitted"] == "auto-generated"


async def test_a_second_try_is_the_same_mail() -> None:
    async with mail_server(refusals=["451 4.3.0 try later"]) as server:
        assert "451 4.3.0 try later" in await tried(server)
        assert await tried(server) == ""
        assert await tried(server) == ""
        first, second = server.taken
    assert first.message.as_bytes() == second.message.as_bytes()


@pytest.mark.needs("openssl")
async def test_logs_in_and_secures_the_way_first(tmp_path: Path) -> None:
    context, known = certificate(tmp_path)
    how = {**LOGIN, "auth_require_tls": True, "tls_context": context, "require_starttls": True}
    trusting = ssl.create_default_context(cafile=str(known))
    async with mail_server(how=how) as server:
        login = {"smtp_user": USER, "smtp_password": PASSWORD, "smtp_security": "starttls"}
        assert await tried(server, tls=trusting, **login) == ""
        (mail,) = server.taken
        assert (mail.secured, mail.user) == (True, USER)
        wrong = await tried(server, tls=trusting, **login | {"smtp_password": "not-this"})
        assert "does not accept this user and password (535" in wrong
        assert "not-this" not in wrong
        assert len(server.taken) == 1


@pytest.mark.needs("openssl")
async def test_speaks_tls_from_the_start_where_the_server_does(tmp_path: Path) -> None:
    context, known = certificate(tmp_path)
    async with mail_server(tls=context) as server:
        trusting = ssl.create_default_context(cafile=str(known))
        assert await tried(server, tls=trusting, smtp_security="tls") == ""
        assert server.taken[0].secured


@pytest.mark.needs("openssl")
async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    async with mail_server(tls=context) as server:
        error = await tried(server, smtp_security="tls")
    assert error == "the certificate of 127.0.0.1 is not accepted: self-signed certificate"
    async with mail_server(how={"tls_context": context}) as server:
        error = await tried(server, smtp_security="starttls")
        assert error == "the certificate of 127.0.0.1 is not accepted: self-signed certificate"
        assert server.taken == []


@pytest.mark.parametrize(
    ("server", "settings", "said"),
    [
        ({}, {"smtp_security": "starttls"}, 'offers no STARTTLS: try smtp_security = "tls"'),
        ({}, {"smtp_user": USER, "smtp_password": "x"}, "offers no login here"),
        (
            {"how": LOGIN},
            {"smtp_user": USER, "smtp_password": "x"},
            "does not accept this user and password (535 5.7.8",
        ),
        ({"how": LOGIN}, {}, "refused the sender bridge@example.com (530 5.7.0"),
        ({"unknown": {"me@example.com"}}, {}, "refused me@example.com (550 5.1.1 no such user here)"),
        ({"refusals": ["554 5.7.1 looks like spam"]}, {}, "refused the mail (554 5.7.1 looks like spam)"),
        ({}, {"smtp_security": "tls"}, "is smtp_security right for this port?"),
    ],
)
async def test_says_in_plain_words_why_it_was_not_taken(
    server: Mapping[str, Any], settings: Mapping[str, Any], said: str
) -> None:
    async with mail_server(**server) as far:
        error = await tried(far, **settings)
        assert error.startswith("127.0.0.1 " if "port" not in said else "")
        assert said in error
        assert far.taken == []


async def test_says_when_nobody_is_there(tmp_path: Path) -> None:
    server = MailServer(port=free_port())
    assert await tried(server) == "127.0.0.1 refuses connections on this port: is smtp_port right?"
    assert await tried(server, smtp_host="nowhere.invalid") == "the name nowhere.invalid does not resolve"


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = mailing_to(MailServer(port=silent.getsockname()[1]))
        answer = await Mailer(settings, timeout=0.2).send(["me@example.com"], EVENT)
        assert answer.error == "127.0.0.1 did not answer within 0.2 s: is smtp_port right?"


async def test_one_recipient_that_is_refused_does_not_make_the_others_get_it_twice() -> None:
    async with mail_server(unknown={"gone@example.com"}) as server:
        assert await tried(server, mail_to=("gone@example.com", "me@example.com")) == ""
        assert [mail.recipients for mail in server.taken] == [["me@example.com"]]


async def test_a_cancelled_mail_ends_its_connection_at_once() -> None:
    """A server that stops in the middle of the conversation must not hold up a shutdown."""
    half_way, ended = asyncio.Event(), asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        await reader.readline()
        half_way.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    far = await asyncio.start_server(greet, "127.0.0.1", 0)
    settings = mailing_to(MailServer(port=far.sockets[0].getsockname()[1]))
    sending = asyncio.get_running_loop().create_task(Mailer(settings, timeout=60).send(["me@example.com"], EVENT))
    await half_way.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    async with asyncio.timeout(20):
        await ended.wait()
    far.close()
    await far.wait_closed()


async def test_a_server_that_hangs_after_it_took_the_mail_is_not_mailed_again() -> None:
    ended = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        while (line := await reader.readline()) and line != b"QUIT\r\n":
            if line == b"DATA\r\n":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 OK\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    far = await asyncio.start_server(converse, "127.0.0.1", 0)
    settings = mailing_to(MailServer(port=far.sockets[0].getsockname()[1]))
    assert await Mailer(settings, timeout=0.5).send(["me@example.com"], EVENT) == Answer(250)
    await ended.wait()
    far.close()
    await far.wait_closed()
