"""What supervisors and probes ask: whether the process answers, and whether a message would be kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.http_site import HttpSite, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path) as opened:
        yield opened


async def test_lives_while_it_answers(site: HttpSite) -> None:
    await site.close_store()
    for path in ("/livez", "/livez/"):
        answer = await site.ask("GET", path)
        assert (answer.status, answer.json) == (200, {"status": "live"})


async def test_is_ready_while_messages_are_kept_even_with_lines_away(site: HttpSite) -> None:
    for path in ("/readyz", "/readyz/"):
        answer = await site.ask("GET", path)
        assert answer.status == 200
        away = {"line": "duo:2", "state": "absent", "reason": "switched off: switch it on"}
        lines = {"ready": 2, "total": 3}
        assert answer.json == {"status": "ready", "reason": "", "lines": lines, "lines_not_ready": [away]}


async def test_is_not_ready_when_nothing_can_be_kept_and_says_why(site: HttpSite) -> None:
    await site.close_store()
    answer = await site.ask("GET", "/readyz")
    assert (answer.status, answer.json["status"]) == (503, "not ready")
    assert "closed" in answer.json["reason"]
