"""Meta's webhooks: signed over the bytes, several updates in one, and repeated until they are answered 200."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bridge.tasks import Tasks
from device_drivers.virtual.whatsapp.faults import Faults

#: its kind, what it says, and who it is about where that is told
Update = tuple[str, Mapping[str, Any], Mapping[str, Any] | None]
#: updates in one request at most
MOST = 1000
#: seconds that Meta waits for an answer
PATIENCE = 30.0


class Webhooks:
    """Delivers what happens to one callback URL."""

    def __init__(self, secret: str, faults: Faults, metadata: Mapping[str, str]) -> None:
        #: where to; nothing is delivered while it is ""
        self.url = ""
        #: every request that was answered 200, as it was sent
        self.delivered: list[bytes] = []
        #: how many were not
        self.refused = 0
        self._secret = secret
        self._faults = faults
        self._metadata = metadata
        self._tasks = Tasks("virtual webhooks")
        self._session: aiohttp.ClientSession | None = None
        self._waiting: list[Update] = []

    def tell(self, kind: str, update: Mapping[str, Any], contact: Mapping[str, Any] | None = None) -> None:
        """One of `messages` or `statuses` happened; what happens at the same time goes in one request."""
        self._waiting.append((kind, update, contact))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            body = self._body(batch)
            for _ in range(2 if self._faults.twice else 1):
                self._tasks.start(self._deliver(body), "webhook")

    def _body(self, batch: list[Update]) -> bytes:
        changes = [{"field": "messages", "value": self._value(*update)} for update in batch]
        told = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": changes}]}
        # as Meta's: characters outside of ASCII are escaped
        return json.dumps(told).encode()

    def _value(self, kind: str, update: Mapping[str, Any], contact: Mapping[str, Any] | None) -> dict[str, Any]:
        value = {"messaging_product": "whatsapp", "metadata": self._metadata, kind: [update]}
        return value if contact is None else {**value, "contacts": [contact]}

    def signature(self, body: bytes) -> str:
        """`X-Hub-Signature-256`."""
        return "sha256=" + hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()

    async def _deliver(self, body: bytes) -> None:
        pause = self._faults.retry_delay
        while not await self.post(body):
            self.refused += 1
            await asyncio.sleep(pause)
            pause *= 2
        self.delivered.append(body)

    async def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> bool:
        """Once, signed unless other `headers` are given; whether it was answered 200, which alone counts."""
        if not self.url:
            return False
        headers = headers if headers is not None else {"X-Hub-Signature-256": self.signature(body)}
        try:
            async with self._open().post(
                self.url, data=body, headers={"Content-Type": "application/json", **headers}
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def subscribe(self, url: str, token: str) -> bool:
        """Meta's handshake: only a URL that gives the challenge back becomes the callback."""
        challenge = "1158201444"
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        try:
            async with self._open().get(url, params=query) as answer:
                if answer.status != 200 or await answer.text() != challenge:
                    return False
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
        self.url = url
        return True

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        return self._session

    async def close(self) -> None:
        """Deliver nothing more."""
        await self._tasks.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
