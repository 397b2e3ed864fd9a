"""How a second process finds the running bridge and talks to it.

The bridge leaves `control.json` next to its store: where it answers, and a bearer token of the
operator account that is made at each start. The file is readable by the bridge's own user alone, so
whoever can read it may steer the bridge. Beside it is a Unix socket for the same user: there no certificate
for another name, no proxy and no crowd of callers stands between a command and the bridge.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, StreamReader, UnixConnector

from bridge.accounts import credentials
from bridge.config.field import Secret
from bridge.errors import BridgeError, NoSuchThing
from bridge.model.account import Account
from bridge.ports.store import AccountStore
from bridge.ports.store_rows import Credential

FILE = "control.json"
#: beside it: a Unix socket for our own user, by which commands reach the bridge whatever its ports speak
SOCKET = "control.sock"
#: names the account that a call is made for
ACCOUNT_HEADER = "SMS-Bridge-Account"
CALL_TIMEOUT = 15.0  # seconds; the bridge answers from its own disk
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - looked up, not listened on


class NotRunning(BridgeError):
    """The bridge is not running."""


class Declined(BridgeError):
    """The bridge did not do what it was asked; the message is its own sentence."""


@dataclass(frozen=True, slots=True)
class Control:
    """What is in `control.json`."""

    url: str
    token: Secret
    pid: int
    #: path of the bridge's Unix socket; "" where there is none, and the URL is all there is
    socket: str = ""
    #: release that runs; "" for one that did not say
    version: str = ""


async def grant(store: AccountStore, now: int) -> Secret:
    """A new token for the command line; the one of an earlier start ends."""
    try:
        await store.account(credentials.OPERATOR)
    except NoSuchThing:
        await store.add_account(Account(credentials.OPERATOR, created_at=now, operator=True), [])
    token = credentials.new_of_kind(credentials.OPERATOR, "apikey")["apikey"]
    await store.add_credential(credentials.OPERATOR, Credential("apikey", "", credentials.digest(token)), replace=True)
    return Secret(token)


def address(host: str, port: int, secure: bool = False) -> str:
    """The URL by which this machine reaches a server that listens on `host`."""
    scheme, host = "https" if secure else "http", _EVERY_ADDRESS.get(host, host)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def write(directory: Path, control: Control) -> None:
    """Leave the file; it appears whole and was never readable by others."""
    path = directory / FILE
    fresh = path.with_suffix(f".{control.pid}")
    told = {"url": control.url, "token": str(control.token), "pid": control.pid}
    more = {"socket": control.socket, "version": control.version}
    text = json.dumps(told | {key: value for key, value in more.items() if value})
    with suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    fresh.replace(path)


def remove(directory: Path, pid: int) -> None:
    """Take the file away when it is still that process's own."""
    with suppress(FileNotFoundError, NotRunning):
        if _read(directory / FILE).pid == pid:
            (directory / FILE).unlink()


def find(directory: Path, start: str) -> Control:
    """The bridge whose store is in `directory`; `start` is the command that would start it. Raises NotRunning."""
    path = directory / FILE
    advice = f"the bridge is not running; start it with: {start}"
    try:
        control = _read(path)
    except FileNotFoundError:
        raise NotRunning(advice) from None
    except PermissionError:
        owner = _owner(path)
        raise NotRunning(
            f"{path} is for the user {owner}, who runs the bridge: try sudo -u {owner} sms-bridge …"
        ) from None
    if not _alive(control.pid):
        raise NotRunning(advice)
    return control


def _read(path: Path) -> Control:
    try:
        found = json.loads(path.read_text())
        more = (str(found.get(key, "")) for key in ("socket", "version"))
        return Control(str(found["url"]), Secret(found["token"]), int(found["pid"]), *more)
    except (ValueError, KeyError, TypeError):
        raise NotRunning(f"{path} is damaged: stop the bridge, delete the file and start the bridge again") from None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError):
        return "root"


class Client:
    """Calls of the native API with the operator's token; an asynchronous context manager.

    Raises NotRunning when nobody answers, Declined with the bridge's own sentence.
    """

    def __init__(self, control: Control, start: str, account: str = "") -> None:
        self.url = control.url
        self._base = "http://localhost" if control.socket else control.url
        connector = UnixConnector(control.socket) if control.socket else None
        self._start = start
        headers = {"Authorization": f"Bearer {control.token}"}
        if account:
            headers[ACCOUNT_HEADER] = account
        self._session = ClientSession(connector=connector, headers=headers, timeout=ClientTimeout(total=CALL_TIMEOUT))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, query: Mapping[str, str] | None = None, patience: float = CALL_TIMEOUT) -> Any:
        """The JSON at a path; `patience` in seconds."""
        return await self._call("GET", path, params=query, timeout=ClientTimeout(total=patience))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask for something to be done."""
        return await self._call("POST", path, json=dict(body or {}))

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with self._session.request(method, self._base + path, **options) as response:
                text = await response.text()
                if response.ok:
                    return json.loads(text)
                raise Declined(_sentence(text) or f"the bridge answered {response.status} to {method} {path}")
        except (ClientConnectionError, TimeoutError) as error:
            raise self._not_running(error) from error

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Events as they happen; whoever is inside misses none of what comes from then on."""
        timeout = ClientTimeout(total=None, connect=CALL_TIMEOUT)
        try:
            async with self._session.get(f"{self._base}/v1/events", timeout=timeout) as response:
                if not response.ok:
                    raise Declined(_sentence(await response.text()) or f"the bridge answered {response.status}")
                yield _events(response.content)
        except (ClientConnectionError, TimeoutError) as error:
            raise self._not_running(error) from error

    def _not_running(self, error: BaseException) -> NotRunning:
        if isinstance(error, TimeoutError):
            return NotRunning(f"the bridge at {self.url} does not answer; restart it with: {self._start}")
        return NotRunning(f"the bridge is not running (nobody answers at {self.url}); start it with: {self._start}")


async def _events(content: StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The `data` of server-sent events (WHATWG HTML, "Server-sent events"); comments only keep the line alive."""
    async for raw in content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


def _sentence(text: str) -> str:
    """The sentence in an error answer (RFC 9457), with the field at fault."""
    try:
        problem = json.loads(text)
        field, detail = problem.get("field", ""), str(problem["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f"{field}: {detail}" if field else detail
