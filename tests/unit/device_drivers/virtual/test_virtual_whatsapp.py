"""The emulated Graph API is as particular as Meta's."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bridge.model.callback import Callback, Reply
from device_drivers.virtual.whatsapp.platform import APP_SECRET, NUMBER_ID, TOKEN, Whatsapp
from device_drivers.whatsapp_cloud.updates import is_signed
from tests.support.callback_site import CallbackSite
from tests.support.waiting import until

ANA = "+15550150"


@pytest.fixture
async def platform() -> AsyncIterator[Whatsapp]:
    made = Whatsapp("+15550135")
    await made.start()
    yield made
    await made.close()


async def post(
    platform: Whatsapp, body: dict[str, Any], token: str = TOKEN, number_id: str = NUMBER_ID
) -> tuple[int, dict[str, Any]]:
    """Status and answer of a POST for a message."""
    url, headers = f"{platform.url}/v25.0/{number_id}/messages", {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def text(to: str = ANA, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "hello"}, **more}


async def test_a_number_without_its_plus_gets_the_senders_country(platform: Whatsapp) -> None:
    platform.faults.always_open = True
    await post(platform, text("5550150"))
    assert [message.text for message in await platform.handset("+15550150").wait()] == ["hello"]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"token": "wrong"}, 190),
        ({"number_id": "999"}, 100),
        ({"body": {"to": ANA, "type": "text", "text": {"body": "x"}}}, 131008),
        ({"body": text("nobody")}, 100),
        ({"body": text(text={"body": "x" * 4097})}, 100),
        ({"body": text(type="template", template={"name": "none"})}, 132001),
        ({"body": text(type="template", template={"name": "note"})}, 132000),
    ],
)
async def test_what_is_wrong_is_refused_with_its_code(platform: Whatsapp, how: dict[str, Any], code: int) -> None:
    platform.faults.always_open = True
    platform.faults.templates = {"note": 1}
    status, answer = await post(platform, **{"body": text(), **how})
    assert status >= 400
    assert answer["error"]["code"] == code
    assert platform.handset(ANA).received == []


async def test_the_window_opens_when_somebody_writes_and_closes_again(platform: Whatsapp) -> None:
    assert (await post(platform, text()))[1]["error"]["code"] == 131047
    platform.handset(ANA).send("hello")
    assert (await post(platform, text()))[0] == 200
    platform.faults.window = 0
    assert (await post(platform, text()))[1]["error"]["code"] == 131047


async def test_errors_have_the_shapes_that_metas_have(platform: Whatsapp) -> None:
    platform.faults.refuse_next = [130429, 130429, 130429]
    whole = (await post(platform, text()))[1]["error"]
    platform.faults.plain_error_data = True
    plain = (await post(platform, text()))[1]["error"]
    platform.faults.plain_error_data, platform.faults.bare_errors = False, True
    bare = (await post(platform, text()))[1]["error"]
    assert whole["error_data"] == {"messaging_product": "whatsapp", "details": "Rate limit hit"}
    assert plain["error_data"] == "Rate limit hit"
    assert "error_data" not in bare


class Receiver:
    """Takes every webhook; obeys `Answering`."""

    def __init__(self) -> None:
        self.heard: list[Callback] = []

    async def answer(self, callback: Callback) -> Reply:
        self.heard.append(callback)
        return Reply(503) if len(self.heard) == 1 else Reply()


async def test_webhooks_escape_are_signed_over_these_bytes_and_come_until_they_are_taken(platform: Whatsapp) -> None:
    receiver, site = Receiver(), CallbackSite()
    site.link = receiver
    await site.start()
    platform.webhooks.url, platform.faults.retry_delay = site.url, 0.01
    platform.handset(ANA).send("Grüße")
    await until(lambda: platform.webhooks.delivered)
    first, second = receiver.heard
    await site.close()
    assert first.body == second.body
    assert b"Gr\\u00fc\\u00dfe" in first.body
    assert is_signed(first.body, first.headers["x-hub-signature-256"], APP_SECRET)
    told = json.loads(first.body)["entry"][0]["changes"][0]["value"]
    assert told["messages"][0]["from"] == ANA.lstrip("+")
