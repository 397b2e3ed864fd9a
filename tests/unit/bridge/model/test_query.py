"""Whether a query chooses: what deletes goes by it, and everything is deleted by mistake only."""

from dataclasses import fields

import pytest

from bridge.model.message import State
from bridge.model.query import InboxQuery, MessageQuery

PAGES = {"offset": 3, "limit": 1, "cursor": "17", "mark_read": True}
VALUES = {"states": frozenset({State.SENT}), "ids": ("a",), "since": 1, "until": 1, "unread": True}


@pytest.mark.parametrize("kind", [MessageQuery, InboxQuery])
def test_an_empty_one_chooses_nothing_whatever_page_is_asked_for(kind: type[MessageQuery | InboxQuery]) -> None:
    names = {field.name for field in fields(kind)}
    assert not kind().chooses
    assert not kind(**{name: value for name, value in PAGES.items() if name in names}).chooses  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, field.name) for kind in (MessageQuery, InboxQuery) for field in fields(kind) if field.name not in PAGES],
)
def test_each_filter_chooses(kind: type[MessageQuery | InboxQuery], name: str) -> None:
    assert kind(**{name: VALUES.get(name, "x")}).chooses  # type: ignore[arg-type]
