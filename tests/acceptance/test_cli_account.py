"""`sms-bridge account …` on a real store file."""

import asyncio
import json
import os
from pathlib import Path

from bridge.accounts import credentials
from bridge.ports.clock import SystemClock
from bridge.store import open_store
from tests.acceptance.conftest import SmsBridge, rows


def test_prints_every_credential_as_one_json_line(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge_process("account", "add", "shop", "--json", "--data", str(tmp_path))
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert list(json.loads(done.out)) == [
        "account",
        "apikey",
        "client_id",
        "client_secret",
        "v1_account",
        "v1_password",
        "api_key",
        "api_secret",
        "app_id",
        "app_secret",
        "webhook_secret",
    ]


async def test_what_was_printed_opens_the_account(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    printed = json.loads(sms_bridge_process("account", "add", "shop", "--json", "--data", str(tmp_path)).out)
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    try:
        for credential in credentials.kept(printed):
            found = await store.account_for(credential.kind, credential.ident, credential.digest, 1)
            assert found is not None
            assert (found.name, found.webhook_secret) == ("shop", printed["webhook_secret"])
    finally:
        await store.close()


def test_no_printed_secret_but_the_webhooks_is_on_disk(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    printed = json.loads(sms_bridge("account", "add", "shop", "--json", "--data", str(tmp_path)).out)
    dump = b"".join(path.read_bytes() for path in tmp_path.glob("bridge.db*")).decode("utf-8", "replace")
    secrets = ["apikey", "client_secret", "api_secret", "v1_password", "app_secret", "webhook_secret"]
    assert [name for name in secrets if printed[name] in dump] == ["webhook_secret"]


def test_prints_credentials_for_people_with_a_heading_each(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("account", "add", "shop", "--data", str(tmp_path))
    assert "shown only once" in done.out
    assert all(f"  {key} " in done.out for kind in credentials.KINDS.values() for key in kind.keys)


def test_says_when_a_name_is_taken(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    sms_bridge_process("account", "add", "shop", "--data", str(tmp_path))
    done = sms_bridge_process("account", "add", "shop", "--data", str(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "sms-bridge: there is an account 'shop' already; new credentials for it: sms-bridge account rotate shop KIND\n"
    )


def test_says_what_a_name_may_be(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("account", "add", "my shop", "--data", str(tmp_path))
    assert done.code == 1
    assert done.err.startswith('sms-bridge: "my shop" cannot be a name here: use letters')


def test_lists_disables_and_enables_accounts(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    assert "There is no account yet" in sms_bridge("account", "list", *data).out
    sms_bridge("account", "add", "shop", *data)
    sms_bridge("account", "add", "clinic", *data)
    assert sms_bridge("account", "disable", "shop", *data).out == (
        "The account shop is disabled. Its messages that wait are still sent, and its webhooks go on.\n"
    )
    found = rows(sms_bridge("account", "list", "--json", *data))
    assert [(each["account"], each["disabled"]) for each in found] == [("clinic", False), ("shop", True)]
    assert sms_bridge("account", "enable", "shop", *data).code == 0
    assert "disabled" not in sms_bridge("account", "list", *data).out


def test_says_when_there_is_no_such_account(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("account", "disable", "shop", "--data", str(tmp_path))
    assert (done.code, done.err) == (
        1,
        "sms-bridge: there is no account 'shop'; make one with: sms-bridge account add NAME\n",
    )


async def test_a_rotated_key_replaces_the_old_one(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    data = ("--json", "--data", str(tmp_path))
    old = json.loads(sms_bridge_process("account", "add", "shop", *data).out)
    new = json.loads(sms_bridge_process("account", "rotate", "shop", "apikey", *data).out)
    assert list(new) == ["account", "apikey"]
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    try:
        known = [
            await store.account_for("apikey", "", credentials.digest(each["apikey"]), SystemClock().now()) is not None
            for each in (old, new)
        ]
    finally:
        await store.close()
    assert known == [False, True]


def test_a_rotated_webhook_secret_signs_for_new_endpoints(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--json", "--data", str(tmp_path))
    sms_bridge("account", "add", "shop", *data)
    rotated = json.loads(sms_bridge("account", "rotate", "shop", "webhook", *data).out)["webhook_secret"]
    endpoint = json.loads(sms_bridge("webhook", "add", "shop", "https://shop.example.com", *data).out)
    assert endpoint["secret"] == rotated


def test_says_which_kinds_of_credentials_there_are(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("account", "rotate", "shop", "password")
    assert done.code == 2
    assert "'apikey', 'client', 'v1', 'template', 'zhenzi', 'webhook'" in done.err


def test_uses_the_store_of_the_configuration(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/store/sms.db"\n')
    assert sms_bridge("account", "add", "shop", "--config", "config.toml").code == 0
    assert (tmp_path / "store" / "sms.db").exists()


def test_without_any_bridge_says_where_to_begin(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("account", "add", "shop")
    assert done.code == 2
    assert done.err == (
        "sms-bridge: there is no bridge here yet (looked for $SMS_BRIDGE_CONFIG, ./config.toml, "
        "/etc/sms-bridge/config.toml and a demo); "
        "try it out with: sms-bridge demo. Or write a configuration: sms-bridge init\n"
    )


def test_the_environment_alone_can_name_the_store(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("account", "add", "shop", SMS_BRIDGE__STORE__URL="sqlite:///here.db")
    assert done.code == 0
    assert (tmp_path / "here.db").exists()


def test_a_new_account_starts_with_the_policy_of_the_configuration(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[store]\nurl = "sqlite:///sms.db"\n[sending]\non_unknown = "resend"\n')
    config = ("--config", "config.toml")
    sms_bridge("account", "add", "shop", *config)
    sms_bridge("account", "add", "clinic", "--on-unknown", "fail", *config)
    found = rows(sms_bridge("account", "list", "--json", *config))
    assert {each["account"]: each["on_unknown"] for each in found} == {"clinic": "fail", "shop": "resend"}


def test_root_makes_the_store_for_the_user_whose_directory_it_is(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    directory = tmp_path / "service"
    directory.mkdir()
    if os.geteuid() == 0:  # anybody else owns what they make in any case
        os.chown(directory, 12345, 12345)
    assert sms_bridge("account", "add", "shop", "--data", str(directory)).code == 0
    assert {file.stat().st_uid for file in directory.iterdir()} == {directory.stat().st_uid}


def test_an_operator_account_is_one_after_a_restart(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    made = json.loads(sms_bridge("account", "add", "ops", "--operator", "--json", *data).out)
    assert made["apikey"]
    key = sms_bridge("key", "add", "ops", "--name", "prometheus", "--scope", "read", "--expires", "90d", *data)
    assert key.code == 0, key.err

    async def find() -> bool:
        store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
        try:
            found = await store.account_for("apikey", "", credentials.digest(made["apikey"]), SystemClock().now())
        finally:
            await store.close()
        return found is not None and found.operator

    assert asyncio.run(find())
