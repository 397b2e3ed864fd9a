"""`sms-bridge alarm test` against a real mail server and receiver, and `sms-bridge loopback` on the demo."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import DEADLINE, Ended, SmsBridge, Start
from tests.support.receivers import Receiver
from tests.support.smtp_site import PASSWORD, USER, authenticated, certificate, mail_server

Run = Callable[..., Awaitable[Ended]]


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run `sms-bridge …` in a process of its own while servers of this one answer it."""

    async def to_its_end(*arguments: str, **variables: str) -> Ended:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", *arguments, cwd=tmp_path, env=environment | variables,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    return to_its_end


def configured(folder: Path, *settings: str) -> str:
    """A configuration with these lines in `[alarm]`."""
    file = folder / "config.toml"
    file.write_text("\n".join(["[store]", f'url = "sqlite:///{folder}/bridge.db"', "[alarm]", *settings, ""]))
    return str(file)


@pytest.mark.needs("openssl")
async def test_a_trial_goes_out_on_every_channel_as_an_alarm_would(run: Run, tmp_path: Path) -> None:
    context, known = certificate(tmp_path)
    login = {"authenticator": authenticated, "auth_required": True, "tls_context": context, "require_starttls": True}
    async with Receiver() as receiver, mail_server(how=login) as server:
        file = configured(
            tmp_path, f'webhook = "{receiver.url}"', 'mail_to = ["me@example.com"]', 'smtp_host = "localhost"',
            f"smtp_port = {server.port}", f'smtp_user = "{USER}"', f'smtp_password = "{PASSWORD}"',
        )  # fmt: skip
        ended = await run("alarm", "test", "--config", file, SSL_CERT_FILE=str(known))
        assert ended == Ended(
            0,
            "ok    webhook at 127.0.0.1: it was taken\nok    mail to me@example.com by localhost: it was taken\n",
            "",
        )
        (mail,) = server.taken
        assert (mail.subject, mail.secured, mail.user) == ("A trial alarm", True, USER)
        assert "nothing is wrong" in mail.text
        (heard,) = receiver.heard
        assert (heard.json["type"], heard.json["data"]["alarm"]) == ("alarm.raised", "trial")
        assert "X-SMSMobileAPI-Signature" not in heard.headers


@pytest.mark.needs("openssl")
async def test_says_what_is_wrong_with_each_channel(run: Run, tmp_path: Path) -> None:
    context, known = certificate(tmp_path)
    how = {"authenticator": authenticated, "tls_context": context}
    async with mail_server(how=how) as server:
        file = configured(
            tmp_path, 'webhook = "http://127.0.0.1:9/receivers-own-token"', 'mail_to = ["me@example.com"]',
            'smtp_host = "localhost"', f"smtp_port = {server.port}", f'smtp_user = "{USER}"',
            'smtp_password = "not-this-one"',
        )  # fmt: skip
        ended = await run("alarm", "test", "--config", file, SSL_CERT_FILE=str(known))
    assert ended.code == 1
    first, second = ended.out.splitlines()
    assert first == "FAIL  webhook at 127.0.0.1: cannot connect: Connection refused"
    assert second.startswith("FAIL  mail to me@example.com by localhost: localhost does not accept this user and passw")
    assert ended.err == "sms-bridge: not every channel works\n"
    assert "not-this-one" not in ended.out + ended.err
    assert "receivers-own-token" not in ended.out + ended.err


def test_says_when_nobody_would_be_told(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    ended = sms_bridge("alarm", "test", "--config", configured(tmp_path))
    assert (ended.code, ended.out) == (1, "")
    assert "set webhook, or mail_to and smtp_host, in [alarm]" in ended.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (['mail_to = ["me@example.com"]'], 'alarm.smtp_host: is missing: mail_to needs a mail server, such as "smtp'),
        (['mail_to = ["me@example.com"]', 'smtp_host = "x"'], "alarm.mail_from: is missing: a mail needs a sender"),
        (['smtp_host = "x"'], "alarm.mail_to: is missing: smtp_host is of no use without it"),
        (['mail_to = ["me"]'], 'alarm.mail_to: must be a mail address such as "me@example.com", not "me"'),
        (['smtp_user = "x"'], "alarm.smtp_password: is missing: smtp_user needs one"),
        (['smtp_password = "x"'], "alarm.smtp_user: is missing: smtp_password is of no use without it"),
        (['webhook_secret = "x"'], "alarm.webhook: is missing: webhook_secret is of no use without it"),
        (
            ['smtp_host = "x"', 'smtp_user = "a@x"', 'smtp_password = "x"', 'smtp_security = "none"'],
            'alarm.smtp_security: must be "starttls" or "tls": with "none" anybody on the way could read the password',
        ),
        (["[loopback]", "deadline = 0"], "loopback.deadline: must be more than 0, not 0"),
    ],
)
def test_says_what_is_missing(sms_bridge: SmsBridge, tmp_path: Path, settings: list[str], said: str) -> None:
    ended = sms_bridge("check", "--config", configured(tmp_path, *settings))
    assert ended.code == 2
    assert said in ended.out


def test_a_loop_back_over_a_line_that_is_not_configured_is_a_mistake(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    lines = ["[loopback]", 'from_line = "shop"', "[devices.office]", 'driver = "gsm_modem"', 'port = "/dev/null"']
    ended = sms_bridge("check", "--config", configured(tmp_path, *lines))
    assert 'loopback.from_line: there is no device "shop"; there are: office' in ended.out


def test_an_sms_to_oneself_says_how_long_it_took(start: Start, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "demo"))
    demo = start("demo", "--http", "127.0.0.1:0", *data, "--json")
    begun = json.loads(demo.says())
    customer = begun["numbers"]["customers"][0]
    assert sms_bridge("send", customer, "once it is ready", "--line", "modem0", "--wait", *data).code == 0
    there = sms_bridge("loopback", "--from", "modem0", "--to", "modem0", *data)
    assert (there.code, there.err) == (0, "")
    first, second = there.out.splitlines()
    assert first == "modem0 → modem0: on its way"
    assert second.startswith("modem0 → modem0: arrived after ")
    (told,) = _json(sms_bridge("loopback", "--from", "modem0", "--to", "modem0", "--json", *data))
    assert told["name"] == "loopback.arrived"
    assert told["data"]["seconds"] >= 0

    number = begun["numbers"]["lines"]["modem0"]
    refused = sms_bridge("loopback", "--to", "nowhere", *data)
    assert (refused.code, "there is no line 'nowhere'" in refused.err) == (1, True)
    sms_bridge("sim", "rules", "--refuse", f"{number}=1", *data)
    lost = sms_bridge("loopback", "--from", "modem0", "--to", "modem0", *data)
    assert lost.code == 1
    assert "modem0 → modem0: lost: it is failed: " in lost.out
    assert "sms-bridge doctor" in lost.err

    newest, *others = sms_bridge("loopback", "--history", *data).out.splitlines()
    assert "modem0 → modem0: lost: it is failed: " in newest
    assert all("modem0 → modem0: arrived after " in each for each in others)
    assert [each["reason"] == "" for each in _json(sms_bridge("loopback", "--history", "--json", *data))] == [
        False, True, True,
    ]  # fmt: skip
    assert sms_bridge("alarm", "list", "--line", "modem0", *data).out == "No alarm was raised about modem0 yet.\n"
    assert sms_bridge("loopback", "--history", "--to", "phone0", *data).out == (
        "No loop-back went from phone0 or to it in the last week.\n"
    )
    # what happened is of most interest when the bridge does not run
    demo.stop()
    assert newest in sms_bridge("loopback", "--history", *data).out
    assert sms_bridge("alarm", "list", *data).out == "No alarm was raised yet.\n"


def _json(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]
