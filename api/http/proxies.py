"""Determines caller, scheme and host of requests that come through proxies.

Nobody is believed but the proxies of the configuration, and of what these pass on only what they added themselves:
a list is walked from its end, where the nearest of them wrote, as far as it names proxies that are trusted. One kind
of header alone is read, `X-Forwarded-*` or `Forwarded` (RFC 7239): a proxy that writes the one passes on the other
as a stranger wrote it.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from aiohttp import web
from multidict import CIMultiDictProxy

from bridge.dataclass import dataclass
from bridge.networks import Network, network, read, within

Headers = CIMultiDictProxy[str]

#: what a host may look like before it goes into an answer (RFC 9110 §7.2)
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
#: an address with or without a port, in brackets or not (RFC 7239 §6)
_NODE = re.compile(r"\[(?P<six>[^\]]*)\](:\w+)?|(?P<four>[0-9.]+)(:\w+)?|(?P<bare>[0-9A-Fa-f:.]+)(%\w+)?")
#: one pair of an element, or the comma before the next one (RFC 7239 §4); possessive, or a hostile header is slow
_PIECE = re.compile(
    r"""\s*+(?:(?P<comma>,)|;?+\s*+(?P<name>[\w!\#$%&'*+.^`|~-]++)=(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|"""
    r"""(?P<plain>[^\s";,]*+))\s*+|;)"""
)
#: hops that are looked at: more than any installation has, and less than a header of hostile length
MOST_HOPS = 32
#: characters of `Forwarded` that are read: a longer one is nobody's word
LONGEST = 4096
_SCHEMES = frozenset({"http", "https"})


class Origin(NamedTuple):
    """A request's origin, and how its caller addressed the bridge."""

    #: "" when it is not known: a Unix socket that no proxy uses
    address: str
    scheme: str
    #: with its port; "" when the request names none that can be one
    host: str


class Hop(NamedTuple):
    """What a proxy reports about its caller; "" for what it does not report."""

    node: str
    scheme: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The trusted proxies."""

    networks: tuple[Network, ...] = ()
    #: `forwarded` for RFC 7239, else `x-forwarded`
    headers: str = "x-forwarded"
    #: a program that may open our Unix socket is a proxy
    unix: bool = False

    @classmethod
    def of(cls, written: Sequence[str], headers: str = "x-forwarded", unix: bool = False) -> "Proxies":
        """Parse the trusted networks. Raises ValueError for an invalid address or network."""
        return cls(tuple(network(each) for each in written), headers, unix)

    def trusts(self, address: str) -> bool:
        """Whether the other end of a connection is trusted; "" is a Unix socket."""
        return within(address, self.networks) if address and self.networks else self.unix and not address

    def address(self, request: web.BaseRequest) -> str:
        """The address of `origin`, which is all that most requests need."""
        peer = request.remote or ""
        if peer and not self.networks:
            return plain(peer)
        return self.origin(request).address if self.trusts(peer) else plain(peer)

    def origin(self, request: web.BaseRequest) -> Origin:
        """A request's true origin, as far as it can be known."""
        peer = request.remote or ""
        hops: Sequence[Hop] = ()
        if self.trusts(peer):
            hops = _forwarded(request.headers) if self.headers == "forwarded" else _x_forwarded(request.headers)
        return self._walk(Origin(plain(peer), request.scheme, _host(request.headers.get("Host", ""))), hops)

    def _walk(self, origin: Origin, hops: Sequence[Hop]) -> Origin:
        """Follow `hops`, nearest first. An unreadable hop ends the walk at the proxy that wrote it."""
        for hop in hops:
            scheme = hop.scheme if hop.scheme in _SCHEMES else origin.scheme
            origin = Origin(origin.address, scheme, _host(hop.host) or origin.host)
            address = read_node(hop.node)
            if not address:
                break
            origin = origin._replace(address=address)
            if not within(address, self.networks):
                break
        return origin


NO_PROXIES = Proxies()
#: the proxies of an application
PROXIES = web.AppKey("proxies", Proxies)


def origin(request: web.Request) -> Origin:
    """The origin of a request to one of our applications."""
    return request.app[PROXIES].origin(request)


def address(request: web.Request) -> str:
    """The caller's address of a request to one of our applications."""
    return request.app[PROXIES].address(request)


def plain(address: str) -> str:
    """An IPv4-mapped IPv6 address as IPv4 (RFC 4291 §2.5.5.2), an IPv6 one without its zone."""
    if ":" not in address:
        return address
    found = read(address)
    return str(found) if found is not None else address


def read_node(node: str) -> str:
    """Parse an address written by a proxy; "" for garbage, `unknown` and obfuscated names."""
    found = _NODE.fullmatch(node.strip())
    address = read(found["six"] or found["four"] or found["bare"] or "") if found else None
    return "" if address is None else str(address)


def _host(value: str) -> str:
    return value if _HOST.fullmatch(value) else ""


def _x_forwarded(headers: Headers) -> Sequence[Hop]:
    """Parse X-Forwarded headers, nearest proxy first. Scheme and host count from the end too; a single one applies to
    all.
    """
    nodes, schemes, hosts = (_listed(headers, f"X-Forwarded-{name}") for name in ("For", "Proto", "Host"))
    if not nodes:
        return (Hop("", *(values[0] if values else "" for values in (schemes, hosts))),)
    return [Hop(node, _at(schemes, index).lower(), _at(hosts, index)) for index, node in enumerate(nodes)]


def _at(values: Sequence[str], index: int) -> str:
    return values[min(index, len(values) - 1)] if values else ""


def _listed(headers: Headers, name: str) -> Sequence[str]:
    """The values of all headers of a name, last first."""
    joined = ",".join(headers.getall(name, ()))
    return [each.strip() for each in joined.rsplit(",", MOST_HOPS)[-MOST_HOPS:]][::-1] if joined else []


def _forwarded(headers: Headers) -> Sequence[Hop]:
    """Parse Forwarded headers, nearest proxy first (RFC 7239 §4)."""
    written = headers.getall("Forwarded", ())
    if sum(map(len, written)) > LONGEST:
        return [Hop("")]
    elements = list(chain.from_iterable(_elements(each) for each in written))
    return [Hop(each.get("for", ""), each.get("proto", "").lower(), each.get("host", "")) for each in elements[::-1]][
        :MOST_HOPS
    ]


def _elements(header: str) -> Sequence[Mapping[str, str]]:
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(header):
        piece = _PIECE.match(header, at)
        if piece is None or piece.end() == at:
            # what cannot be read stands for a proxy that says nothing: the walk ends there
            return [{}]
        at = piece.end()
        if piece["comma"]:
            elements.append({})
        elif piece["name"]:
            value = piece["plain"] if piece["quoted"] is None else re.sub(r"\\(.)", r"\1", piece["quoted"])
            elements[-1].setdefault(piece["name"].lower(), value)
    return elements
