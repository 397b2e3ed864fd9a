"""Formats of webhooks: what each can tell of, and that somebody writes it."""

import pytest

from bridge.model import event as events
from bridge.model.payload_format import FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_tells_of_events_that_there_are(name: str) -> None:
    assert FORMATS[name].events
    assert FORMATS[name].events <= events.NAMES.keys()


def test_the_signed_format_tells_of_everything() -> None:
    assert FORMATS["v2"].events == events.NAMES.keys()
    assert (FORMATS["v2"].dialect, FORMATS["v2"].ends) == ("", False)


def test_a_format_that_tells_an_end_tells_every_end() -> None:
    ends = {events.MESSAGE_DELIVERED, events.MESSAGE_FAILED, events.MESSAGE_EXPIRED, events.MESSAGE_UNKNOWN}
    for wording in FORMATS.values():
        assert not wording.ends or ends <= wording.events
