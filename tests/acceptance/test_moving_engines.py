"""`sms-bridge export` and `import` between a file and PostgreSQL: the bridge goes on where it stopped."""

import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import psycopg
import pytest

from bridge.model.message import State
from bridge.store.postgresql import backup as database
from device_drivers.virtual.world import World
from tests.acceptance.conftest import SmsBridge, Start
from tests.acceptance.test_power_cut import Serve, settled
from tests.support.empty_store import empty_store
from tests.support.postgresql import Server
from tests.support.receivers import Receiver

READY = "INFO bridge.daemon.run: ready at "
FILE, DATABASE = ("--config", "file.toml"), ("--config", "database.toml")


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def url(server: Server) -> str:
    return server.url(server.create())


@pytest.fixture
def home(tmp_path: Path, url: str) -> Path:
    """Two configurations in one home; no device sends anything."""
    for name, store in (("file", f"sqlite:///{tmp_path}/file/bridge.db"), ("database", url)):
        text = f'[http]\nport = 0\n[store]\nurl = "{store}"\ndirectory = "{tmp_path}/database"\n'
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


def test_a_bridge_moves_into_a_database_and_back(
    home: Path, sms_bridge: SmsBridge, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = start("serve", *FILE, together=True)
    bridge.says(READY)
    queued = json.loads(sms_bridge("send", "+15550150", "Hello", "--json", *FILE).out)["id"]
    bridge.stop(signal.SIGTERM)
    assert sms_bridge("export", "one.export", *FILE).code == 0
    brought = sms_bridge("import", "one.export", *DATABASE)
    assert (brought.code, brought.out.splitlines()[0]) == (
        0, "Brought in 0 accounts, 1 message (1 waiting), 0 received SMS.",
    )  # fmt: skip
    twice = sms_bridge("import", "one.export", *DATABASE)
    assert (twice.code, "already in the database (accounts: 0, messages: 1)" in twice.err) == (1, True)

    bridge = start("serve", *DATABASE, together=True)
    bridge.says(READY)
    with monkeypatch.context() as hurried:
        hurried.setattr(database, "PATIENCE", 0.0)
        early = sms_bridge("export", "two.export", *DATABASE)
        assert early.code == 1
        assert "the database is in use by another bridge" in early.err
        assert early.err.endswith("or make a backup while it runs: sms-bridge export --copy two.export\n")
        early = sms_bridge("import", "one.export", *DATABASE)
        assert "the database is in use by another bridge" in early.err
    copied = sms_bridge("backup", "backups", "--json", *DATABASE)
    assert json.loads(copied.out)["waiting"] == 1
    bridge.stop(signal.SIGTERM)

    moved = sms_bridge("export", "two.export", *DATABASE)
    assert moved.out.startswith(
        "Packed 0 accounts, 1 message (1 waiting), 0 received SMS and config.toml into two.export"
    )
    assert "sms-bridge export --take-back" in sms_bridge("serve", *DATABASE).err
    late = sms_bridge("cancel", queued, *DATABASE)
    assert (late.code, "sms-bridge export --take-back" in late.err) == (1, True), "the other bridge sends it"
    assert sms_bridge("show", queued, *DATABASE).code == 0, "what is there may be read"
    assert sms_bridge("import", "two.export", "--replace", *FILE).code == 0
    bridge = start("serve", *FILE, together=True)
    bridge.says(READY)
    assert sms_bridge("cancel", queued, *FILE).code == 0
    bridge.stop(signal.SIGTERM)


@pytest.mark.usefixtures("home")
def test_says_what_a_database_does_not_take(sms_bridge: SmsBridge) -> None:
    readable = sms_bridge("export", "x.export", "--readable", *DATABASE)
    assert (readable.code, "--readable is for a damaged file" in readable.err) == (2, True)
    nothing = sms_bridge("export", "x.export", *DATABASE)
    assert (nothing.code, "there is no store in the database yet" in nothing.err) == (1, True)
    assert sms_bridge("account", "add", "shop", *FILE).code == 0
    assert sms_bridge("export", "x.export", *FILE).code == 0
    replaced = sms_bridge("import", "x.export", "--replace", *DATABASE)
    assert (replaced.code, "name an empty database in store.url" in replaced.err) == (2, True)
    assert sms_bridge("import", "x.export", *DATABASE).code == 0
    assert sms_bridge("export", "y.export", *DATABASE).code == 0
    opened = sms_bridge("export", "--take-back", *DATABASE)
    assert opened.out.startswith("The database is open again. Import the exported file nowhere")


def test_an_import_that_is_killed_leaves_the_database_empty(
    home: Path, url: str, sms_bridge: SmsBridge, start: Start
) -> None:
    empty_store(home / "file")
    with closing(sqlite3.connect(home / "file" / "bridge.db")) as file:
        file.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
            "INSERT INTO slots SELECT 'SIM', i FROM n"
        )
        file.execute("INSERT INTO accounts (name, created_at, on_unknown) VALUES ('shop', 1, 'hold')")
        file.commit()
    assert sms_bridge("export", "one.export", *FILE).code == 0
    assert sms_bridge("account", "list", *DATABASE).code == 0, "an empty store is there"
    with psycopg.connect(url, autocommit=True) as session:
        with session.transaction():
            # written once the rows of the tables until `events` are there
            session.execute("SELECT FROM events_forgotten FOR UPDATE")
            bringing = start("import", "one.export", *DATABASE)
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
            while session.execute(waiting).fetchone() is None:
                assert bringing.process.poll() is None, "it ended before it could be killed"
            assert bringing.stop(signal.SIGKILL).code == -signal.SIGKILL
        while session.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").fetchone():
            pass  # until the server has noticed
        left = session.execute("SELECT (SELECT count(*) FROM slots), (SELECT count(*) FROM accounts)").fetchone()
        assert left == (0, 0)
    assert "sms-bridge export --take-back" in sms_bridge("serve", *FILE).err, "it is in the archive, and nowhere else"
    assert sms_bridge("import", "one.export", *DATABASE).code == 0


@pytest.mark.timeout(180)
def bridge_at(directory: Path, store: str, port: str = "/dev/no-modem-yet") -> Serve:
    """A bridge that may post to receivers of this machine."""
    directory.mkdir()
    serve = Serve(directory, port, store)
    with (directory / "config.toml").open("a") as config:
        config.write('[webhooks]\nallow_http = ["127.0.0.1"]\n')
    return serve


async def submit(http: aiohttp.ClientSession, serve: Serve, key: str, text: str) -> str:
    """Submit a message under its text as the idempotency key; returns its id."""
    body = {"to": "+15550150", "text": text}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": text}
    async with http.post(f"{serve.url}/v1/messages", json=body, headers=headers) as answer:
        answer.raise_for_status()
        found: str = (await answer.json())["id"]
        return found


async def carry(source: Serve, target: Serve, archive: Path) -> None:
    """Stop a bridge, and bring its store into the other's."""
    await source.kill(signal.SIGTERM)
    await source.command("export", str(archive))
    await target.command("import", str(archive))


@pytest.mark.timeout(180)
async def test_what_waited_is_sent_once_and_webhooks_go_on_from_their_position(tmp_path: Path, url: str) -> None:
    texts = [f"out {number}" for number in range(6)]
    async with World(tmp_path / "world", modems=1) as world, Receiver() as receiver, aiohttp.ClientSession() as http:
        first = bridge_at(tmp_path / "first", "")
        second = bridge_at(tmp_path / "second", url)
        third = bridge_at(tmp_path / "third", "", str(world.modems[0].port))
        key = json.loads(await first.command("account", "add", "shop", "--json"))["apikey"]
        await first.command("webhook", "add", "shop", receiver.url)
        await first.start()
        ids = [await submit(http, first, key, text) for text in texts]
        await receiver.has(6)
        await carry(first, second, tmp_path / "one.export")
        await second.start()
        assert await submit(http, second, key, "out 3") == ids[3], "what was asked under this key is known"
        await carry(second, third, tmp_path / "two.export")
        await third.start()
        try:
            states = await settled(http, third, key, set(texts))
            await receiver.has(12)
        finally:
            await third.kill(signal.SIGTERM)
        arrived = Counter(sms.text for number in world.customers for sms in world.network.handset(number).received)
    assert arrived == dict.fromkeys(texts, 1)
    assert set(states.values()) <= {State.SENT, State.DELIVERED}
    assert set(Counter(heard.event_id for heard in receiver.heard).values()) == {1}
