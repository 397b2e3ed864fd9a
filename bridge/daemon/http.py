"""Opens the HTTP servers: for callers, and for the command line.

With `bridge.daemon.run` it is all of the core that knows `api/`.
"""

import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.config.schema import Config, Dialect
from bridge.errors import ConfigError
from bridge.gateway.gateway import Gateway
from bridge.host import control_file, socket_activation
from bridge.host import tls as certificate
from bridge.host.notify import Reload
from bridge.host.tls import Certificate
from bridge.tasks import Tasks

if TYPE_CHECKING:
    from api.http.server import Serving

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
    stack: AsyncExitStack, config: Config, gateway: Gateway, end: Callable[[BaseException], None]
) -> Front:
    """Open all servers; `stack` closes them and `end` is called when one dies. Raises ConfigError."""
    from api.http.server import Serving

    tls = _certificate(stack, config, end)
    serving = await stack.enter_async_context(Serving(config.http, tls.context if tls else None))
    urls = await _serve(stack, serving, gateway, config)
    url = urls[config.http.port]
    native = urls.get(config.port_of("native"), url) + config.dialects.get("native", Dialect()).prefix
    own = await _serve_ourselves(serving, gateway, config)
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


async def _serve(stack: AsyncExitStack, serving: "Serving", gateway: Gateway, config: Config) -> dict[int, str]:
    """Serve the bridge's port and each dialect's own port; returns port → URL for this machine."""
    from api.http.app import build_app

    urls, http, passed = {}, config.http, socket_activation.Sockets.of(os.environ)
    stack.callback(passed.close)
    for port, spoken in _spoken(config).items():
        readers = config.metrics.allow if config.metrics.enabled and port == http.port else None
        how = {**spoken, "public_url": http.public_url, "proxies": serving.proxies, "reading": serving.reading}
        app = build_app(gateway, **how, readers=readers)
        section = "http" if port == http.port else f"dialects.{min(spoken['dialects'])}"
        doors = passed.take(section, port) or await _doors(http.host, port, section)
        path = Path(http.socket) if http.socket and section == "http" else None
        try:
            await serving.listen(app, doors, path)
        except OSError as error:
            raise ConfigError([f"http.socket: cannot listen on {path}: {error.strerror or error}"]) from error
        host, number = doors[0].getsockname()[:2]
        urls[port] = control_file.address(host, number, secure=serving.tls is not None)
    passed.none_left()
    return urls


async def _serve_ourselves(serving: "Serving", gateway: Gateway, config: Config) -> str:
    """Serve the command line's Unix socket with the native API alone; "" when it cannot be made."""
    from api.http.app import build_command_app

    path = config.directory / control_file.SOCKET
    try:
        await serving.listen_for_ourselves(build_command_app(gateway, os.geteuid()), path)
    except OSError as error:
        problem = f"store.url: cannot make {path} for the command line: {error.strerror or error}"
        if serving.tls is not None:
            raise ConfigError([f"{problem}; with TLS it needs one"]) from error
        log.warning("%s; it uses the port", problem)
        return ""
    return str(path.absolute())


def _spoken(config: Config) -> dict[int, dict[str, Any]]:
    """Port → dialects served there with their options. The bridge's own port is included for health checks."""
    from api.dialect.contract import discover

    ports: dict[int, dict[str, Any]] = {config.http.port: {"dialects": {}, "options": {}}}
    for name, kind in discover().items():
        each = config.dialects.get(name, Dialect())
        if not each.enabled:
            continue
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
