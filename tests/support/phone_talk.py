"""Commands for a virtual phone, without adb or a shell in between."""

import shlex
from dataclasses import dataclass
from typing import Any

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import Phone

LINE, SECOND, CUSTOMER = "+15550140", "+15550141", "+15550150"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed."""

    out: str
    err: str
    code: int


class Talk:
    """Somebody with a shell on a phone that is switched on; `off` when done."""

    def __init__(self, network: Network, sdk: int = 34, sims: int = 1, **phone: Any) -> None:
        self.phone = Phone(network, [LINE, SECOND][:sims], sdk=sdk, **phone)
        self.phone.faults.failed_after = 0.0
        self._network = network
        for sim in self.phone.sims:
            network.attach(sim)

    async def off(self) -> None:
        """Switch it off."""
        await self.phone.close()

    async def run(self, *argv: str) -> Said:
        """One command by its arguments."""
        said: dict[int, bytes] = {1: b"", 2: b""}

        def write(kind: int, data: bytes) -> None:
            said[kind] += data

        code = await self.phone.commands.run(list(argv), write)
        return Said(said[1].decode(), said[2].decode(), code)

    async def type(self, line: str) -> Said:
        """One command as a line."""
        return await self.run(*shlex.split(line))

    # -- what a right driver does -----------------------------------------------------------------
    async def text(self, text: str, to: str = CUSTOMER, sub: int = 1) -> Said:
        """Send in one piece, with the layout of the release."""
        return await self.run(*self._call(self._codes.text, ["s16", text, "i32", "0", "i32", "0"], to, sub))

    async def parts(self, *parts: str, to: str = CUSTOMER, sub: int = 1) -> Said:
        """Send in parts, with the layout of the release."""
        listed = [word for part in parts for word in ("s16", part)]
        rest = ["i32", str(len(parts)), *listed, "i32", "-1", "i32", "-1"]
        return await self.run(*self._call(self._codes.multipart, rest, to, sub))

    @property
    def _codes(self) -> "Codes":
        return codes(self.phone.state.sdk)

    def _call(self, code: int, rest: list[str], to: str, sub: int) -> list[str]:
        tag, number = (["i32", "-1"], ["i64", "0"]) if self.phone.state.sdk >= 30 else ([], [])
        head = ["service", "call", "isms", str(code), "i32", str(sub), "s16", "com.android.shell", *tag]
        return [*head, "s16", to, "i32", "-1", *rest, "i32", "1", *number]

    async def query(self, projection: str, uri: str = "content://sms", where: str = "", sort: str = "_id ASC") -> Said:
        """A content query."""
        more = ["--where", where] if where else []
        return await self.run("content", "query", "--uri", uri, "--projection", projection, *more, "--sort", sort)


@dataclass(frozen=True, slots=True)
class Codes:
    """Stated again on purpose: what the reference has, not what the phone's table has."""

    text: int
    multipart: int
    preferred: int


def codes(sdk: int) -> Codes:
    """Of a release (AOSP ISms.aidl)."""
    if sdk >= 30:
        return Codes(5, 8, 20)
    return Codes(6, 10, 22) if sdk >= 28 else Codes(6, 9, 20)
