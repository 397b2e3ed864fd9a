"""What is said of a site that is not connected, and when one that is needs a person."""

import time

import pytest

from bridge.model.site import Way
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.bridge_remote import DRIVER, report
from device_drivers.bridge_remote.report import LATE, Standing
from device_drivers.bridge_remote.switchboard import Switchboard

NOW = 1_774_040_400_000
BEHIND = "what is known of the site is 60 s behind: see how it is reached"
JOIN = f"{'0' * 64}.1774040400"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "now", lambda: NOW)


async def device(kept: dict[str, str], **options: str) -> Device:
    memory = VolatileMemory()
    for key, value in kept.items():
        await memory.put(key, value)
    return Device("shop2", "bridge_remote", options, memory)


@pytest.mark.parametrize(
    ("kept", "options", "way", "url"),
    [
        ({}, {"url": "https://a.example", "key": "k"}, Way.URL, "https://a.example"),
        ({"joined": JOIN, "url": "https://b.example"}, {"join": JOIN}, Way.URL, "https://b.example"),
        ({"joined": JOIN, "dial": "d"}, {"join": JOIN}, Way.DIALS, ""),
        ({}, {"dial_key": "d", "key": "k"}, Way.DIALS, ""),
        ({"joined": "another code", "url": "https://b.example"}, {"join": JOIN}, Way.AWAITED, ""),
    ],
)
async def test_it_says_how_a_site_is_reached(kept: dict[str, str], options: dict[str, str], way: Way, url: str) -> None:
    site = DRIVER.site(await device(kept, **options), None, "")
    assert (site.way, site.url, site.problems) == (way, url, ())


async def test_one_that_is_away_says_why_and_since_when_it_was_not_heard() -> None:
    kept = {"heard": f"{NOW - 5000}", "position": f"7 {NOW - 9000}", "version": "1.0", "since_joined": "1774000000"}
    site = DRIVER.site(await device(kept, url="https://a.example", key="k"), None, "the site cannot be reached")
    assert (site.is_connected, site.heard_at, site.lag) == (False, NOW - 5000, 5000)
    assert (site.version, site.joined_at, site.problems) == ("1.0", 1_774_000_000_000, ("the site cannot be reached",))


async def test_after_a_kill_the_last_event_is_when_it_was_heard() -> None:
    kept = {"heard": f"{NOW - 50_000}", "position": f"7 {NOW - 9000}"}
    assert DRIVER.site(await device(kept, url="https://a.example", key="k"), None, "").lag == 9000


async def test_one_that_was_never_heard_has_no_lag() -> None:
    site = DRIVER.site(await device({}, url="https://a.example", key="k"), None, "the site cannot be reached")
    assert (site.heard_at, site.lag) == (0, None)


async def told(standing: Standing, board: Switchboard | None = None) -> tuple[str, ...]:
    return tuple(report.of_site(await device({}, dial_key="d", key="k"), standing, "", board).problems)


@pytest.mark.parametrize(
    ("standing", "problems"),
    [
        (Standing(NOW - 10 * LATE, NOW, 12), ()),
        (
            Standing(NOW - 10 * LATE, NOW, LATE + 1),
            ("what is known of the site is 60 s behind: see how it is reached",),
        ),
        # it has just come back, and tells what happened meanwhile
        (Standing(NOW - LATE, NOW, 86_400_000), ()),
        (Standing(NOW, NOW, 12, ahead=-130_000), ("the site's clock is 130 s behind this machine's",)),
    ],
)
async def test_one_that_lags_or_has_its_clock_wrong_says_so(standing: Standing, problems: tuple[str, ...]) -> None:
    assert await told(standing) == problems


async def test_another_machine_of_its_name_is_told_of() -> None:
    board = Switchboard("shop2")
    assert await told(Standing(NOW, NOW, 12), board) == ()
    board.stranger_at = round(time.time())
    [words] = await told(Standing(NOW, NOW, 12), board)
    assert words.startswith("another machine dialled in as this site")
