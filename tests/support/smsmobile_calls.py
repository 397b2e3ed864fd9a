"""Calls of the smsmobile dialect, for its tests."""

from typing import Any

from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, Answer, HttpSite

KEY = CREDENTIALS["apikey"]
TO = "+15550123"


async def send(site: HttpSite, path: str = "/sendsms", **params: Any) -> Answer:
    """A form POST with key, number and text unless said otherwise; a parameter that is None is left out."""
    form = {"apikey": KEY, "recipients": TO, "message": "hello"} | params
    return await site.ask("POST", path, data={name: value for name, value in form.items() if value is not None})


async def set_terms(site: HttpSite, change: AccountChange) -> None:
    """Change what the account may do, and wait until authentication goes by it."""
    await site.gateway.administration.change_account("test", "shop", change)
    site.clock.at += 1001


async def sent_id(site: HttpSite, **params: Any) -> str:
    """Send, and the id of what was accepted."""
    answer = await send(site, **params)
    assert answer.status == 200, answer.body
    return str(answer.json["result"]["id"])


async def get(site: HttpSite, path: str, **params: Any) -> Answer:
    """A GET with the key and these parameters."""
    return await site.ask("GET", path, params={"apikey": KEY} | params)


async def result(site: HttpSite, path: str, **params: Any) -> Any:
    """What a GET that goes well has under `result`."""
    answer = await get(site, path, **params)
    assert answer.status == 200, answer.body
    return answer.json["result"]
