"""How far what is known of a site is behind."""

from device_drivers.bridge_remote.lag import Lag


def test_it_is_the_round_trip_while_news_is_fresh_and_the_silence_afterwards() -> None:
    clock, now = [0.0], [1_000_000.0]
    lag = Lag(30.0, clock=lambda: clock[0], now=lambda: now[0])
    lag.heard(0)
    assert lag.ms(40) == 40
    clock[0] = 15.0
    assert (lag.ms(40), lag.silence()) == (40, 15.0)
    clock[0] = 60.0
    assert lag.ms(40) == 60_000


def test_events_that_were_missed_are_as_late_as_they_are() -> None:
    now = [1_000_000.0]
    lag = Lag(30.0, clock=lambda: 0.0, now=lambda: now[0])
    lag.heard(400_000)
    assert lag.ms(40) == 600_000
    lag.heard(999_900)
    assert lag.ms(40) == 40
    lag.heard(400_000)
    lag.heard(0)
    assert lag.ms(40) == 40
