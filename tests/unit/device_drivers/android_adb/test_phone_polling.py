"""How often a phone is looked at, by a clock of our own."""

from device_drivers.android_adb.polling import Polling


def test_nothing_known_means_every_interval() -> None:
    polling = Polling(3.0, 30.0)
    polling.found(False, 0.0, 0.0)
    assert [polling.pause(False) for _ in range(3)] == [3.0] * 3


def test_two_idle_minutes_are_four_looks_once_the_log_came_before_a_row() -> None:
    polling, now, looks = Polling(3.0, 30.0), 0.0, 0
    polling.announced(now)
    assert polling.pause(False) == 0.0
    polling.found(True, now + 0.5, now + 0.1)
    assert polling.trusted
    while (now := now + polling.pause(False)) <= 120.0:
        looks += 1
        polling.found(False, now, now)
    assert looks == 4


def test_an_announced_row_that_is_late_is_looked_for_ever_less_often() -> None:
    polling = Polling(3.0, 30.0, trusted=True)
    polling.announced(0.0)
    now, pauses = 0.0, []
    while now < 40.0:
        pauses.append(polling.pause(False))
        now += pauses[-1]
        polling.found(False, now, now)
    assert pauses[:7] == [0.0, 0.5, 0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(pauses[:9]) <= 8.0
    assert pauses[-1] == 30.0


def test_an_sms_that_is_announced_while_another_is_found_is_looked_for_until_its_row_is_there() -> None:
    """The look that found the first had begun before the word of the second."""
    polling = Polling(3.0, 30.0, trusted=True)
    polling.announced(0.0)
    polling.pause(False)
    polling.announced(0.3)
    polling.found(True, 0.5, 0.1)
    assert [polling.pause(False) for _ in range(4)] == [0.0, 0.5, 0.5, 1.0]
    polling.found(True, 3.0, 2.6)
    assert (polling.trusted, polling.pause(False)) == (True, 30.0)


def test_a_row_without_a_word_of_the_log_ends_the_trust() -> None:
    polling = Polling(3.0, 30.0, trusted=True)
    polling.found(True, 5.0, 4.5)
    assert (polling.trusted, polling.pause(False)) == (False, 3.0)
    polling.announced(6.0)
    assert (polling.trusted, polling.pause(False)) == (True, 30.0), "its line was only late"
    polling.found(True, 50.0, 49.5)
    polling.announced(60.0)
    assert not polling.trusted


def test_a_log_that_ended_is_not_relied_on_and_a_doubt_is_looked_for() -> None:
    polling = Polling(3.0, 30.0, trusted=True)
    assert (polling.pause(True), polling.pause(False)) == (3.0, 30.0)
    polling.deaf(0.0)
    assert polling.pause(False) == 3.0


def test_other_news_brings_two_looks() -> None:
    polling = Polling(3.0, 30.0, trusted=True)
    polling.stirred()
    assert [polling.pause(False) for _ in range(3)] == [0.0, 1.0, 30.0]


def test_a_log_that_cannot_be_heard_is_tried_ever_less_often_and_one_that_was_heard_soon() -> None:
    polling, now, tries = Polling(3.0, 30.0), 0.0, []
    polling.listens(now)
    for _ in range(10):
        polling.deaf(now)
        began = now
        while not polling.may_listen(now):
            now += 1.0
        tries.append(now - began)
        polling.listens(now)
    assert tries[:3] == [21.0, 41.0, 81.0]
    assert tries[-1] == 601.0
    polling.deaf(now + 3600.0)
    assert not polling.may_listen(now + 3610.0)
    assert polling.may_listen(now + 3611.0)
