"""What is wrong, from lines and queues as they are and the time that passed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.model.line import Channel, Line, LineState
from bridge.monitoring.problems import GRACE, Trouble, Watch
from bridge.ports.store_rows import Waiting

START = 1_795_215_712_000
READY, ABSENT = LineState.READY, LineState.ABSENT


def line(name: str, state: LineState = READY, reason: str = "") -> Line:
    return Line(name, name, "gsm_modem", state, reason=reason)


@dataclass
class Site:
    """A watch and the time."""

    after: float = 300.0
    queue_after: float = 900.0
    clock: float = 0.0
    #: how far the wall clock was set
    jumped: int = 0
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.after, self.queue_after)

    @property
    def now(self) -> int:
        return START + round(self.clock * 1000) + self.jumped

    def see(self, *lines: Line, queues: Sequence[Waiting] = ()) -> None:
        self.watch.see_lines(lines, self.now, self.clock)
        self.watch.see_queues(queues, self.now, self.clock)

    def alarms(self, *raised: str) -> dict[str, Trouble]:
        return {each.key: each for each in self.watch.troubles(raised) if each.due <= self.clock}


def test_a_line_that_is_away_for_long_is_an_alarm_and_a_short_while_is_none() -> None:
    site = Site()
    site.see(line("a"), line("b", ABSENT, "unplugged"))
    site.clock = 299
    site.see(line("a"), line("b", ABSENT, "unplugged"))
    assert site.alarms() == {}
    site.clock = 300
    site.see(line("a"), line("b", LineState.PARKED, "PIN needed"))
    (found,) = site.alarms().values()
    assert (found.title, found.reason) == ("The line b is out of service", "parked (PIN needed)")
    assert (found.line, found.began_at) == ("b", START)
    site.see(line("a"), line("b"))
    site.see(line("a"), line("b", ABSENT))
    assert site.alarms() == {}


def test_when_all_are_away_that_is_one_alarm_from_when_the_last_went() -> None:
    site = Site()
    site.see(line("a", ABSENT, "no modem"), line("b"))
    site.clock = 100
    site.see(line("a", ABSENT, "no modem"), line("b", LineState.OUT_OF_SERVICE))
    site.clock = 399
    assert site.alarms() == {}
    site.clock = 400
    (found,) = site.alarms().values()
    assert (found.key, found.began_at) == ("down", START + 100_000)
    assert found.reason == "a: absent (no modem)\nb: out of service"


def test_a_line_whose_alarm_is_on_keeps_it_when_the_others_go_too() -> None:
    site = Site()
    site.see(line("a", ABSENT), line("b", ABSENT))
    site.clock = 300
    assert set(site.alarms("line:a")) == {"down", "line:a"}


def test_when_one_is_back_the_other_that_is_away_for_long_is_told_at_once() -> None:
    site = Site()
    site.see(line("a", ABSENT), line("b", ABSENT))
    site.clock = 500
    site.see(line("a"), line("b", ABSENT))
    assert set(site.alarms("down")) == {"line:b"}


def test_nothing_to_watch_is_no_alarm() -> None:
    site = Site()
    site.see()
    site.clock = 9_999
    assert site.alarms() == {}
    for quiet in (Site(after=0), Site(queue_after=0)):
        quiet.see(line("a", ABSENT if quiet.after == 0 else READY), queues=[Waiting("", 1, START, 1)])
        quiet.clock = 9_999
        assert quiet.alarms() == {}


def test_a_clock_that_is_set_after_the_start_is_no_alarm() -> None:
    """A Pi has no clock of its own: it believes to be in the past until the network tells it the time."""
    site = Site()
    site.see(line("a", LineState.CONNECTING))
    site.jumped, site.clock = 86_400_000, 5
    site.see(line("a", LineState.CONNECTING))
    assert site.alarms() == {}


def test_a_restart_goes_on_counting_and_gives_devices_time_to_be_found() -> None:
    site = Site()
    site.watch.resume({"a": START - 1_000_000, "b": START - 1_000_000}, {}, site.now, site.clock)
    site.see(line("a", LineState.CONNECTING), line("b", LineState.CONNECTING))
    site.clock = GRACE - 1
    assert site.alarms() == {}
    site.see(line("a"), line("b", ABSENT))
    assert site.alarms() == {}
    site.clock = GRACE
    (found,) = site.alarms().values()
    assert (found.key, found.began_at) == ("line:b", START - 1_000_000)


def test_a_queue_that_stands_still_is_an_alarm_and_one_that_moves_is_none() -> None:
    site = Site()
    for minute in range(60):
        site.clock = minute * 60
        moving, standing = Waiting("", minute + 1, START, 500), Waiting("a", 7, START - 5_000, 3)
        site.see(line("a"), queues=[moving, standing])
    (found,) = site.alarms().values()
    assert (found.key, found.title) == ("queue:a", "Messages for a wait and none goes out")
    assert (found.began_at, found.reason) == (START - 5_000, "3 due, though a line is ready for them")


def test_a_queue_whose_lines_are_away_is_told_of_the_lines() -> None:
    site = Site()
    site.see(line("a"), line("b", ABSENT), queues=[Waiting("b", 1, START, 1), Waiting("gone", 2, START, 1)])
    site.clock = 1_000
    found = site.alarms()
    assert set(found) == {"line:b", "queue:gone"}
    assert found["queue:gone"].reason == "1 due, and no line of that name is configured"


def test_a_queue_for_a_sim_that_is_in_no_line_says_so() -> None:
    site = Site()
    site.see(line("a"), queues=[Waiting("sim:89001012345678901237", 1, START, 1)])
    site.clock = 1_000
    (found,) = site.alarms().values()
    assert found.title == "Messages for the SIM 89001012345678901237 wait and none goes out"
    assert found.reason == "1 due, and that SIM is in no line"


def test_after_a_restart_a_queue_that_still_stands_is_the_same_alarm() -> None:
    site = Site()
    site.watch.resume({}, {"": 7}, site.now, site.clock)
    site.see(line("a"), queues=[Waiting("", 7, START - 9_000_000, 1)])
    (same,) = site.watch.troubles(["queue:"])
    assert same.mark == 7


# -- WhatsApp -------------------------------------------------------------------------------------
def whatsapp(name: str, state: LineState = READY) -> Line:
    return Line(name, name, "whatsapp_cloud", state, channel=Channel.WHATSAPP)


def test_sms_is_down_though_whatsapp_works() -> None:
    site = Site()
    site.see(line("a", ABSENT, "no modem"), whatsapp("w"))
    site.clock = 300
    (found,) = site.alarms().values()
    assert (found.key, found.reason) == ("down", "a: absent (no modem)")


def test_a_whatsapp_line_that_is_away_is_told_of_beside_sms_that_is_down() -> None:
    site = Site()
    site.see(line("a", ABSENT), whatsapp("w", LineState.PARKED))
    site.clock = 300
    assert set(site.alarms()) == {"down", "line:w"}


def test_a_queue_of_whatsapp_is_called_so() -> None:
    site = Site()
    for minute in range(60):
        site.clock = minute * 60
        site.see(whatsapp("w"), queues=[Waiting("@", 7, START, 3), Waiting("@w", 8, START, 1)])
    titles = [found.title for found in site.alarms().values()]
    assert titles == ["Messages for WhatsApp wait and none goes out", "Messages for w wait and none goes out"]
