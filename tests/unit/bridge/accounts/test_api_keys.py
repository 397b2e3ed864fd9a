"""Which keys somebody should hear of, and that the log says so."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.accounts.api_keys import ending
from bridge.bus import Bus
from bridge.model.account import Account, Author
from bridge.model.scope import READ, SEND, Key
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential
from bridge.scheduler import Scheduler
from bridge.store import open_store
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store
from tests.support.waiting import until

DAY = 86_400_000
CRM = Key("shop", "crm", "client", "abc", SEND | READ, START, START + 2 * DAY)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store(empty_store(tmp_path))
    await store.add_account(Account("shop", START), [])
    yield store
    await store.close()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (7 * DAY, "expires in 7 days"),
        (2 * DAY - 1, "expires in 1 day"),
        (DAY - 1, "expires within a day"),
        (0, "has expired"),
        (-90 * DAY, "has expired"),
    ],
)
def test_says_when_a_key_ends(left: int, words: str) -> None:
    (found,) = ending([replace(CRM, expires_at=START + left)], START)
    assert (found.level, found.subject, found.message) == ("warn", "key crm of shop", words)


@pytest.mark.parametrize("expires_at", [0, START + 7 * DAY + 1])
def test_says_nothing_of_keys_that_have_time(expires_at: int) -> None:
    assert ending([replace(CRM, expires_at=expires_at)], START) == []


def test_names_the_command_that_mends_it() -> None:
    assert ending([CRM], START)[0].remedy == (
        "sms-bridge key add shop --name crm-next --kind client --scope send --scope read --expires 90d"
    )
    assert ending([CRM], CRM.expires_at)[0].remedy == "sms-bridge key revoke shop crm"


async def test_the_log_warns_of_keys_that_end_soon(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    for name, days in (("crm", 2), ("till", 90)):
        credential = Credential("apikey", "", name, START + days * DAY, name, SEND, START, name)
        await store.add_key("shop", credential, 9, Author("test", START))
    scheduler = Scheduler(store, Bus(), FakeClock(), partial_after_ms=1000)
    with caplog.at_level(logging.WARNING):
        await scheduler.start()
        await scheduler.take_up()
        await until(lambda: caplog.records)
        await scheduler.close()
    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        "the key crm of shop expires in 2 days"
    ]
