"""`POST /tiny?key=…&to=…&text=…`, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Mount, Route, Sample, Site
from api.http.parameters import read_parameters
from bridge.errors import BridgeError
from bridge.model.message import Draft, State
from bridge.model.scope import SEND


class Tiny:
    """Obeys `api.dialect.contract.Dialect`."""

    name: ClassVar[str] = "tiny"
    about: ClassVar[str] = "the smallest dialect there can be"
    prefix: ClassVar[str] = ""
    body_limit: ClassVar[int] = 1000
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {}
    STATE_WORDS: ClassVar[Mapping[State, str]] = {state: state.value for state in State}
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], int]] = {BridgeError: 400}

    def __init__(self, site: Site, mount: Mount) -> None:
        self._gateway, self._mount = site.gateway, mount

    def routes(self) -> Sequence[Route]:
        return [Route("/tiny", self._send, SEND)]

    def refuse(self, error: BridgeError) -> web.Response:
        return web.json_response({"error": error.message}, status=400)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        query = urlencode({"key": credentials["tiny_key"], "to": recipient, "text": text})
        return Sample("POST", f"{self._mount.prefix}/tiny?{query}", {}, b"")

    async def _send(self, request: web.Request) -> web.Response:
        asked = await read_parameters(request, self._mount.body_limit)
        account = await auth.enter(self._gateway, request, "tiny", "", asked.need("key"))
        draft = Draft(asked.need_number("to"), asked.need("text"), client_ref="order-1", dialect=self.name)
        done: Any = await self._gateway.submit(account, (draft,))
        return web.json_response({"id": done.messages[0].id})
