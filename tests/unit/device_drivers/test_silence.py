"""When an answer is late, and what the line looks like then."""

import pytest

from bridge.model.line import Line, LineState
from device_drivers._silence import LEAST, MOST, TIMES, Silence

READY = Line("office", "office", "gsm_modem", LineState.READY)


class Bench(Silence):
    """With a clock, and a device, that the test owns."""

    def __init__(self) -> None:
        super().__init__(lambda: self.said_at, lambda: self.now)
        self.now = 1000.0
        self.said_at = 0.0

    def takes(self, seconds: float, what: str = "AT") -> None:
        """The device answers after so long."""
        self.asked(what)
        self.now += seconds
        self.answered()


@pytest.fixture
def silence() -> Bench:
    return Bench()


def test_a_line_that_was_asked_nothing_is_as_it_is(silence: Bench) -> None:
    silence.now += 1e6
    assert silence.shown(READY) is READY


def test_an_answer_that_is_late_takes_the_line_out_of_service_and_says_since_when(silence: Bench) -> None:
    silence.asked("AT+CREG?")
    silence.now += LEAST - 0.1
    assert silence.shown(READY) is READY
    silence.now += 0.2
    line = silence.shown(READY)
    assert line.state is LineState.OUT_OF_SERVICE
    assert line.reason.startswith("The device does not answer: not answering AT+CREG? since ")
    silence.now += 100
    assert silence.shown(READY) == line  # the same words, so that it is told once
    silence.answered()
    assert silence.shown(READY) is READY


def test_a_line_with_a_trouble_of_its_own_keeps_its_reason(silence: Bench) -> None:
    silence.asked("AT")
    silence.now += 100
    parked = Line("office", "office", "gsm_modem", LineState.PARKED, reason="The SIM wants its PIN.")
    assert silence.shown(parked) is parked


def test_what_was_given_up_is_late_in_its_time_and_until_anything_is_answered(silence: Bench) -> None:
    silence.asked("AT")
    silence.given_up()
    assert silence.words == ""
    silence.now += LEAST
    first = silence.words
    assert first
    silence.asked("AT+CMGF?")
    assert silence.words == first
    silence.given_up()
    silence.takes(0.0)
    assert silence.words == ""


def test_a_late_answer_is_one_too_unless_another_is_waited_for(silence: Bench) -> None:
    silence.asked("a message")
    silence.given_up()
    silence.now += 100
    assert silence.words
    silence.answered_late()
    assert silence.words == ""
    silence.asked("AT")
    silence.now += 100
    silence.answered_late()
    assert silence.words


def test_a_device_that_goes_on_talking_is_answering(silence: Bench) -> None:
    silence.asked("AT+CMGL")
    for _ in range(10):
        silence.now += LEAST - 0.1
        silence.said_at = silence.now
    assert silence.words == ""
    silence.now += LEAST + 0.1
    assert silence.words


def test_a_device_that_only_tells_news_is_not_answering_once_the_question_was_given_up(silence: Bench) -> None:
    silence.asked("AT")
    silence.given_up()
    silence.now += LEAST
    silence.said_at = silence.now
    assert silence.words


def test_how_long_an_answer_may_take_is_learned_for_each_kind_of_question(silence: Bench) -> None:
    silence.takes(5.0, "a message")
    assert silence.patience("a message") == 5.0 * TIMES
    assert silence.patience("AT") == LEAST
    silence.takes(1000.0, "a message")
    assert silence.patience("a message") == MOST
    for _ in range(20):
        silence.takes(2.0, "a message")
    assert silence.patience("a message") == 2.0 * TIMES
    assert silence.patience("a message", least=10.0) == 10.0
