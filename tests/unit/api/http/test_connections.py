"""How many connections there may be, of whom."""

import asyncio
import logging
import resource
import subprocess
import sys

import pytest

from api.http.connections import ANSWERS, SHORT, Connection, Connections, Limits
from api.http.listener import RESERVE, enough_files
from api.http.proxies import Proxies
from bridge.errors import ConfigError

STRANGERS = [f"203.0.113.{number}" for number in range(1, 100)]


class Quiet(asyncio.Protocol):
    """Says nothing."""


async def book(proxies: Proxies | None = None, **limits: float) -> Connections:
    return Connections(Limits(**limits), proxies or Proxies())  # type: ignore[arg-type]


def admit(connections: Connections, *peers: str) -> list[Connection | None]:
    return [connections.admit(peer, Quiet) for peer in peers]


async def test_an_address_has_so_many_and_others_have_theirs() -> None:
    connections = await book(per_address=2)
    first, second, third, other = admit(connections, "203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1", "203.0.113.2")
    assert (first is None, second is None, third, other is None) == (False, False, None, False)
    assert first is not None
    for _ in range(2):  # harmless when told twice
        connections.leave(first)
    assert admit(connections, "203.0.113.1", "203.0.113.1")[1] is None
    connections.close()


async def test_a_household_with_ipv6_is_one_address() -> None:
    connections = await book(per_address=2)
    made = admit(connections, "2001:db8:0:1::1", "2001:db8:0:1:9::7", "2001:db8:0:1:ffff::", "2001:db8:0:2::1")
    assert [each is None for each in made] == [False, False, True, False]
    connections.close()


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", "10.0.0.7", "fd00::1"])
async def test_this_machine_and_trusted_proxies_have_as_many_as_there_are(peer: str) -> None:
    connections = await book(Proxies.of(["10.0.0.0/8", "fd00::/8"]), per_address=1, connections=50)
    assert None not in admit(connections, *[peer] * 50)
    connections.close()


async def test_there_are_never_more_than_all_may_be() -> None:
    connections = await book(connections=20)
    assert None not in admit(connections, *STRANGERS)
    assert len(connections) == 20
    connections.close()


async def test_long_answers_that_wait_to_be_read_have_so_much_room_and_short_ones_need_none() -> None:
    connections = await book()
    first, second, other = admit(connections, "203.0.113.1", "203.0.113.1", "203.0.113.2")
    assert first is not None
    assert second is not None
    assert other is not None
    assert (first.hold(ANSWERS // 2), second.hold(SHORT + 1), second.hold(SHORT)) == (True, False, True)
    assert other.hold(ANSWERS // 2)
    first.ended()
    assert second.hold(ANSWERS // 2)
    connections.leave(second)
    assert first.hold(ANSWERS // 2)
    connections.close()


async def test_an_answer_whose_caller_went_away_needs_no_room() -> None:
    connections = await book()
    gone, other = admit(connections, "203.0.113.1", "203.0.113.1")
    assert gone is not None
    assert other is not None
    connections.leave(gone)
    assert gone.hold(ANSWERS // 2)
    assert other.hold(ANSWERS // 2)
    connections.close()


async def test_refusals_are_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    connections = await book(per_address=1)
    admit(connections, *["203.0.113.1"] * 500)
    assert [each.getMessage() for each in caplog.records] == [
        "refused 1 connections since the last such line: 1 from 203.0.113.1 are open"
    ]
    connections.close()


async def test_nothing_is_looked_at_while_nobody_is_there() -> None:
    connections = await book(request=0.01)
    (made,) = admit(connections, "203.0.113.1")
    assert made is not None
    connections.leave(made)
    assert await idle_within(connections)


async def idle_within(connections: Connections, seconds: float = 30.0) -> bool:
    async with asyncio.timeout(seconds):
        while connections._next_look is not None:
            await asyncio.sleep(0.005)
    return True


def test_so_many_connections_fit_into_what_the_process_may_open() -> None:
    """In a process of its own: what is raised stays raised."""
    program = (
        "import resource, sys; from api.http.listener import enough_files; from bridge.errors import ConfigError\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 700))\n"
        "enough_files(500); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
        "try: enough_files(601)\n"
        "except ConfigError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    raised, refused = done.stdout.splitlines()
    assert raised == str(500 + RESERVE)
    assert refused.startswith("http.max_connections: 601 connections and 128 files of our own are more than the 628 it")
    assert refused.endswith(" may open: set it to 500, or LimitNOFILE=729 in the unit")


def test_what_fits_anyway_is_left_alone() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough_files(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    with pytest.raises(ConfigError):
        enough_files(2**40)
