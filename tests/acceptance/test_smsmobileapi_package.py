"""The vendor's own Python package, as it is on PyPI, against the bridge: only its two addresses are changed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import foreign
from tests.support.http_site import CREDENTIALS, HttpSite, open_site

VERSIONS = ("1.0.10", "2.0.1")

SCRIPT = """
import json, sys
from smsmobileapi import SMSSender

url, key, to, text = sys.argv[1:]
sender = SMSSender(key)
sender.api_url_send = url + "/sendsms"
sender.api_url_received = url + "/getsms"
print(json.dumps([sender.send_message(to=to, message=text), sender.get_received_messages()]))
"""


@pytest.fixture(scope="session", params=VERSIONS)
def package(request: pytest.FixtureRequest) -> Path:
    """The package in a folder of its own."""
    return foreign.from_pypi(request.config.cache, f"smsmobileapi=={request.param}")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path) as opened:
        yield opened


async def run(package: Path, site: HttpSite, key: str, to: str, text: str) -> Any:
    """What the package's two calls returned."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", SCRIPT, site.url, key, to, text,
        stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


async def test_sends_and_reads(package: Path, site: HttpSite) -> None:
    first, second = await site.hear("earlier"), await site.hear("Grüße 🙂", "MPESA")
    sent, inbox = await run(package, site, CREDENTIALS["apikey"], "+15550123", "Olá, 100% ok & more 🙂\nsecond line")
    message = await site.the_message()
    assert (message.recipient, message.text) == ("+15550123", "Olá, 100% ok & more 🙂\nsecond line")
    assert message.tag == "python"
    assert sent["result"]["id"] == message.id
    assert (sent["result"]["error"], sent["result"]["sent"]) == (0, "1")
    assert [row["guid"] for row in inbox["result"]["sms"]] == [second.id.upper(), first.id.upper()]
    assert inbox["result"]["sms"][0]["message"] == "Grüße 🙂"


async def test_reports_a_wrong_key_as_an_error(package: Path, site: HttpSite) -> None:
    sent, inbox = await run(package, site, "0" * 48, "+15550123", "hello")
    assert "403" in sent["error"]
    assert "403" in inbox["error"]
    assert not await site.messages()
