"""How long ago something was, whatever was done to the wall clock meanwhile."""

import pytest

from device_drivers.android_adb.clocks import Clock, Stamp


def clock(wall: float, monotonic: float, boot: str) -> Clock:
    return Clock(lambda: monotonic, lambda: wall, lambda: boot)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        (Stamp(1000.0, 10.0, "this"), 50.0),
        (Stamp(9000.0, 10.0, "this"), 50.0),
        (Stamp(1000.0, 10.0, "the one before"), 4000.0),
        (Stamp(9000.0, 10.0, "the one before"), 0.0),
        (Stamp(1000.0), 4000.0),
        (Stamp(1000.0, 70.0, "this"), 0.0),
    ],
)
def test_is_counted_while_the_machine_stays_on_and_else_told_by_the_wall_clock(stamp: Stamp, seconds: float) -> None:
    assert clock(5000.0, 60.0, "this").since(stamp) == seconds


def test_two_machines_that_do_not_tell_are_not_the_same() -> None:
    assert clock(5000.0, 60.0, "").since(Stamp(1000.0, 10.0, "")) == 4000.0


def test_this_machine_tells_which_start_it_is() -> None:
    assert Clock().stamp().boot == Clock().stamp().boot != ""
