"""Paths with more slashes than they have, over the real application."""

from pathlib import Path

import pytest

from api.http.slashes import plain
from tests.support.http_site import open_site


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/sendsms", "/sendsms"),
        ("/sendsms/", "/sendsms"),
        ("//sendsms", "/sendsms"),
        ("///sendsms/", "/sendsms"),
        ("//sendsms//", "/sendsms"),
        ("/v1//messages", "/v1//messages"),
        ("/", "/"),
        ("//", "/"),
    ],
)
def test_only_the_slashes_at_its_ends_are_taken_off(written: str, meant: str) -> None:
    assert plain(written) == meant


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/messages/some", 401),  # nobody said who they are
        ("/v1/messages/some/", 401),
        ("//v1/messages/some", 401),
        ("///v1/messages/some/?wait=1", 401),
        ("//v1/messages/", 401),
        ("//v1/messages/some/parts", 404),
        ("/v1//messages/some", 404),
        ("/v1/messages/some//", 401),
        (f"/v1/messages/some{'/' * 20_000}", 401),
        ("//livez", 404),
        ("//callbacks/cloud", 404),
    ],
)
async def test_a_dialects_path_is_found_and_nobody_elses(tmp_path: Path, path: str, status: int) -> None:
    async with open_site(tmp_path, dialects={"native": ""}) as site:
        assert (await site.ask("GET", path)).status == status


@pytest.mark.parametrize("path", ["/sendsms", "/in//front/sendsms", "/in/front//sendsms/", "/in/front//oauth2//token"])
async def test_behind_a_prefix_and_within_a_path_without_variables_too_many_change_nothing(
    tmp_path: Path, path: str
) -> None:
    async with open_site(tmp_path, dialects={"smsmobile": "/in/front", "account_v1": "", "native": "/own"}) as site:
        assert (await site.ask("GET", path)).status == (404 if path == "/sendsms" else 400)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/own//v1/messages/some", 401),
        ("//own///v1/messages", 401),
        ("/own/v1//messages", 404),
        ("/own//v1/messages//cancel", 404),  # an empty id is not the path that cancels many
        ("/api/v1//send", 200),
        ("/api//v1/send/", 200),
        ("/api/v1//sends", 404),
    ],
)
async def test_within_a_path_with_variables_none_is_taken_off(tmp_path: Path, path: str, status: int) -> None:
    async with open_site(tmp_path, dialects={"account_v1": "", "native": "/own"}) as site:
        assert (await site.ask("POST" if "api" in path else "GET", path)).status == status
