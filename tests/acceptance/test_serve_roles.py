"""`serve --role`: processes that answer callers and one with a modem, on one PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance.conftest import SmsBridge
from tests.cluster.stage import Stage, stage
from tests.support.waiting import PATIENCE, until


@pytest.fixture
async def made() -> AsyncIterator[Stage]:
    async with stage(("api-1", "api-2"), ("bridge",), modems=1) as found:
        yield found


async def got(made: Stage, process: str, path: str, key: str = "", **headers: str) -> tuple[int, Any]:
    """What one process answers."""
    headers = headers or {"Authorization": f"Bearer {key or made.key}"}
    async with made.http.get(f"{made.processes[process].url}{path}", headers=headers) as answer:
        return answer.status, await answer.json()


async def put(made: Stage, process: str, body: dict[str, str], **headers: str) -> Any:
    """Have one process accept a message."""
    headers = {"Authorization": f"Bearer {made.key}", **headers}
    async with made.http.post(f"{made.processes[process].url}/v1/messages", json=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


def test_a_role_is_for_those_who_share_a_database(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    for role in ("api", "devices"):
        config = tmp_path / "config.toml"
        config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n')
        ended = sms_bridge("serve", "--role", role, "--config", str(config))
        assert (ended.code, ended.out) == (2, "")
        assert f"--role {role} is for processes that share a database in PostgreSQL" in ended.err


async def test_callers_hear_the_same_from_any_process_and_nothing_from_one_with_devices(made: Stage) -> None:
    await _lines_are_known_with_their_bridge(made)
    await _what_one_accepts_is_sent_by_the_other_at_once(made)
    await _what_is_repeated_elsewhere_is_sent_once(made)
    await _a_bridge_with_devices_answers_probes_alone(made)
    await _commands_work_at_each(made)
    await _the_doctor_leaves_devices_to_the_bridge_that_has_them(made)
    await _links_for_owners_lead_to_a_page(made)
    await _who_signs_in_at_one_is_signed_in_at_the_other(made)
    await _who_is_revoked_at_one_is_out_at_the_other(made)
    await _requests_at_one_count_at_the_other(made)


async def _lines_are_known_with_their_bridge(made: Stage) -> None:
    async def known() -> bool:
        told = [await got(made, name, "/v1/lines") for name in made.fronts]
        return all([(line["name"], line["bridge"], line["state"]) for line in body["lines"]]
                   == [("modem0", "bridge", "ready")] for _, body in told)  # fmt: skip

    await until(known)
    status, body = await got(made, "api-1", "/readyz")
    assert (status, body["lines"]) == (200, {"ready": 1, "total": 1})


async def _what_one_accepts_is_sent_by_the_other_at_once(made: Stage) -> None:
    """Whoever is not told looks by himself, too, but half a minute later."""
    async with asyncio.timeout(100):
        for number in range(8):
            accepted = (await put(made, "api-1", {"to": made.world.customers[1], "text": f"number {number}"}))["id"]
            await _is_out(made, accepted)


async def _what_is_repeated_elsewhere_is_sent_once(made: Stage) -> None:
    body = {"to": made.world.customers[0], "text": "once"}
    both = (put(made, name, body, **{"Idempotency-Key": "k1"}) for name in made.fronts)
    first, again = await asyncio.gather(*both)
    assert first["id"] == again["id"]
    await _is_out(made, first["id"])
    await until(lambda: len(made.hook.heard) >= 2)
    handset = made.world.network.handset(made.world.customers[0])
    assert [sms.text for sms in handset.received] == [body["text"]]


async def _is_out(made: Stage, id: str) -> None:
    async def is_out() -> bool:
        return (await got(made, "api-2", f"/v1/messages/{id}"))[1]["state"] in ("sent", "delivered")

    await until(is_out)


async def _a_bridge_with_devices_answers_probes_alone(made: Stage) -> None:
    assert (await got(made, "bridge", "/livez"))[0] == 200
    assert (await got(made, "bridge", "/readyz"))[0] == 200
    assert [(await got(made, "bridge", path))[0] for path in ("/", "/v1/lines", "/getsms", "/sendsms")] == [404] * 4


async def _commands_work_at_each(made: Stage) -> None:
    for each in made.processes.values():
        assert [line["bridge"] for line in (await each.command("devices"))["lines"]] == ["bridge"]


async def _the_doctor_leaves_devices_to_the_bridge_that_has_them(made: Stage) -> None:
    """A process that runs tells its role, whatever the environment of the command says."""
    config = made.folder / "api-1" / "config.toml"
    config.write_text(f'{config.read_text()}[devices.modem0]\ndriver = "gsm_modem"\nport = "/dev/nowhere"\n')
    for command in ("check", "doctor"):
        findings = (await made.processes["api-1"].command(command))["findings"]
        told = [(each["subject"], each["message"]) for each in findings if each["subject"].startswith("devices")]
        assert told == [("devices", "left out, for a process of role api has none")]


async def _links_for_owners_lead_to_a_page(made: Stage) -> None:
    one = made.processes["api-1"]
    assert (await one.command("user", "link"))["link"].startswith(f"{one.url}/#/welcome/")
    bridge = made.processes["bridge"]
    assert (await bridge.command("user", "link"))["link"].startswith("/#/welcome/")
    config = made.folder / "bridge" / "config.toml"
    config.write_text(config.read_text().replace("[http]", '[http]\npublic_url = "https://sms.example.com/"'))
    assert (await bridge.command("user", "link"))["link"].startswith("https://sms.example.com/#/welcome/")


async def _who_signs_in_at_one_is_signed_in_at_the_other(made: Stage) -> None:
    one = made.processes["api-1"].url
    welcome = {"name": "ann", "password": "correct horse battery staple"}
    async with made.http.post(f"{one}/v1/session/welcome", json=welcome) as answer:
        assert answer.status == 201, await answer.text()
        cookie = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    made.http.cookie_jar.clear()
    _, body = await got(made, "api-2", "/v1/session", Cookie=f"sms_bridge_session={cookie}")
    assert body["user"]["name"] == "ann"


async def _who_is_revoked_at_one_is_out_at_the_other(made: Stage) -> None:
    """Also one who only listens."""
    one, mine = made.fronts["api-1"], {"Authorization": f"Bearer {made.key}"}
    key = (await made.tell("POST", "/v1/keys", {"name": "till", "scopes": ["read", "inbox"]}))["credentials"]["apikey"]
    assert (await got(made, "api-2", "/v1/me", key))[0] == 200
    listening = {"Authorization": f"Bearer {key}"}
    async with made.http.get(f"{made.fronts['api-2'].url}/v1/events", headers=listening) as stream:
        assert stream.status == 200
        async with made.http.delete(f"{one.url}/v1/keys/till", headers=mine) as answer:
            assert answer.status == 204
        async with asyncio.timeout(PATIENCE):  # a second, on a machine that has the time
            with suppress(aiohttp.ClientError):
                async for _ in stream.content:
                    pass
        assert (await got(made, "api-2", "/v1/me", key))[0] == 401


async def _requests_at_one_count_at_the_other(made: Stage) -> None:
    key = (await made.fronts["api-1"].command("account", "add", "busy"))["apikey"]
    await made.fronts["api-1"].command("account", "set", "busy", "--requests-per-minute", "60")
    while (await got(made, "api-1", "/v1/me", key))[0] == 200:
        pass
    let_in = 0
    while (await got(made, "api-2", "/v1/me", key))[0] == 200:
        let_in += 1
        await asyncio.sleep(0.1)  # told twice a second
    assert let_in < 60
