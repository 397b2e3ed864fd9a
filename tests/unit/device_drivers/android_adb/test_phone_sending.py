"""How fast, and which row proves which message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.ports.driver import Device
from device_drivers.android_adb import options
from device_drivers.android_adb.driver import DRIVER
from device_drivers.android_adb.flight import Flight
from device_drivers.android_adb.options import Options
from device_drivers.android_adb.pace import Pace
from device_drivers.android_adb.store import Row


# -- pace ---------------------------------------------------------------------------------------
def test_the_thirty_first_part_in_a_minute_waits() -> None:
    pace = Pace(30)
    for second in range(30):
        assert pace.delay(1, second) == 0
        pace.take(1, second)
    assert pace.delay(1, 30) == pytest.approx(31)
    assert pace.delay(1, 61) == 0
    assert pace.delay(3, 61) == pytest.approx(2)


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 10)), max_size=60), st.integers(1, 30))
def test_no_minute_ever_sees_more_than_the_limit(wishes: list[tuple[float, int]], limit: int) -> None:
    pace, now, sent = Pace(limit), 0.0, []
    for pause, parts in wishes:
        now += pause
        while delay := pace.delay(parts, now):
            now += delay
        pace.take(parts, now)
        sent.append((now, parts))
    for at, _ in sent:
        within = [parts for when, parts in sent if at <= when < at + 60]
        assert sum(within) <= limit or len(within) == 1


def test_a_restart_does_not_forget_what_was_sent() -> None:
    before, after = Pace(20), Pace(20)
    before.take(20, 1000.0)
    after.recall(before.spent, 1010.0)
    assert after.delay(1, 1010.0) == pytest.approx(51)
    clock_went_back = Pace(20)
    clock_went_back.recall(before.spent, 10.0)
    assert clock_went_back.delay(1, 10.0) == pytest.approx(61)


# -- proof --------------------------------------------------------------------------------------
FLIGHT = Flight("m1", 1, "office", "+15550199", "hello", mark=10, since=0.0, sub=1)


def row(**other: object) -> Row:
    values = {
        "id": 11, "type": 2, "sub": 1, "date": 0, "date_sent": 0, "creator": "com.android.shell",
        "address": "+15550199", "body": "hello",
    }  # fmt: skip
    return Row(**(values | other))  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [{}, {"creator": ""}, {"address": "+1 (555) 0199"}, {"sub": -1}])
def test_a_row_like_the_message_proves_it(other: dict[str, object]) -> None:
    assert FLIGHT.proved_by(row(**other))


@pytest.mark.parametrize(
    "other",
    [
        {"id": 10},
        {"type": 1},
        {"type": 5},
        {"creator": "com.example.sms"},
        {"address": "+15550198"},
        {"body": "hello "},
        {"sub": 2},
    ],
)
def test_another_row_does_not(other: dict[str, object]) -> None:
    assert not FLIGHT.proved_by(row(**other))


# -- options ------------------------------------------------------------------------------------
def test_every_option_has_a_default_and_a_word() -> None:
    assert set(options.OPTIONS) == set(Options.__dataclass_fields__)
    assert options.problems({}) == []


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"serial": "a b"}, "serial"),
        ({"serial": "x;reboot"}, "serial"),
        ({"adb_port": 70000}, "adb_port"),
        ({"poll_interval": 0}, "poll_interval"),
        ({"segments_per_minute": 31}, "segments_per_minute"),
        ({"segments_per_minute": 0}, "segments_per_minute"),
        ({"numbers": ["x"]}, "numbers"),
        ({"numbers": "+15550100"}, "numbers"),
        ({"settle": "soon"}, "settle"),
        ({"allow_short_codes": 1}, "allow_short_codes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_says_what_is_wrong_with_an_option(given: dict[str, object], word: str) -> None:
    (problem,) = DRIVER.validate(Device("office", "android_adb", given))
    assert problem.startswith(f"{word}: ")


@pytest.mark.parametrize("serial", ["R58M12ABC", "192.168.1.5:5555", "emulator-5554", "[fe80::1%eth0]:5555"])
def test_takes_every_serial_that_adb_shows(serial: str) -> None:
    assert DRIVER.validate(Device("office", "android_adb", {"serial": serial})) == []
