"""Run by a test in a process of its own: puts the folder `tiny` among the dialects, and uses it. Writes JSON."""

import asyncio
import json
import sys
from datetime import UTC
from pathlib import Path

import api.dialects

api.dialects.__path__.append(str(Path(__file__).parent))
api.dialects.declare()

from api.webhooks.payloads import formats  # noqa: E402 - the dialect has to be there first
from bridge.accounts.credentials import new_credentials  # noqa: E402
from bridge.model.account import Account  # noqa: E402
from bridge.model.message import State  # noqa: E402
from tests.support.http_site import open_site  # noqa: E402


async def main(folder: Path) -> None:
    printed, kept = new_credentials("clinic")
    async with open_site(folder, dialects={"tiny": ""}) as site:
        clinic = Account("clinic", site.clock.at)
        await site.store.add_account(clinic, kept)
        endpoint = await site.gateway.endpoints.add("test", clinic, "http://127.0.0.1:9/hook", "tiny_push")
        form = {"key": printed["tiny_key"], "to": "+15550123", "text": "hello"}
        accepted = await site.ask("POST", "/tiny", params=form)
        refused = await site.ask("POST", "/tiny", params=form | {"key": "wrong"})
        await site.bring(accepted.json["id"], State.SENT)
        ((delivery, event),) = await site.store.owed(endpoint.id, 10)
    body = formats(UTC)["tiny_push"].render(event)
    told = {
        "statuses": [accepted.status, refused.status],
        "attempts": endpoint.max_attempts,
        "event": delivery.event,
        "body": json.loads(body),
    }
    sys.stdout.write(json.dumps(told))


asyncio.run(main(Path(sys.argv[1])))
