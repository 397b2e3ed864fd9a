"""What is on disk of an endpoint after each change, and in the audit trail."""

from dataclasses import replace

import pytest

from bridge.errors import NoSuchThing, NotPossible
from bridge.model.webhook import Endpoint, EndpointChange
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import BY, NOW, SHOP

URL = "https://user:pass@hooks.example/path/with-a-secret?token=t"
HOOK = Endpoint("e1", "shop", URL, events=("message.received",), secret="old", created_at=NOW)


async def trail(store: SqliteStore) -> list[tuple[str, str, str]]:
    """Oldest first: who, what, detail."""
    return [(row.who, row.what, row.detail) for row in reversed((await store.audit("shop")).rows)]


async def test_every_change_is_in_the_trail_and_none_of_its_secrets(store: SqliteStore) -> None:
    await store.add_endpoint(HOOK, BY)
    await store.change_endpoint("shop", "e1", EndpointChange(paused=True, events=("*",)), BY)
    await store.begin_rotation("", "e1", "new", BY)
    await store.finish_rotation("shop", "e1", BY)
    await store.pause_endpoint("e1", HOOK.url, "the receiver answered 410 Gone", NOW)  # paused already
    await store.change_endpoint("", "e1", EndpointChange(url="mailto:a@b.example", paused=False, secret="third"), BY)
    await store.pause_endpoint("e1", HOOK.url, "the old place answered 410 Gone", NOW)
    await store.pause_endpoint("e1", "mailto:a@b.example", "the receiver answered 410 Gone", NOW)
    await store.remove_endpoint("shop", "e1", BY)
    assert await trail(store) == [
        ("command line", "add_endpoint", "e1, v2 to hooks.example"),
        ("command line", "change_endpoint", "e1, events: *, paused: True"),
        ("command line", "rotate_endpoint", "e1, a second secret signs along"),
        ("command line", "rotate_endpoint", "e1, the second secret is the only one now"),
        ("command line", "change_endpoint", "e1, url: mailto, secret: another, paused: False"),
        ("the bridge", "change_endpoint", "e1, paused: True, the receiver answered 410 Gone"),
        ("command line", "remove_endpoint", "e1, mailto"),
    ]


async def test_only_what_is_named_is_different(store: SqliteStore) -> None:
    await store.add_endpoint(HOOK, BY)
    await store.begin_rotation("shop", "e1", "new", BY)
    changed = await store.change_endpoint("shop", "e1", EndpointChange(paused=True), BY)
    assert changed == replace(HOOK, paused=True, next_secret="new") == await store.endpoint("shop", "e1")
    assert await store.change_endpoint("shop", "e1", EndpointChange(), BY) == changed


async def test_a_new_one_has_its_own_secret_or_its_accounts_or_the_spare_one(store: SqliteStore) -> None:
    bare = replace(HOOK, secret="")
    assert (await store.add_endpoint(HOOK, BY, "spare")).secret == "old"
    assert (await store.add_endpoint(replace(bare, id="e2"), BY, "spare")).secret == "spare"
    await store.set_webhook_secret(SHOP.name, "whsec_shop", BY)
    assert (await store.add_endpoint(replace(bare, id="e3"), BY, "spare")).secret == "whsec_shop"
    assert (await store.add_endpoint(replace(bare, id="e4", account="nobody"), BY, "spare")).secret == "spare"


async def test_what_is_another_accounts_is_not_there(store: SqliteStore) -> None:
    await store.add_endpoint(HOOK, BY)
    for call in (
        store.endpoint("cafe", "e1"),
        store.change_endpoint("cafe", "e1", EndpointChange(paused=True), BY),
        store.begin_rotation("cafe", "e1", "new", BY),
        store.finish_rotation("cafe", "e1", BY),
        store.remove_endpoint("cafe", "e1", BY),
    ):
        with pytest.raises(NoSuchThing):
            await call
    assert await store.endpoints() == [HOOK]


async def test_a_rotation_that_was_not_begun_cannot_be_finished(store: SqliteStore) -> None:
    await store.add_endpoint(HOOK, BY)
    with pytest.raises(NotPossible):
        await store.finish_rotation("shop", "e1", BY)


async def test_the_bridge_pauses_nothing_that_was_removed_meanwhile(store: SqliteStore) -> None:
    await store.pause_endpoint("e1", HOOK.url, "the receiver answered 410 Gone", NOW)
    assert await trail(store) == []
