"""The vendor's own Python package for e-mail, as it is on PyPI, against a bridge with a mail server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import foreign
from tests.support.running import Bridge, config, running
from tests.support.smtp_site import mail_server, mailing_to

#: its documentation's example, with what else it can send
SCRIPT = """
import json, sys
from smsmobileapi_send_email import SMSMobileAPIEmailSender

url, key, more = sys.argv[1:]
sender = SMSMobileAPIEmailSender(key, "your_email_api_key")
sender.api_url = url + "/sendemail/"
print(json.dumps(sender.send_email(
    sender_name="John Doe", sender_email="john.doe@example.com", recipient_email="recipient@example.com",
    mail_subject="Test Email", mail_body="Hello, this is a test email! Grüße", allow_self_signed="yes",
    **json.loads(more),
)))
"""


async def run(request: pytest.FixtureRequest, bridge: Bridge, key: str = "", **more: Any) -> Any:
    packages = foreign.from_pypi(request.config.cache, "smsmobileapi-send-email==0.3.3")
    said = await foreign.python(packages, SCRIPT, bridge.url, key or bridge.keys["apikey"], json.dumps(more))
    assert said.code == 0, said.err
    return json.loads(said.out)


async def test_sends_an_email_with_copies_and_a_file(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    async with mail_server(unknown=frozenset({"gone@example.com"})) as server:
        settings = replace(config(tmp_path, {}), alarm=mailing_to(server, mail_accounts=("*",)))
        async with running(settings) as bridge:
            plain = await run(request, bridge)
            told = await run(
                request, bridge, email_cc=["cc@example.com", "gone@example.com"], attachment_base64="JVBERi0xLjQ=",
                reply_name="Administration", reply_email="administration@example.com", unsubscribe=1,
            )  # fmt: skip
            refused = await run(request, bridge, embedded_image="https://example.com/logo.png")
            stranger = await run(request, bridge, key="0" * 48)
    first, second = server.taken
    assert (plain["result"]["sent"], first.recipients) == ("1", ["recipient@example.com"])
    assert first.text == "Hello, this is a test email! Grüße\n"
    assert (first.message["From"], first.message["Reply-To"]) == (
        "John Doe <bridge@example.com>", "john.doe@example.com",
    )  # fmt: skip
    assert second.recipients == ["recipient@example.com", "cc@example.com"]
    assert (second.message["Cc"], second.message["Reply-To"]) == (
        "cc@example.com, gone@example.com", "Administration <administration@example.com>",
    )  # fmt: skip
    assert told["result"]["note"] == "taken by the mail server, which refused gone@example.com"
    [attached] = second.message.iter_attachments()
    assert attached.get_content() == b"%PDF-1.4"
    assert (refused["result"]["error"], stranger["error"]) == ("not_supported", "invalid_apikey")
