"""How a site joins a hub: by a code that is good once, the site tells the hub where it is and gives it a key.

The hub's configuration has the digest of the code's secret and its end. What the site told is in the hub's store, in
the memory of the device.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bridge.dataclass import dataclass
from bridge.ports.driver import Device, Memory
from device_drivers.bridge_remote.options import Options, problems

#: hours for which a code is good
HOURS = 48
_URL, _KEY, _DIAL, _USED = "url", "key", "dial", "joined"
#: of the site itself, and Unix seconds of when it joined
_SITE, _SINCE = "of", "since_joined"
#: what `forget` ends: not the position in its events
_ENROLLED = (_URL, _KEY, _DIAL, _USED, _SITE, _SINCE)
#: in whose memory a bridge keeps what it is, and which hubs it has joined; no device has a dot in its name
THIS_BRIDGE, IDENTITY = "this.bridge", "identity"
_PREFIX = "site1-"


@dataclass(frozen=True, slots=True)
class Code:
    """What is carried to the site."""

    #: of the hub
    url: str
    #: of the site, there
    name: str
    secret: str

    def written(self) -> str:
        """In one word."""
        told = json.dumps([self.url, self.name, self.secret], separators=(",", ":"))
        return _PREFIX + base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @property
    def callback(self) -> str:
        """Where the site tells the hub."""
        return f"{self.url.rstrip('/')}/callbacks/{self.name}/join"


def new_code(url: str, name: str) -> Code:
    """A code that nobody else has."""
    return Code(url, name, secrets.token_urlsafe(24))


def read_code(written: str) -> Code:
    """Raises ValueError for what is no code."""
    body = "".join(written.split())
    if not body.startswith(_PREFIX):
        raise ValueError(f"a code begins with {_PREFIX}")
    body = body.removeprefix(_PREFIX)
    try:
        url, name, secret = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error) as error:
        raise ValueError("this is not a whole code: copy it again") from error
    return Code(str(url), str(name), str(secret))


def option(secret: str, ends_at: int) -> str:
    """What `join` in the hub's configuration is for this secret, until then (Unix seconds)."""
    return f"{_digest(secret)}.{ends_at}"


def _digest(secret: str) -> str:
    # whoever calls may send what is no text
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_awaited(options: Options, memory: Memory) -> bool:
    """Whether a site is to join by a code that was not used yet."""
    return bool(options.join) and memory.get(_USED) != options.join


def known(options: Options, memory: Memory) -> Options:
    """The options with what the site told when it joined, where they do not say it themselves."""
    return replace(
        options, url=options.url or memory.get(_URL) or "", key=options.key or memory.get(_KEY) or ""
    )  # fmt: skip


def is_dialled(options: Options, memory: Memory) -> bool:
    """Whether the site dials in, and is reached by that."""
    return not options.url and bool(options.dial_key or memory.get(_DIAL))


def is_dialled_with(options: Options, memory: Memory, key: str) -> bool:
    """Whether the site dials in by this key; the store has its digest."""
    if is_awaited(options, memory) or not is_dialled(options, memory):
        return False
    wanted = _digest(options.dial_key) if options.dial_key else memory.get(_DIAL) or ""
    return hmac.compare_digest(wanted.encode(), _digest(key).encode())


def given(body: bytes) -> Mapping[str, str]:
    """What a site tells: a secret, a key for the hub, and where it is or by what key it dials. Raises ValueError."""
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("this is no request of a site")
    found = {name: told.get(name, "") for name in ("secret", "url", "key", "dial_key", "site")}
    if not all(isinstance(each, str) for each in found.values()) or not (found["secret"] and found["key"]):
        raise ValueError("this is no request of a site")
    wrong = problems({name: found[name] for name in ("url", "key", "dial_key") if found[name]})
    if wrong:
        raise ValueError("; ".join(wrong))
    return found


def is_right(options: Options, secret: str, now: int) -> bool:
    """Whether the secret is that of the code, and its time (`now`: Unix seconds) is not over."""
    ends_at = options.join.partition(".")[2]
    return is_code_of(options.join, secret) and now < int(ends_at)


def is_code_of(option: str, secret: str) -> bool:
    """Whether this `join` of a configuration was written for the code with this secret."""
    return hmac.compare_digest(option.partition(".")[0].encode(), _digest(secret).encode())


def new_identity() -> str:
    """What no other bridge is."""
    return secrets.token_hex(8)


async def identity(device: Device) -> str:
    """What this bridge is, by whatever address it is reached; "" where nothing is kept."""
    if device.memory_of is None:
        return ""
    memory = await device.memory_of(THIS_BRIDGE)
    known = memory.get(IDENTITY)
    if not known:
        known = new_identity()
        await memory.put(IDENTITY, known)
    return known


def is_another(memory: Memory, site: str) -> bool:
    """Whether a site with this name has joined that is another one."""
    return bool(site) and (memory.get(_SITE) or site) != site


async def keep(
    memory: Memory, options: Options, url: str, key: str, dial_key: str = "", site: str = "", now: int = 0
) -> None:
    """The site has joined at this moment, and is at this URL or dials in by this key; its code is used."""
    await memory.put(_SITE, site)
    await memory.put(_SINCE, str(now or ""))
    await memory.put(_URL, url)
    await memory.put(_KEY, key)
    await memory.put(_DIAL, _digest(dial_key) if dial_key else "")
    await memory.put(_USED, options.join)


def forgotten() -> dict[str, str]:
    """What the memory of a device is told so that no site has joined."""
    return dict.fromkeys(_ENROLLED, "")


def joined_at(memory: Memory) -> int:
    """Unix seconds of when the site joined by a code; 0 where that is not known."""
    return int(memory.get(_SINCE) or 0)


def told_of(memory: Mapping[str, str], options: Mapping[str, Any]) -> tuple[str, int]:
    """How a site is reached, in words, and Unix seconds of when it joined, 0 where that is not known."""
    since = int(memory.get(_SINCE) or 0)
    chosen = Options.of(options)
    if chosen.join and memory.get(_USED) != chosen.join:
        return "has not joined yet", 0
    if not chosen.url and (chosen.dial_key or memory.get(_DIAL)):
        return "dials in", since
    return chosen.url or memory.get(_URL) or "", since
