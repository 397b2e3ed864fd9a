"""`sms-bridge key …` on a real store file, and what the trail says of it."""

import json
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from bridge.accounts import credentials
from bridge.model.scope import Scope
from bridge.ports.clock import SystemClock
from bridge.store import open_store
from tests.acceptance.conftest import SmsBridge, Start, rows

DAY = 86_400_000


def add(sms_bridge: SmsBridge, folder: Path, *more: str, name: str = "crm") -> str:
    data = ("--data", str(folder))
    sms_bridge("account", "add", "shop", *data)
    return sms_bridge("key", "add", "shop", "--name", name, "--scope", "send", *more, *data).out


async def test_prints_a_key_once_that_may_do_what_it_says(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    made = json.loads(add(sms_bridge_process, tmp_path, "--scope", "read", "--expires", "90d", "--json"))
    key = made["credentials"]["apikey"]
    assert (made["account"], made["name"], made["kind"], made["scopes"]) == ("shop", "crm", "apikey", ["send", "read"])
    assert made["hint"] == key[:6]
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db")
    try:
        found = await store.account_for("apikey", "", credentials.digest(key), SystemClock().now())
    finally:
        await store.close()
    assert found is not None
    assert (found.name, found.grant.scopes) == ("shop", {Scope.SEND, Scope.READ})
    assert 89 * DAY < found.grant.expires_at - SystemClock().now() <= 90 * DAY


def test_says_what_it_is_for_and_until_when(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    told = add(sms_bridge, tmp_path, "--expires", "2099-06-30")
    assert told.startswith("The key crm of shop may send, until 2099-06-30 00:00:00.\nIt is shown only once")
    assert "apikey" in told
    told = add(sms_bridge, tmp_path, "--kind", "client", name="oauth")
    assert "may send, without an expiry." in told
    assert "client_id" in told
    assert "client_secret" in told


def test_lists_keys_without_showing_them(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    assert sms_bridge("key", "list", *data).out.startswith("There is no key yet. Make one with: sms-bridge key add")
    key = json.loads(add(sms_bridge, tmp_path, "--json"))["credentials"]["apikey"]
    client = json.loads(add(sms_bridge, tmp_path, "--kind", "client", "--json", name="oauth"))["credentials"]
    for out in (sms_bridge("key", "list", "shop", *data).out, sms_bridge("key", "list", "--json", *data).out):
        assert key[:6] in out
        assert client["client_id"] in out
        assert key not in out
        assert client["client_secret"] not in out
    heading, *rows = sms_bridge("key", "list", "shop", *data).out.splitlines()
    assert heading.split() == ["account", "key", "kind", "begins", "scopes", "created", "expires", "last", "used"]
    assert [row.split()[:3] for row in rows] == [["shop", "crm", "apikey"], ["shop", "oauth", "client"]]
    assert [row.split()[-2:] for row in rows] == [["never", "never"]] * 2


def test_a_revoked_key_is_gone(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    add(sms_bridge, tmp_path)
    assert sms_bridge("key", "revoke", "shop", "crm", *data).out == "The key crm of shop is revoked.\n"
    assert rows(sms_bridge("key", "list", "--json", *data)) == []
    done = sms_bridge("key", "revoke", "shop", "crm", *data)
    assert (done.code, done.err) == (
        1,
        "sms-bridge: the account shop has no key 'crm'; see: sms-bridge key list shop\n",
    )


def test_says_what_is_wrong_with_a_key_and_makes_none(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    add(sms_bridge, tmp_path)
    wrong = {
        ("shop", "--name", "crm", "--scope", "send"): "has a key 'crm': revoke it, or choose another name",
        ("shop", "--name", "a b", "--scope", "send"): "cannot be a key's name",
        ("shop", "--name", "x", "--scope", "send", "--expires", "soon"): "--expires must be such as 12h, 90d, 8w or",
        ("shop", "--name", "x", "--scope", "send", "--expires", "2001-01-01"): "would have expired already",
        ("shop", "--name", "x", "--scope", "everything"): "'send', 'read', 'inbox', 'webhooks', 'admin'",
        ("shop", "--name", "x"): "Missing option '--scope'",
        ("nobody", "--name", "x", "--scope", "send"): "there is no account 'nobody'",
        ("operator", "--name", "x", "--scope", "send"): "the command line's own",
    }
    for arguments, told in wrong.items():
        done = sms_bridge("key", "add", *arguments, *data)
        assert done.code in (1, 2)
        assert told in done.err, done.err
    assert len(rows(sms_bridge("key", "list", "--json", *data))) == 1


def test_what_the_command_line_does_about_accounts_and_keys_is_in_the_trail(
    sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path))
    add(sms_bridge, tmp_path, "--expires", "2099-06-30")
    sms_bridge("key", "revoke", "shop", "crm", *data)
    rows = [json.loads(line) for line in sms_bridge("account", "audit", "--json", *data).out.splitlines()]
    assert [(row["who"], row["what"], row["account"]) for row in rows] == [
        ("command line", "revoke_key", "shop"),
        ("command line", "add_key", "shop"),
        ("command line", "add_account", "shop"),
    ]
    assert rows[1]["detail"].startswith("crm, apikey, send, until 2099-06-")


def test_no_part_of_a_secret_but_its_beginning_is_on_disk(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    made = [
        json.loads(add(sms_bridge, tmp_path, "--kind", kind, "--json", name=kind))["credentials"]
        for kind in ("apikey", "client", "template", "v1", "zhenzi")
    ]
    dump = b"".join(path.read_bytes() for path in tmp_path.glob("bridge.db*")).decode("utf-8", "replace")
    secrets = [next(reversed(printed.values())) for printed in made]
    assert not [secret for secret in secrets if secret[:7] in dump]


def test_revoking_a_key_ends_what_it_hears_of_a_running_bridge(
    sms_bridge: SmsBridge, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f'[http]\nport = 0\n[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    config, ready = ("--config", "config.toml"), "INFO bridge.daemon.run: ready at "
    url = urlsplit(start("serve", *config, together=True).says(ready).removeprefix(ready))
    sms_bridge("account", "add", "shop", *config)
    scopes = ("--scope", "read", "--scope", "inbox")
    made = json.loads(sms_bridge("key", "add", "shop", "--name", "screen", *scopes, "--json", *config).out)
    with closing(HTTPConnection(url.hostname or "", url.port, timeout=30)) as http:
        http.request("GET", "/v1/events", headers={"X-Api-Key": made["credentials"]["apikey"]})
        stream = http.getresponse()
        assert stream.readline() == b": listening\n"
        assert sms_bridge("key", "revoke", "shop", "screen", *config).code == 0
        began = time.monotonic()
        with suppress(ConnectionError, HTTPException):
            while stream.readline():
                pass
        assert time.monotonic() - began < 13.0  # a second, and what a busy machine takes; the next heartbeat is at 15
