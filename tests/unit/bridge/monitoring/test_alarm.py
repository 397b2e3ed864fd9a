"""The alarm on a real store: what it tells, how often, and what it knows after a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge.accounts.credentials import OPERATOR
from bridge.bus import Bus
from bridge.config.schema import Alarm as Settings
from bridge.errors import StoreUnavailable
from bridge.model.event import ALARM_OVER, ALARM_RAISED, LINE_CHANGED, Event
from bridge.model.history import HistoryQuery, Ongoing
from bridge.model.line import Line, LineState
from bridge.model.site import Site as Outpost
from bridge.model.site import Way
from bridge.monitoring.alarm import MAIL, WEBHOOK, Alarm, arrange
from bridge.monitoring.problems import Trouble
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import message
from tests.support.waiting import until

START = 1_795_215_712_000
MINUTE = 60_000
#: seconds; enough for anything to have been told that is going to be
PATIENCE = 30.0
OFFICE = Line("office", "office", "gsm_modem", LineState.READY)
SHOP = replace(OFFICE, name="shop", device="shop")


class Disk(SqliteStore):
    """A store whose disk can be full."""

    full = False
    #: alarms that it did not take
    refused = 0

    async def note_together(self, events: Any, device: str, key: str, value: str, alarms: Any = ()) -> None:
        if self.full:
            self.refused += len(events)
            raise StoreUnavailable("the disk is full")
        await super().note_together(events, device, key, value, alarms)


@dataclass
class Site:
    """An alarm, what it watches, and the time on the wall."""

    store: Disk
    bus: Bus
    settings: Settings
    lines: list[Line] = field(default_factory=lambda: [OFFICE, SHOP])
    at: int = START
    lost: list[Trouble] = field(default_factory=list)
    sites: list[Outpost] = field(default_factory=list)
    looped: bool = True
    deaths: list[BaseException] = field(default_factory=list)

    def now(self) -> int:
        return self.at

    def troubles(self) -> list[Trouble]:
        return self.lost

    def watches(self) -> bool:
        return self.looped

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Alarm]:
        alarm = Alarm(
            self.store, self.bus, self, self.settings, lambda: self.lines, self, self.deaths.append, lambda: self.sites
        )
        await alarm.start()
        try:
            yield alarm
        finally:
            await alarm.close()
            assert self.deaths == []

    def put(self, *lines: Line) -> None:
        """The lines are so now."""
        self.lines = list(lines)
        self.stir()

    def stir(self) -> None:
        """Something happened that is worth a look."""
        self.bus.publish([Event(0, "", LINE_CHANGED, "", self.at, "office", {})])

    async def told(self) -> list[Event]:
        return [event for event in await self.store.events("", 0, 1000) if event.name.startswith("alarm.")]

    async def has(self, count: int) -> list[str]:
        """The titles of so many alarms and all-clears, once there are."""
        return [event.data["title"] for event in await self.until(lambda told: len(told) >= count)]

    async def until(self, fits: Callable[[list[Event]], bool]) -> list[Event]:
        async with asyncio.timeout(PATIENCE):
            while not fits(told := await self.told()):
                await asyncio.sleep(0.005)
        return told


@asynccontextmanager
async def site(path: Path, **settings: Any) -> AsyncIterator[Site]:
    bus = Bus()
    store = Disk(str(path / "bridge.db"), bus)
    await store.open()
    try:
        yield Site(store, bus, Settings(**{"after": 0.05, "queue_after": 0.1} | settings))
    finally:
        await store.close()


def away(line: Line, reason: str = "unplugged") -> Line:
    return replace(line, state=LineState.ABSENT, reason=reason)


async def test_tells_once_when_it_begins_and_once_when_it_is_over(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.watching() as alarm:
        here.put(OFFICE, away(SHOP))
        await here.has(1)
        await until(lambda: list(alarm.raised) == ["line:shop"])
        for _ in range(5):
            here.stir()
        here.at += 7 * MINUTE
        here.put(OFFICE, SHOP)
        await here.has(2)
        raised, over = await here.told()
        assert (raised.name, raised.account, raised.subject) == (ALARM_RAISED, OPERATOR, "line:shop")
        assert raised.data["title"] == "The line shop is out of service"
        assert "absent (unplugged)" in raised.data["text"]
        assert (over.name, over.data["title"], over.data["seconds"]) == (
            ALARM_OVER, "The line shop is in service again", 420,
        )  # fmt: skip
        assert "after 7 minutes" in over.data["text"]
        await until(lambda: not alarm.raised)
        (past,) = (await here.store.past_alarms(HistoryQuery("shop"))).rows
        assert (past.key, past.title, past.reason) == ("line:shop", raised.data["title"], raised.data["reason"])
        assert (past.raised_at, past.ended_at) == (raised.at, over.at)


async def test_a_short_absence_is_not_told(tmp_path: Path) -> None:
    async with site(tmp_path, after=30.0) as here, here.watching():
        for _ in range(20):
            here.put(away(OFFICE), away(SHOP))
            await asyncio.sleep(0)
            here.put(OFFICE, SHOP)
        here.lost.append(Trouble("loopback:a>b", "SMS from a to b does not arrive", "over", START, 0.0, "office"))
        here.stir()
        assert await here.has(1) == ["SMS from a to b does not arrive"]


async def test_says_what_else_is_wrong(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.watching():
        here.put(OFFICE, away(SHOP))
        await here.has(1)
        here.put(away(OFFICE), away(SHOP))
        titles = await here.has(2)
        assert titles[1] == "SMS is down: no line is ready"
        text = (await here.told())[1].data["text"]
        assert "office: absent (unplugged)" in text
        assert "Wrong at this moment:\n- The line shop is out of service, since" in text


async def test_a_restart_tells_nothing_twice_and_does_not_lose_the_end(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        async with here.watching():
            here.put(OFFICE, away(SHOP))
            await here.has(1)
        for _ in range(2):
            async with here.watching() as alarm:
                here.lines = [replace(each, state=LineState.CONNECTING) for each in (OFFICE, SHOP)]
                here.stir()
                here.lines = [OFFICE, away(SHOP)]
                here.stir()
                # another one is told, so this look is over
                here.lost = [Trouble("loopback:a>b", "lost", "found", START, 0.0, "office")]
                here.stir()
                await here.until(lambda told: told[-1].data["title"] == "lost")
                here.lost = []
                here.stir()
                await here.until(lambda told: told[-1].data["title"] == "found")
                await until(lambda: list(alarm.raised) == ["line:shop"])
        here.lines = [OFFICE, SHOP]  # mended while the bridge was off
        async with here.watching():
            titles = [event.data["title"] for event in await here.until(lambda told: "again" in told[-1].data["title"])]
        assert titles.count("The line shop is out of service") == 1
        assert titles.count("The line shop is in service again") == 1


async def test_a_line_that_is_configured_no_more_is_not_said_to_be_well(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.watching():
        here.put(OFFICE, away(SHOP))
        await here.has(1)
        here.put(OFFICE)
        assert (await here.has(2))[1] == "No longer watched: The line shop is out of service"


async def test_loop_backs_that_were_switched_off_are_not_said_to_arrive(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        here.lost = [Trouble("loopback:a>b", "SMS from a to b does not arrive", "it does", START, 0.0, "office")]
        async with here.watching():
            await here.has(1)
        here.lost, here.looped = [], False
        async with here.watching():
            assert (await here.has(2))[1] == "No longer watched: SMS from a to b does not arrive"


async def test_reminds_while_it_goes_on(tmp_path: Path) -> None:
    async with site(tmp_path, remind=3600.0) as here, here.watching():
        here.put(OFFICE, away(SHOP))
        await here.has(1)
        here.at += 59 * MINUTE
        here.stir()
        here.at += 1 * MINUTE
        here.put(OFFICE, away(SHOP, "still no stick"))
        titles = await here.has(2)
        assert titles[1] == "Still so: The line shop is out of service"
        reminder = (await here.told())[1].data
        assert (reminder["reminder"], reminder["began_at"]) == (1, (await here.told())[0].data["began_at"])
        assert "still no stick" in reminder["text"]


async def test_a_clock_that_is_set_back_keeps_no_reminder_for_years(tmp_path: Path) -> None:
    async with site(tmp_path, remind=3600.0) as here, here.watching():
        here.put(OFFICE, away(SHOP))
        await here.has(1)
        here.at -= 3650 * 24 * 60 * MINUTE
        here.stir()
        assert (await here.has(2))[1] == "Still so: The line shop is out of service"


async def test_flapping_is_told_in_one(tmp_path: Path) -> None:
    async with site(tmp_path, per_hour=4) as here:
        async with here.watching() as alarm:
            for _ in range(6):
                here.at += MINUTE
                here.put(OFFICE, away(SHOP))
                await until(lambda: bool(alarm.raised))
                here.at += MINUTE
                here.put(OFFICE, SHOP)
                await until(lambda: not alarm.raised)
            assert len(await here.told()) == 4
        async with here.watching() as alarm:  # it is known after a restart how much was told
            here.put(OFFICE, away(SHOP))
            await until(lambda: bool(alarm.raised))
            assert len(await here.told()) == 4
            here.at += 50 * MINUTE
            here.stir()
            titles = await here.has(5)
            assert titles[4] == "9 alarms were held back; 1 still is wrong"
            last = (await here.told())[4]
            assert (last.name, last.data["held_back"]) == (ALARM_RAISED, 9)
            assert "- The line shop is out of service, since" in last.data["text"]
            here.at += 60 * MINUTE
            here.put(OFFICE, SHOP)
            assert (await here.has(6))[5] == "The line shop is in service again"


async def test_a_queue_that_moves_again_is_over_though_more_waits(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.watching():
        await here.store.submit([message(1, due_at=START), message(2, due_at=START)])
        assert await here.has(1) == ["Messages wait and none goes out"]
        await here.store.claim("office", ("",), START)
        assert (await here.has(2))[1] == "The queue moves again"
        assert (await here.has(3))[2] == "Messages wait and none goes out"


async def test_a_full_disk_puts_an_alarm_off_and_loses_none(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.watching() as alarm:
        here.store.full = True
        here.put(OFFICE, away(SHOP))
        await until(lambda: here.store.refused > 0)
        await until(lambda: not alarm.raised)
        here.store.full = False
        here.stir()
        assert await here.has(1) == ["The line shop is out of service"]


async def test_the_ledger_has_the_channels_of_the_configuration(tmp_path: Path) -> None:
    async with site(tmp_path) as here:

        async def channels(**settings: Any) -> dict[str, str]:
            await arrange(here.store, Settings(**settings), START)
            return {each.id: each.url for each in await here.store.endpoints()}

        mail = {"mail_to": ("a@example.com", "b@example.com")}
        assert await channels() == {}
        assert await channels(webhook="https://one.example", **mail) == {
            WEBHOOK: "https://one.example", MAIL: "mailto:a@example.com,b@example.com",
        }  # fmt: skip
        assert await channels(webhook="https://two.example") == {WEBHOOK: "https://two.example"}
        assert await channels() == {}


LOST_THERE = Ongoing("loopback:a>b", "SMS from a to b does not arrive", "lost", "shop2:a", START - MINUTE)
SHOP2 = Outpost("shop2", Way.DIALS)


async def test_an_alarm_of_a_site_is_one_here_from_when_it_began_there_until_it_ends_there(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        here.put(OFFICE, Line("shop2:a", "shop2", "bridge_remote", LineState.READY))
        async with here.watching():
            here.sites = [replace(SHOP2, alarms=(LOST_THERE,))]
            here.stir()
            await here.has(1)
        # not known again until the site was reached
        here.sites = [SHOP2]
        async with here.watching():
            here.put(away(OFFICE), Line("shop2:a", "shop2", "bridge_remote", LineState.READY))
            assert (await here.has(2))[1] == "The line office is out of service"
            here.sites = [replace(SHOP2, alarms=())]
            here.stir()
            await here.has(3)
        raised, _, over = await here.told()
        assert (raised.subject, raised.data["began_at"]) == ("site:shop2:loopback:a>b", LOST_THERE.began_at)
        assert [event.data["title"] for event in (raised, over)] == [
            f"At the site shop2: {LOST_THERE.title}", f"At the site shop2 it is over: {LOST_THERE.title}",
        ]  # fmt: skip


async def test_an_alarm_of_a_site_that_is_removed_is_not_watched_any_more(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        here.put(OFFICE, Line("shop2:a", "shop2", "bridge_remote", LineState.READY))
        async with here.watching():
            here.sites = [replace(SHOP2, alarms=(LOST_THERE,))]
            here.stir()
            await here.has(1)
            here.sites = []
            here.put(OFFICE)
            assert (await here.has(2))[1] == f"No longer watched: At the site shop2: {LOST_THERE.title}"
