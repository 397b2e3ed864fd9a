"""`/callbacks/DEVICE`: receives a provider's webhooks; the device's driver authenticates and answers them."""

from collections.abc import Sequence

from aiohttp import web

from api.http.bodies import READING, answer_early, read_body
from api.http.connections import begin
from api.http.errors import BodyTooLarge, BodyTooSlow
from api.http.proxies import address
from bridge.errors import BadRequest, BridgeError, NoSuchThing, TooManyRequests
from bridge.gateway.gateway import Gateway
from bridge.model.callback import Callback

#: bytes of the largest one; Meta sends up to 1,000 updates at once
LARGEST = 4 * 1024 * 1024
PREFIX = "/callbacks"
#: what is wrong with the request itself; all else is the bridge's own trouble, and the provider comes again
_STATUS: dict[type[BridgeError], int] = {
    NoSuchThing: 404, BodyTooLarge: 413, BodyTooSlow: 408, BadRequest: 400, TooManyRequests: 429,
}  # fmt: skip


def routes(gateway: Gateway) -> Sequence[web.RouteDef]:
    """The routes of all devices. They need no key: each driver authenticates its provider."""

    async def answer(request: web.Request) -> web.Response:
        begin(request)
        try:
            body = await read_body(request, LARGEST)
            reply = await gateway.call_back(request.match_info["device"], _callback(request, body))
            response = web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)
        except BridgeError as error:
            status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 503)
            response = web.Response(status=status, text=f"{error.message}\n")
        finally:
            request.app[READING].release(request)
        await answer_early(request, response)
        return response

    paths = (f"{PREFIX}/{{device}}", f"{PREFIX}/{{device}}/{{rest:.*}}")
    return [web.route(method, path, answer) for path in paths for method in ("GET", "POST")]


def _callback(request: web.Request, body: bytes) -> Callback:
    headers = {name.lower(): value for name, value in request.headers.items()}
    rest = request.match_info.get("rest", "")
    return Callback(request.method, dict(request.query), headers, body, rest, address(request))
