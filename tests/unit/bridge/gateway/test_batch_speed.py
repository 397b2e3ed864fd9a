"""How fast a batch goes is measured while somebody looks."""

from bridge.gateway.batch_speed import LATELY, SURE, Speed

MINUTE = 60_000


def test_nothing_is_said_before_it_was_watched_long_enough() -> None:
    speed = Speed()
    speed.look(0, 0)
    speed.look(SURE - 1, 50)
    assert speed.per_minute() is None
    speed.look(SURE, 50)
    assert speed.per_minute() == 50 * MINUTE / SURE


def test_what_went_out_before_the_last_minute_does_not_count() -> None:
    speed = Speed()
    for at, ended in ((0, 0), (LATELY, 600), (2 * LATELY, 660)):
        speed.look(at, ended)
    assert speed.per_minute() == 60


def test_one_that_stands_still_has_no_speed() -> None:
    speed = Speed()
    for at, ended in ((0, 10), (LATELY, 10), (2 * LATELY, 9)):  # one was sent again
        speed.look(at, ended)
    assert speed.per_minute() == 0
