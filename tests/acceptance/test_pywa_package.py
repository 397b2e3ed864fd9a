"""A WhatsApp library of others, as it is on PyPI, against the emulated Graph API: only its base URL is changed.

So the emulation was not written to this bridge's reading of Meta's pages alone.
"""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.model.callback import Callback, Reply
from device_drivers.virtual.whatsapp.platform import APP_SECRET, NUMBER_ID, TOKEN, VERIFY_TOKEN, Whatsapp
from tests.support import foreign
from tests.support.callback_site import CallbackSite
from tests.support.waiting import until

VERSION = "4.5.0"
ANA = "+15550150"

SCRIPT = """
import base64, json, sys
import httpx
from pywa import WhatsApp, errors, types
from pywa.types.templates import BodyText, TemplateLanguage

base, number_id, token, secret, verify = sys.argv[1:]
session = httpx.Client(timeout=60)
wa = WhatsApp(phone_id=number_id, token=token, session=session, server=None, app_secret=secret, verify_token=verify)
session.base_url = base
told = []

@wa.on_message
def hear(_, message):
    told.append(["message", message.from_user.wa_id, message.text, message.type.value])

@wa.on_message_status
def know(_, status):
    told.append(["status", status.status.value, status.tracker, status.error.code if status.error else 0])

for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "send":
        try:
            sent = wa.send_message(to=asked["to"], text=asked["text"], tracker="theirs")
            print(json.dumps({"id": sent.id}), flush=True)
        except errors.WhatsAppError as error:
            print(json.dumps({"error": type(error).__name__, "code": error.code}), flush=True)
    else:
        body = base64.b64decode(asked["body"])
        refused = wa.webhook_update_validator(body, asked["signature"])
        answer = refused or wa.webhook_update_handler(body)
        print(json.dumps({"status": answer[1], "told": told}), flush=True)
"""


@pytest.fixture(scope="session")
def package(request: pytest.FixtureRequest) -> Path:
    """The package in a folder of its own."""
    return foreign.from_pypi(request.config.cache, f"pywa=={VERSION}")


class Receiver:
    """Takes every webhook; obeys `Answering`."""

    def __init__(self) -> None:
        self.heard: list[Callback] = []

    async def answer(self, callback: Callback) -> Reply:
        self.heard.append(callback)
        return Reply()


class Library:
    """The package in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **asked: str) -> Any:
        """One call, and what it gave."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        async with asyncio.timeout(60):
            return json.loads(await self._process.stdout.readline())

    async def hear(self, callback: Callback) -> Any:
        """Hand it a webhook."""
        body, signature = base64.b64encode(callback.body).decode(), callback.headers["x-hub-signature-256"]
        return await self.ask(do="hear", body=body, signature=signature)


@pytest.fixture
async def platform() -> AsyncIterator[Whatsapp]:
    made = Whatsapp("+15550135")
    made.faults.always_open = True
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def library(package: Path, platform: Whatsapp) -> AsyncIterator[Library]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", SCRIPT, f"{platform.url}/v25.0", NUMBER_ID, TOKEN, APP_SECRET, VERIFY_TOKEN,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    yield Library(process)
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(60):
        assert await process.wait() == 0


async def test_sends_through_it_and_hears_refusals(library: Library, platform: Whatsapp) -> None:
    sent = await library.ask(do="send", to=ANA, text="from a library")
    assert sent["id"].startswith("wamid.")
    assert [message.text for message in await platform.handset(ANA).wait()] == ["from a library"]
    platform.faults.refuse_next = [131047, 130429, 190]
    answers = [await library.ask(do="send", to=ANA, text="again") for _ in range(3)]
    assert [answer["code"] for answer in answers] == [131047, 130429, 190]


async def test_takes_its_webhooks_and_no_others(library: Library, platform: Whatsapp) -> None:
    receiver, site = Receiver(), CallbackSite()
    site.link = receiver
    await site.start()
    platform.webhooks.url = site.url
    platform.faults.statuses = ["sent"]
    try:
        await library.ask(do="send", to=ANA, text="hello")
        platform.handset(ANA).send("Grüße")
        await until(lambda: len(receiver.heard) == 2)
    finally:
        await site.close()
    for callback in receiver.heard:
        answer = await library.hear(callback)
        assert answer["status"] == 200
    assert sorted(answer["told"]) == [["message", ANA.lstrip("+"), "Grüße", "text"], ["status", "sent", "theirs", 0]]
    forged = Callback("POST", headers=receiver.heard[0].headers, body=receiver.heard[0].body + b" ")
    assert (await library.hear(forged))["status"] == 403
