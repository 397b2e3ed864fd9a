"""Whether a database's server answers, and whether a failure was its absence."""

import socket

import pytest

from bridge.errors import StoreUnavailable
from bridge.store import open_store
from bridge.store.postgresql.absence import answers, was_lost
from tests.support.postgresql import server


def test_a_server_answers_whoever_asks() -> None:
    assert answers(server().url("postgres"))
    assert answers(f"postgresql://nobody@/nothing?host={server().folder}")


async def test_a_server_that_is_not_there_or_says_nothing_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not answers(f"postgresql://sms@127.0.0.1:{port}/sms?connect_timeout=2")
    with pytest.raises(StoreUnavailable) as away:
        await open_store(f"postgresql://sms@127.0.0.1:{port}/sms")
    assert was_lost(away.value)


def test_what_the_bridge_refuses_itself_is_no_absence() -> None:
    assert not was_lost(StoreUnavailable("another bridge has it"))
