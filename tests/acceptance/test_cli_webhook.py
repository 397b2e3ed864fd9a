"""`sms-bridge webhook …` on a real store file."""

import asyncio
import json
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bridge.model.event import LINE_CHANGED, NAMES, Event
from bridge.model.webhook import DeliveryState
from bridge.store import open_store
from tests.acceptance.conftest import SmsBridge, Start, rows

URL = "https://shop.example.com/sms"


@pytest.fixture
def data(sms_bridge: SmsBridge, tmp_path: Path) -> tuple[str, str]:
    """The options that name a store with the account `shop` in it."""
    options = ("--data", str(tmp_path))
    assert sms_bridge("account", "add", "shop", *options).code == 0
    return options


async def owe_and_give_up(directory: Path) -> str:
    """Let an event be owed to the webhook, and its delivery be given up; its id."""
    store = await open_store(f"sqlite:///{directory}/bridge.db")
    try:
        await store.note(Event(0, "11111111-1111-4111-8111-111111111111", LINE_CHANGED, "", 1, "office", {}))
        [(delivery, _)] = await store.owed((await store.endpoints())[0].id, 10)
        for attempts in range(1, 10):
            state = DeliveryState.DEAD if attempts == 9 else DeliveryState.OWED
            await store.record_attempts([replace(delivery, state=state, attempts=attempts, error="refused")])
        return delivery.id
    finally:
        await store.close()


def test_adds_lists_and_removes(sms_bridge: SmsBridge, data: tuple[str, str]) -> None:
    assert "There is no webhook yet" in sms_bridge("webhook", "list", *data).out
    made = json.loads(
        sms_bridge(
            "webhook",
            "add",
            "shop",
            URL,
            "--format",
            "v1",
            "--events",
            "message.sent,message.received",
            "--json",
            *data,
        ).out
    )
    assert made["secret"].startswith("whsec_")
    [listed] = rows(sms_bridge("webhook", "list", "--json", *data))
    assert listed == {key: value for key, value in made.items() if key != "secret"}
    assert (listed["account"], listed["url"], listed["format"]) == ("shop", URL, "v1")
    assert listed["events"] == ["message.sent", "message.received"]
    removed = sms_bridge("webhook", "remove", made["id"], *data).out
    assert removed == f"The webhook {made['id']} is removed. What still waited for it is dropped.\n"
    assert rows(sms_bridge("webhook", "list", "--json", *data)) == []


def test_signs_with_the_secret_that_the_account_was_given(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    options = ("--json", "--data", str(tmp_path))
    account = json.loads(sms_bridge("account", "add", "clinic", *options).out)
    made = json.loads(sms_bridge("webhook", "add", "clinic", URL, *options).out)
    assert made["secret"] == account["webhook_secret"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ("add", "shop", URL, "--events", "message.snt"),
            2,
            'there is no event "message.snt"; did you mean message.sent?',
        ),
        (("add", "shop", "shop.lan"), 1, "the URL must begin with https:// or http://"),
        (("add", "clinic", URL), 1, "there is no account 'clinic'; there are: shop"),
        (("remove", "7"), 1, "there is no webhook endpoint '7'; see: sms-bridge webhook list"),
        (("redeliver",), 2, "say which: ids, or for all that were given up: --state dead"),
    ],
    ids=["event", "address", "account", "id", "everything"],
)
def test_says_what_is_wrong(
    sms_bridge: SmsBridge, data: tuple[str, str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = sms_bridge("webhook", *arguments, *data)
    assert (done.code, done.err) == (code, f"sms-bridge: {sentence}\n")


def test_shows_what_was_given_up_and_owes_it_again(
    sms_bridge: SmsBridge, data: tuple[str, str], tmp_path: Path
) -> None:
    sms_bridge("webhook", "add", "shop", URL, *data)
    given_up = asyncio.run(owe_and_give_up(tmp_path))
    [dead] = [
        json.loads(line)
        for line in sms_bridge("webhook", "ledger", "--state", "dead", "--json", *data).out.splitlines()
    ]
    assert (dead["id"], dead["event"], dead["error"]) == (given_up, "line.changed", "refused")
    assert sms_bridge("webhook", "redeliver", "--state", "dead", *data).out == "1 delivery requeued.\n"
    assert sms_bridge("webhook", "ledger", "--state", "dead", "--json", *data).out == ""
    table = sms_bridge("webhook", "ledger", *data).out.splitlines()
    assert table[0].split() == ["id", "event", "state", "tries", "status", "due", "error"]
    assert table[1].split()[:4] == [given_up, "line.changed", "owed", "0"]


def test_adds_a_place_for_status_reports_that_are_tried_three_times(
    sms_bridge: SmsBridge, data: tuple[str, str]
) -> None:
    made = json.loads(sms_bridge("webhook", "add", "shop", URL, "--format", "zhenzi", "--json", *data).out)
    assert (made["format"], made["max_attempts"]) == ("zhenzi", 3)
    assert sms_bridge("webhook", "add", "shop", URL, "--format", "v9", *data).code == 2


@pytest.mark.parametrize("status", [200, 500])
def test_tries_a_webhook_through_the_running_bridge(
    sms_bridge: SmsBridge, start: Start, tmp_path: Path, status: int
) -> None:
    heard: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    assert sms_bridge("account", "add", "shop").code == 0
    start("serve", "--config", "config.toml", together=True).says("INFO bridge.daemon.run: ready")
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        added = sms_bridge("webhook", "add", "shop", f"http://127.0.0.1:{server.server_port}/", "--format", "v2")
        (command,) = re.findall(r"^Try it: sms-bridge (webhook test \w+)$", added.out, re.MULTILINE)
        assert "X-SMSMobileAPI-Signature" in added.out
        done = sms_bridge(*command.split())
        server.shutdown()
    assert [each["data"]["message"] for each in heard] == ["This is a test of your webhook by sms-bridge."]
    if status == 200:
        assert (done.code, done.out.startswith("The receiver took it: HTTP 200 after ")) == (0, True)
    else:
        assert (done.code, "the receiver did not take it" in done.err) == (1, True)
    assert json.loads(sms_bridge("webhook", "ledger", "--json").out or "[]") == []


def test_an_unsigned_format_is_not_said_to_be_signed(sms_bridge: SmsBridge, data: tuple[str, str]) -> None:
    added = sms_bridge("webhook", "add", "shop", URL, "--format", "v1", *data)
    assert "The format v1 is not signed" in added.out
    assert "whsec_" not in added.out


def test_help_names_every_event(sms_bridge: SmsBridge) -> None:
    told = sms_bridge("webhook", "add", "--help").out
    assert [name for name in NAMES if name not in told] == []
