"""Opens the HTTP servers: for callers, and for the command line.

With `bridge.daemon.run` it is all of the core that knows `api/`.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.config import obstacles
from bridge.config.role import Role
from bridge.config.schema import Config, Dialect
from bridge.daemon.dialling import Dialling
from bridge.daemon.reloading import Reloading
from bridge.dataclass import dataclass
from bridge.errors import ConfigError
from bridge.gateway.gateway import Gateway
from bridge.host import control_file, socket_activation
from bridge.host import tls as certificate
from bridge.host.notify import Reload
from bridge.host.tls import Certificate
from bridge.tasks import Tasks

if TYPE_CHECKING:
    from api.http.server import HttpServers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Front:
    """The open servers, with the URLs by which this machine reaches them."""

    #: of the bridge's own port
    url: str
    #: of the native API, with its prefix
    native: str
    #: path of the command line's socket; "" where there is none
    socket: str
    #: what to call when files may have changed on disk
    reloads: Sequence[Reload]


async def open_front(
    stack: AsyncExitStack,
    reloading: Reloading,
    gateway: Gateway,
    end: Callable[[BaseException], None],
    role: Role = Role.ALL,
) -> Front:
    """Open all servers; `stack` closes them and `end` is called when one dies. Raises ConfigError.

    With devices alone, health, metrics and the devices' providers are all that is answered besides commands.
    """
    from api.http.server import HttpServers

    config = reloading.config
    tls = _certificate(stack, config, end)
    servers = await stack.enter_async_context(HttpServers(config.http, tls.context if tls else None))
    urls = await _serve(stack, servers, gateway, config, role)
    url = urls[config.http.port]
    native = urls.get(config.port_of("native"), url) + config.dialects.get("native", Dialect()).prefix
    own = await _serve_ourselves(servers, gateway, config, needed=servers.tls is not None or role is Role.DEVICES)
    await _dial(stack, servers, gateway, reloading)
    return Front(url, native, own, [tls.renew] if tls else [])


def _certificate(stack: AsyncExitStack, config: Config, end: Callable[[BaseException], None]) -> Certificate | None:
    """Load the certificate and watch it for renewal; None for plain HTTP."""
    pair = certificate.configured(config.http)
    if pair is None:
        return None
    tls, tasks = Certificate(pair), Tasks("certificate", end)
    tasks.start(tls.watch(), "renewal")
    stack.push_async_callback(tasks.close)
    return tls


async def _serve(
    stack: AsyncExitStack, servers: "HttpServers", gateway: Gateway, config: Config, role: Role
) -> dict[int, str]:
    """Serve the bridge's port and each dialect's own port; returns port → URL for this machine."""
    from api.http.app import build_app

    urls, http, passed = {}, config.http, socket_activation.Sockets.of(os.environ)
    stack.callback(passed.close)
    for port, spoken in _spoken(config, role).items():
        readers = config.metrics.allow if config.metrics.enabled and port == http.port else None
        how = {**spoken, "public_url": http.public_url, "proxies": servers.proxies, "reading": servers.reading}
        app = build_app(gateway, **how, readers=readers)
        section = "http" if port == http.port else f"dialects.{min(spoken['dialects'])}"
        doors = passed.take(section, port) or await _doors(http.host, port, section)
        path = Path(http.socket) if http.socket and section == "http" else None
        try:
            await servers.listen(app, doors, path)
        except OSError as error:
            raise ConfigError([f"http.socket: cannot listen there: {obstacles.told(error, http.socket)}"]) from error
        host, number = doors[0].getsockname()[:2]
        urls[port] = control_file.address(host, number, secure=servers.tls is not None)
    passed.none_left()
    return urls


async def _serve_ourselves(servers: "HttpServers", gateway: Gateway, config: Config, needed: bool) -> str:
    """Serve the command line's Unix socket with the native API alone; "" when it cannot be made and is not needed."""
    from api.http.app import build_command_app

    path = config.directory / control_file.SOCKET
    try:
        await servers.listen_for_ourselves(build_command_app(gateway, os.geteuid()), path)
    except OSError as error:
        problem = f"store.url: no socket for the command line: {obstacles.told(error, path)}"
        if needed:
            why = "with TLS it needs one" if servers.tls is not None else "without a public API it needs one"
            raise ConfigError([f"{problem}; {why}"]) from error
        log.warning("%s; it uses the port", problem)
        return ""
    control_file.share(path, 0o660)
    return str(path.absolute())


async def _dial(stack: AsyncExitStack, servers: "HttpServers", gateway: Gateway, reloading: Reloading) -> None:
    """Dial the hubs that cannot reach us, and serve each the native API over its connection."""
    dialling: list[Dialling] = []

    async def adopt(config: Config) -> None:
        if config.hubs and not dialling:
            from api.http.app import build_app

            serve = await servers.serving_hubs(build_app(gateway, dialects={"native": ""}, reading=servers.reading))
            dialling.append(Dialling(serve))
            stack.push_async_callback(dialling[0].close)
        for each in dialling:
            await each.adopt(config.hubs)

    await adopt(reloading.config)
    reloading.on("hubs", apply=adopt)


def _spoken(config: Config, role: Role = Role.ALL) -> dict[int, dict[str, Any]]:
    """Port → dialects served there with their options. The bridge's own port is included for health checks."""
    from api.dialect.contract import discover
    from api.dialects import installed

    ports: dict[int, dict[str, Any]] = {config.http.port: {"dialects": {}, "options": {}}}
    if role is Role.DEVICES:
        return ports
    settings = {name: config.dialects.get(name, Dialect()) for name in installed()}
    for name, kind in discover({name for name, each in settings.items() if each.enabled}).items():
        each = settings[name]
        options = dict(each.options)
        if config.http.legacy_http_200 and "legacy_http_200" in kind.options:
            options.setdefault("legacy_http_200", True)
        spoken = ports.setdefault(config.port_of(name), {"dialects": {}, "options": {}})
        spoken["dialects"][name] = each.prefix or kind.prefix
        spoken["options"][name] = options
    return ports


async def _doors(host: str, port: int, section: str) -> Sequence[socket.socket]:
    """Listening sockets for a section of the configuration, which has the port."""
    from api.http.listener import bound

    try:
        return await bound(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"port {port} of {host} is in use by another program: choose another in [{section}] port"
        else:
            problem = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise ConfigError([f"{section}: {problem}"]) from error
