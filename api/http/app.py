"""The aiohttp application: dialects under their prefixes, health, and an answer for unknown paths.

There is no middleware: what a request costs over a bare handler is one wrapped call. Nothing here logs a
path's query, a header or a body, because keys and people's texts are in them.
"""

import logging
import secrets
import time
import traceback
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from api.dialect.auth import NEEDS
from api.dialect.contract import Dialect, Handler, Mount, Route, Site, discover
from api.dialects import installed
from api.http import peer
from api.http.bodies import READING, Reading, answer_early
from api.http.connections import Endings, begin
from api.http.errors import UnknownPath, WrongMethod
from api.http.proxies import NO_PROXIES, PROXIES, Proxies
from api.http.slashes import Slashes
from api.operations import callbacks, dialling, health, metrics
from api.page import routes as page
from bridge.dataclass import dataclass
from bridge.errors import BridgeError, ConfigError, TooManyRequests
from bridge.gateway.gateway import Gateway
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

#: bytes of a request line: a long text in a GET travels percent-encoded in it
MAX_LINE = 256 * 1024
#: bytes of a header field, and how many there may be: more than a browser behind two proxies sends
MAX_FIELD, MAX_FIELDS = 16 * 1024, 64
#: bytes of a body that are taken from a connection before anybody reads them; twice as many stop it
UNREAD = 32 * 1024
#: seconds for callers to take their answers when the bridge goes down
FAREWELL = 10.0

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mounted dialect."""

    dialect: Dialect
    prefix: str
    #: its paths as segments, with the prefix
    paths: tuple[tuple[str, ...], ...]

    def kinship(self, path: str) -> int:
        """How many leading segments an unknown path shares with a known one; 0 for one outside the prefix."""
        if not f"{path}/".startswith(f"{self.prefix}/"):
            return 0
        segments = tuple(path.split("/")[1:])
        return max(_shared(segments, known) for known in self.paths)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """The number of leading segments that two paths share."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


SITE = web.AppKey("site", Site)
MOUNTED = web.AppKey("mounted", tuple[Mounted, ...])


def build_app(
    gateway: Gateway,
    *,
    dialects: Mapping[str, str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    body_limits: Mapping[str, int] | None = None,
    public_url: str = "",
    proxies: Proxies = NO_PROXIES,
    reading: Reading | None = None,
    readers: Sequence[str] | None = None,
) -> web.Application:
    """Build the application for a gateway.

    `dialects` maps names to prefixes; None stands for all that are installed, each where it likes to be.
    `options` and `body_limits` (bytes) are by dialect name; `public_url` is where callers reach us; `proxies` are those
    whose word on callers is believed; `reading` bounds the reading of bodies; `readers` are the networks that may read
    `/metrics`, None for no such path.
    Raises ConfigError for what does not fit.
    """
    site, reading = Site(gateway, public_url.rstrip("/")), reading or Reading()
    known = discover(dialects)
    wanted = _wanted(known, dialects, options or {})
    app = web.Application()
    app[SITE], app[PROXIES], app[READING] = site, proxies, reading
    app.on_shutdown.append(_close)
    mounted: list[Mounted] = []
    slashes = Slashes(app.router)
    for name, prefix in wanted.items():
        limit = min((body_limits or {}).get(name, known[name].body_limit), reading.largest)
        mount = Mount(prefix.rstrip("/"), limit, (options or {}).get(name, {}))
        mounted.append(_mount(app, known[name](site, mount), mount.prefix, mounted, slashes))
    app[MOUNTED] = tuple(sorted(mounted, key=lambda one: -len(one.prefix)))
    if readers is not None:
        app.add_routes(metrics.routes(gateway, readers, bool(proxies.networks or proxies.unix or public_url)))
    app.router.register_resource(slashes)
    _add_own_paths(app, gateway, wanted)
    return app


def _add_own_paths(app: web.Application, gateway: Gateway, wanted: Mapping[str, str]) -> None:
    """Add what is no dialect's: health, providers' callbacks, the page beside the native API, and all other paths."""
    app.add_routes(health.routes(gateway))
    app.add_routes(dialling.routes(gateway))
    app.add_routes(callbacks.routes(gateway))
    if (native := wanted.get("native")) is not None:
        app.add_routes(page.routes(native.rstrip("/"), _front, demo=gateway.virtual is not None))
    elif wanted:
        app.router.add_get("/", _front)
    app.router.add_route("*", "/{tail:.*}", _nowhere)


def build_command_app(gateway: Gateway, owner: int) -> web.Application:
    """Build the application for the command line: the native API alone, on a Unix socket of user `owner` (uid)."""
    app = build_app(gateway, dialects={"native": ""})
    app[peer.OWNER] = owner
    return app


def runner(app: web.Application) -> web.AppRunner:
    """Build the runner: long request lines are allowed, and no log contains requests."""
    wire_log = log.getChild("wire")
    wire_log.addFilter(_without_bytes)
    return web.AppRunner(
        app,
        access_log=wire_log,
        access_log_class=Endings,
        logger=wire_log,
        max_line_size=MAX_LINE,
        max_field_size=MAX_FIELD,
        max_headers=MAX_FIELDS,
        read_bufsize=UNREAD,
        shutdown_timeout=FAREWELL,
        lingering_time=0.0,  # see `answer_early`
    )


def _without_bytes(record: logging.LogRecord) -> bool:
    """Drop the request line that aiohttp quotes when it cannot parse it, as it may contain a key.

    An invalid request is not a server error, whatever aiohttp calls it.
    """
    if record.exc_info and record.exc_info[0]:
        if issubclass(record.exc_info[0], HttpProcessingError):
            record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg = f"{record.getMessage()}: {record.exc_info[0].__name__}"
        record.args, record.exc_info = None, None
    return log.isEnabledFor(record.levelno)


def _wanted(
    known: Mapping[str, type[Dialect]], dialects: Mapping[str, str] | None, options: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, str]:
    """Name → prefix of the dialects to mount. Raises ConfigError for unknown dialects and missing options."""
    wanted = {name: kind.prefix for name, kind in known.items()} if dialects is None else dialects
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError([f"dialects.{name}: there is only {', '.join(installed())}" for name in unknown])
    if problems := [problem for name in wanted for problem in _misfits(known[name], options.get(name, {}))]:
        raise ConfigError(problems)
    return wanted


def _misfits(kind: type[Dialect], options: Mapping[str, Any]) -> list[str]:
    """Options that the dialect does not have; it validates their values itself."""
    known = ", ".join(kind.options) or "none"
    return [
        f"dialects.{kind.name}.options.{name}: no such option; there is {known}"
        for name in options
        if name not in kind.options
    ]


def _mount(app: web.Application, dialect: Dialect, prefix: str, before: Sequence[Mounted], slashes: Slashes) -> Mounted:
    """Add a dialect's paths. Raises ConfigError for one that another dialect answers."""
    routes = dialect.routes()
    mounted = Mounted(dialect, prefix, tuple(tuple(f"{prefix}{route.path}".split("/")[1:]) for route in routes))
    for other in before:
        if clash := next((path for path in mounted.paths for known in other.paths if _meet(path, known)), None):
            problem = f"/{'/'.join(clash)} is {other.dialect.name}'s already; give one of them a prefix or a port"
            raise ConfigError([f"dialects.{dialect.name}: {problem} of its own"])
    even = not any("{" in route.path for route in routes)
    for route in routes:
        handler = _guarded(dialect, route, app[SITE].gateway.metrics)
        path = f"{prefix}{route.path}"
        # with a slash at its end is how some vendors' clients write each path
        for written in (path,) if "{" in path else (path, f"{path}/"):
            slashes.add(app.router.add_route("*", written, handler).resource, prefix, even)
    return mounted


def _meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether some path matches both; a variable segment matches any."""
    return len(one) == len(other) and all(
        a == b or a.startswith("{") or b.startswith("{") for a, b in zip(one, other, strict=True)
    )


def _guarded(dialect: Dialect, route: Route, counts: Metrics) -> Handler:
    """Wrap a route's handler: errors in the dialect's format, counted and timed."""
    refuse = route.refuse or dialect.refuse
    needs = {method: route.needs_of(method) for method in route.methods}

    async def answer(request: web.Request) -> web.StreamResponse:
        connection = begin(request)
        began = time.perf_counter()
        response: web.StreamResponse
        try:
            if request.method in route.methods:
                NEEDS.set(needs[request.method])
                response = await route.handler(request)
            elif request.method == "OPTIONS" and dialect.cors:
                response = web.Response(status=204, headers=CORS)
            else:
                raise WrongMethod(route.methods)
        except BridgeError as error:
            counts.refused(error)
            response = refuse(error)
        except Exception as error:
            response = refuse(_mishap(error, route.path))
        finally:
            request.app[READING].release(request)
        seconds = None  # one that goes on for as long as its caller listens has no duration
        if isinstance(response, web.Response):
            if connection is not None and not connection.hold(_length(response)):
                response = refuse(TooManyRequests(5, "Too many long answers wait to be read by their callers."))
            seconds = time.perf_counter() - began
        counts.answered(dialect.name, response.status, seconds)
        if isinstance(response, web.Response):
            await answer_early(request, response)
        return response

    return answer


def _length(response: web.Response) -> int:
    """The size of an answer's body in bytes."""
    body = response.body
    return len(body) if isinstance(body, bytes) else 0


def _mishap(error: Exception, path: str) -> BridgeError:
    """Log an exception's place without its message, which may contain a text or a key."""
    number = secrets.token_hex(4)
    where = "".join(traceback.format_tb(error.__traceback__))
    told = {"sms_reference": number}
    log.error("%s in %s (reference %s)\n%s", type(error).__name__, path, number, where, extra=told)
    return BridgeError(f"Something went wrong inside the bridge; its log has more under {number}.")


async def _close(app: web.Application) -> None:
    app[SITE].closing.set()


async def _front(request: web.Request) -> web.Response:
    """A short description for browsers."""
    lines = [f"  {one.prefix or '/'}  {one.dialect.name}: {one.dialect.about}" for one in request.app[MOUNTED]]
    text = "sms-bridge: REST in, SMS out, received SMS back as webhooks.\n\nDialects spoken here\n"
    return web.Response(text=text + "\n".join(lines) + "\n\nHealth: /livez, /readyz\n")


async def _nowhere(request: web.Request) -> web.Response:
    """Answer an unknown path, whatever comes with it."""
    begin(request)
    response = _unknown(request)
    await answer_early(request, response)
    return response


def _unknown(request: web.Request) -> web.Response:
    """An unknown path's answer in the format of the most similar dialect, else in the bridge's own."""
    path = request.path
    mounted = request.app[MOUNTED]
    nearest = max(mounted, key=lambda one: one.kinship(path), default=None)
    if nearest is not None and nearest.kinship(path):
        return nearest.dialect.refuse(UnknownPath())
    spoken = {one.dialect.name: {"prefix": one.prefix, "about": one.dialect.about} for one in request.app[MOUNTED]}
    answer = {"error": "not_found", "message": "There is nothing at this path.", "dialects": spoken}
    return web.json_response(answer, status=404)
