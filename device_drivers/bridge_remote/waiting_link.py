"""A site that has not joined yet: one line that needs a person, until the site calls with its code."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from bridge.errors import DeviceLost, LinkError, Refusal, SendRefused
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.radio import Inbound, Outgoing, Sent
from bridge.ports.driver import Device
from device_drivers._api_link import now
from device_drivers.bridge_remote import enrolment, site
from device_drivers.bridge_remote.api import Api
from device_drivers.bridge_remote.options import Options

_WORDS = "the site has not joined yet: run `sms-bridge join CODE` there, with the code of `sms-bridge site add {}`"
_OTHER = (
    "another site has joined as {0}. If this one takes its place, at the hub sms-bridge site remove {0} and "
    "sms-bridge site add {0}; otherwise choose another name there"
)


class WaitingLink:
    """Implements `Link`, `Answering` and `Examining`."""

    def __init__(self, device: Device, options: Options) -> None:
        self._device = device
        self._options = options
        self._words = _WORDS.format(device.name)
        self._line = Line(device.name, device.name, device.driver, LineState.PARKED, reason=self._words)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turn = asyncio.Lock()

    @property
    def lines(self) -> Sequence[Line]:
        """One that stands for those of the site."""
        return (self._line,)

    def split(self, text: str) -> Sequence[str]:
        """The whole text."""
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Raises SendRefused."""
        raise SendRefused(self._words, Refusal.LINE)

    async def inbound(self) -> AsyncIterator[Inbound]:
        """Nothing. Raises DeviceLost once the site has joined."""
        for item in await self._nothing():
            yield item

    async def _nothing(self) -> Sequence[Inbound]:
        await asyncio.shield(self._over)
        raise DeviceLost("the site has joined")

    async def acknowledge(self, item: Inbound) -> None:
        """There is nothing to acknowledge."""

    async def refresh(self) -> Sequence[Line]:
        """The line."""
        self._line = replace(self._line, seen_at=now())
        return self.lines

    async def examine(self) -> Sequence[Finding]:
        """That somebody has to see to it."""
        remedy = f"a code is good for {enrolment.HOURS} hours; a new one: sms-bridge site add {self._device.name}"
        return [Finding("warn", f"devices.{self._device.name}", self._words, remedy)]

    async def answer(self, callback: Callback) -> Reply:
        """A site that joins: taken in when it has the code, and is found where it says it is."""
        if callback.method not in ("GET", "POST") or callback.path.rstrip("/") != "join":
            return _reply(404, "sites join with POST …/join")
        if callback.method == "GET":  # a site that looks whether it has joined this hub before
            return _reply(200, "a site joins here with POST", hub=await enrolment.identity(self._device))
        try:
            told = enrolment.given(callback.body)
        except ValueError as error:
            return _reply(400, str(error))
        if not enrolment.is_right(self._options, told["secret"], now() // 1000):
            return _reply(403, "this code is not the last one that was made for the site, or its time is over")
        if enrolment.is_another(self._device.memory, told["site"]):
            return _reply(409, _OTHER.format(self._device.name))
        async with self._turn:
            if self._over.done():
                return _reply(403, "this code was used already")
            if told["dial_key"]:
                return await self._admit("", told["key"], told["dial_key"], told["site"], [])
            return await self._join(told["url"], told["key"], told["site"])

    async def _join(self, url: str, key: str, this: str) -> Reply:
        chosen = replace(self._options, url=url, key=key)
        try:
            api = await Api.by_network(chosen)
        except SendRefused as refusal:
            return _reply(502, f"the hub does not reach the site at {url}: {refusal.message}")
        try:
            found = await site.ask(api, chosen)
        except LinkError as error:
            return _reply(502, f"the hub does not reach the site at {url}: {error.message}")
        finally:
            await api.close()
        return await self._admit(url, key, "", this, [str(each["name"]) for each in found.lines])

    async def _admit(self, url: str, key: str, dial_key: str, this: str, lines: Sequence[str]) -> Reply:
        await enrolment.keep(self._device.memory, self._options, url, key, dial_key, this, now() // 1000)
        if not self._over.done():
            self._over.set_result(None)
        return _reply(200, "welcome", lines=list(lines))

    async def close(self) -> None:
        """Stop waiting. Never raises."""
        if not self._over.done():
            self._over.set_result(None)


def _reply(status: int, detail: str, **more: object) -> Reply:
    return Reply(status, json.dumps({"detail": detail, **more}).encode(), "application/json")
