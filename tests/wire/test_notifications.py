"""What applications tell the bridge's owner, and the e-mail they send: a whole bridge and a real mail server."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.config.schema import Alarm
from tests.support.running import Bridge, config, running
from tests.support.smtp_site import MailServer, mail_server, mailing_to
from tests.support.waiting import until

LETTER = {
    "recipient_email": "ana@example.com",
    "mail_subject": "Your order",
    "mail_body": "It is ready.",
    "sender_name": "Acme Shop",
    "sender_email": "shop@example.org",
}


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as opened:
        yield opened


@pytest.fixture
async def bridge(tmp_path: Path, server: MailServer) -> AsyncIterator[Bridge]:
    """One without devices, whose accounts may send e-mail."""
    settings = replace(config(tmp_path, {}), alarm=mailing_to(server, mail_accounts=("shop",)))
    async with running(settings) as opened:
        yield opened


async def ask(bridge: Bridge, path: str, **params: Any) -> tuple[int, Any]:
    form = {"apikey": bridge.keys["apikey"], **params}
    async with bridge.http.post(bridge.url + path, data=form) as answer:
        return answer.status, await answer.json()


async def test_a_notification_is_kept_and_mailed_to_the_owner(bridge: Bridge, server: MailServer) -> None:
    status, sent = await ask(bridge, "/notification/send", sid="office", title="Fridge", message="It is 9 °C.")
    assert (status, sent["success"], sent["sid"], sent["apikey"]) == (200, True, "office", "********")
    [mail] = await server.has(1)
    assert (mail.recipients, mail.subject) == (["me@example.com"], "Fridge")
    assert mail.text.startswith("It is 9 °C.\n\nFrom the application shop, about office.")

    async def row() -> Any:
        [found] = (await ask(bridge, "/notification/list"))[1]["data"]
        return found if found["distribued"] else None

    found = await until(row)
    assert (found["id"], found["title"], found["message"], found["type"], found["distribued_status"]) == (
        sent["id"], "Fridge", "It is 9 °C.", "notification", "distributed",
    )  # fmt: skip
    assert found["distributed_at_unix"] >= found["sent_at_unix"] > 0


async def test_a_notification_survives_a_mail_server_that_is_down(bridge: Bridge, server: MailServer) -> None:
    await server.die()
    assert (await ask(bridge, "/notification/send", sid="office", message="Come home."))[0] == 200
    listed = (await ask(bridge, "/notification/list", distribued="0"))[1]
    assert [(row["title"], row["distributed_at_unix"]) for row in listed["data"]] == [("Notification", 0)]
    assert (await ask(bridge, "/notification/list", distribued="1"))[1]["data"] == []


async def test_an_email_goes_through_the_servers_own_address(bridge: Bridge, server: MailServer) -> None:
    status, told = await ask(bridge, "/sendemail", **LETTER, unsubscribe="1")
    assert (status, told["result"]["error"], told["result"]["sent"]) == (200, 0, "1")
    [mail] = server.taken
    assert mail.recipients == ["ana@example.com"]
    assert mail.text == "It is ready.\n"
    assert mail.message["From"] == "Acme Shop <bridge@example.com>"
    assert mail.message["Reply-To"] == "shop@example.org"
    assert mail.message["List-Unsubscribe"] == "<mailto:shop@example.org?subject=unsubscribe>"
    assert mail.message["Message-ID"] == f"<{told['result']['id']}>"


async def test_a_page_and_a_file_go_along(bridge: Bridge, server: MailServer) -> None:
    page = "<p>It is <b>ready</b>.</p>"
    file = {"attachmentBase64": base64.b64encode(b"%PDF-1.4").decode(), "attachmentBase64_name_1": "bill.pdf"}
    assert (await ask(bridge, "/sendemail", **LETTER | {"mail_body": page} | file))[0] == 200
    [mail] = server.taken
    plain, marked = mail.message.get_body(("plain",)), mail.message.get_body(("html",))
    assert plain is not None
    assert marked is not None
    assert (plain.get_content().strip(), marked.get_content().strip()) == ("It is ready.", page)
    [attached] = mail.message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("bill.pdf", b"%PDF-1.4")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient_email": ""}, "missing_recipient_email"),
        ({"recipient_email": "ana@example.com, bob@example.com"}, "invalid_recipient_email"),
        ({"sender_email": "nobody"}, "invalid_sender_email"),
        ({"mail_body": ""}, "missing_mail_body"),
        ({"attachmentBase64": "%%%"}, "invalid_attachmentbase64"),
    ],
)
async def test_what_is_wrong_with_an_email_is_named(
    bridge: Bridge, server: MailServer, changes: dict[str, str], code: str
) -> None:
    status, told = await ask(bridge, "/sendemail", **LETTER | changes)
    assert (status, told["error"], server.offered) == (400, code, 0)


async def test_a_line_end_in_a_value_makes_no_header(bridge: Bridge, server: MailServer) -> None:
    sly = {"mail_subject": "Hi\r\nBcc: eve@example.com", "sender_name": "Acme\nBcc: eve@example.com"}
    assert (await ask(bridge, "/sendemail", **LETTER | sly))[0] == 200
    [mail] = server.taken
    assert (mail.recipients, mail.message["Bcc"]) == (["ana@example.com"], None)


async def test_a_mail_that_the_server_refuses_was_not_sent(bridge: Bridge, server: MailServer) -> None:
    server.refusals = ["554 5.7.1 looks like spam"]
    status, told = await ask(bridge, "/sendemail", **LETTER)
    assert (status, told["error"], told["result"]["sent"]) == (502, "email_not_sent", "api_error")
    assert "looks like spam" in told["result"]["note"]
    server.unknown = frozenset({"ana@example.com"})
    assert (await ask(bridge, "/sendemail", **LETTER))[1]["error"] == "email_not_sent"


@pytest.mark.parametrize(
    ("alarm", "note"),
    [(Alarm(), "no mail server"), (None, "the account shop may not send e-mail")],
    ids=["no server", "no right"],
)
async def test_says_why_no_email_can_be_sent(
    tmp_path: Path, server: MailServer, alarm: Alarm | None, note: str
) -> None:
    settings = replace(config(tmp_path, {}), alarm=alarm or mailing_to(server))
    async with running(settings) as bridge:
        status, told = await ask(bridge, "/sendemail", **LETTER)
    assert (status, told["error"]) == (502, "email_not_sent")
    assert note in told["message"]
    assert server.offered == 0
