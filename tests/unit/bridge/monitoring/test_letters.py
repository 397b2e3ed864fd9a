"""How an account's e-mail is composed, and what is said when nobody knows whether it was taken."""

import asyncio

import pytest

from bridge.errors import BadRequest, OutcomeUnknown
from bridge.model.account import Account
from bridge.model.notification import Letter
from bridge.monitoring.letters import Letters, composed
from bridge.monitoring.mail import Mailer
from tests.support.clocks import START, FakeClock
from tests.support.smtp_site import MailServer, mailing_to

LETTER = Letter("ana@example.com", "Your order", "It is ready.")


def test_a_plain_text_stays_plain_and_a_page_gets_a_plain_form() -> None:
    assert composed(LETTER, "me@example.com", START).get_content() == "It is ready.\n"
    page = composed(Letter("ana@example.com", "x", "<div>one</div><div>two &amp; 3 < 4</div>"), "me@example.com", START)
    plain = page.get_body(("plain",))
    assert plain is not None
    assert plain.get_content() == "one\ntwo & 3 < 4\n"
    assert composed(Letter("ana@example.com", "x", "1 < 2 <- look"), "me@example.com", START).get_content_type() == (
        "text/plain"
    )


def test_answers_go_to_the_sender_unless_that_is_the_server() -> None:
    other = composed(Letter("a@example.com", "x", "y", reply_to="b@example.org"), "me@example.com", START)
    same = composed(Letter("a@example.com", "x", "y", reply_to="ME@example.com"), "me@example.com", START)
    assert (other["Reply-To"], same["Reply-To"]) == ("b@example.org", None)


@pytest.mark.parametrize("address", ["nobody", "a@b c", "a@example.com,b@example.com", "<a@example.com>"])
def test_refuses_what_is_no_address(address: str) -> None:
    with pytest.raises(BadRequest):
        composed(Letter(address, "x", "y"), "me@example.com", START)


async def test_a_server_that_ends_the_connection_over_the_mail_leaves_it_unknown() -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        while (line := await reader.readline()) and line != b"DATA\r\n":
            writer.write(b"250 OK\r\n")
        writer.write(b"354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.close()

    far = await asyncio.start_server(converse, "127.0.0.1", 0)
    settings = mailing_to(MailServer(port=far.sockets[0].getsockname()[1]), mail_accounts=("*",))
    letters = Letters(settings, Mailer(settings, timeout=30), FakeClock())
    with pytest.raises(OutcomeUnknown, match="may or may not have been sent"):
        await letters(Account("shop"), LETTER)
    far.close()
    await far.wait_closed()
