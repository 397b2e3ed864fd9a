"""Emulated SMS providers with a link to each that no bridge has open, and bridges whose line is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge.model.radio import Held, Inbound
from bridge.ports.driver import Device
from device_drivers._cloud.link import CloudLink
from device_drivers.aliyun.api import Aliyun as AliyunApi
from device_drivers.aliyun.options import Options as AliyunOptions
from device_drivers.tencent.api import Tencent as TencentApi
from device_drivers.tencent.options import Options as TencentOptions
from device_drivers.virtual.cloud.aliyun import Aliyun
from device_drivers.virtual.cloud.tencent import Tencent
from tests.support.callback_site import CallbackSite
from tests.support.running import Bridge, config, running

SECRET = "a-secret-of-sixteen"
#: the text of each provider's templates, at home and abroad
TEXT = "Your code is 1234"
TEMPLATES = {
    "tencent": {"1001": "Your code is {1}", "9001": "Your code is {1}"},
    "aliyun": {"SMS_1": "Your code is ${code}", "SMS_9": "Your code is ${code}"},
}
Emulated = Tencent | Aliyun


def provider_of(name: str) -> Emulated:
    """An emulated provider, not started."""
    return Tencent(TEMPLATES[name]) if name == "tencent" else Aliyun(TEMPLATES[name])


@dataclass
class LinkSite:
    """An open link, and what came in by it."""

    provider: Emulated
    link: CloudLink
    site: CallbackSite
    came: list[Inbound] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Take in what comes, and acknowledge it."""
        async for item in self.link.inbound():
            if isinstance(item, Held):
                continue
            self.came.append(item)
            await self.link.acknowledge(item)
            self._news.set()

    async def has(self, count: int) -> list[Inbound]:
        """Everything that came, once it is so many."""
        async with asyncio.timeout(30):
            while len(self.came) < count:
                self._news.clear()
                await self._news.wait()
        return self.came

    async def asked(self, action: str, count: int) -> None:
        """Wait until the provider was asked so many times."""
        async with asyncio.timeout(30):
            while sum(each == action for each, _ in self.provider.calls) < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def linked(name: str, provider: Emulated | None = None, **options: Any) -> AsyncIterator[LinkSite]:
    """A link to a provider, whose callbacks reach it."""
    far = provider or provider_of(name)
    if provider is None:
        await far.start()
    site = CallbackSite()
    await site.start()
    given = {**far.options, "timeout": 2.0, "callback_secret": SECRET, **options}
    device = Device(name, name, given)
    if name == "tencent":
        chosen = TencentOptions.of(given)
        link = CloudLink(device, chosen, TencentApi(chosen), "Tencent Cloud SMS")
    else:
        other = AliyunOptions.of(given)
        link = CloudLink(device, other, AliyunApi(other), "Alibaba Cloud SMS")
    made = LinkSite(far, link, site)
    site.link = link
    listening = asyncio.get_running_loop().create_task(made.listen())
    try:
        yield made
    finally:
        await link.close()
        await asyncio.gather(listening, return_exceptions=True)
        await site.close()
        if provider is None:
            await far.close()


@dataclass
class CloudSite:
    """A running bridge whose line is an emulated provider."""

    name: str
    provider: Emulated
    bridge: Bridge


@asynccontextmanager
async def on_cloud(
    directory: Path, name: str, provider: Emulated | None = None, ready: bool = True, **options: Any
) -> AsyncIterator[CloudSite]:
    """A bridge whose callback URL the provider knows."""
    far = provider or provider_of(name)
    if provider is None:
        await far.start()
    device = Device(name, name, {**far.options, "timeout": 2.0, "callback_secret": SECRET, **options})
    settings = replace(config(directory, {}), devices={name: device})
    try:
        async with running(settings) as bridge:
            if ready:
                await bridge.ready(name)
            far.pushes.url = f"{bridge.url}/callbacks/{name}/{SECRET}"
            yield CloudSite(name, far, bridge)
    finally:
        if provider is None:
            await far.close()
