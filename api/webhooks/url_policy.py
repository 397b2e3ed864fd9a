"""Decides which URLs webhooks may be sent to.

Plain `http` reaches this machine and its own network only (loopback, private and unique local addresses); anything
further needs `https`, unless the configuration names the host in `allow_http`. Link-local addresses and the others
under which clouds hand credentials to their machines are always refused. The address that is connected to decides,
not what the name resolved to when the URL was written down.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver
from yarl import URL

from bridge.dataclass import dataclass
from bridge.errors import BadRequest

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult  # not yet in aiohttp 3.9

Address = IPv4Address | IPv6Address

#: the machine itself and its own network: RFC 1122 §3.2.1.3, RFC 1918, RFC 4291 §2.5.3, RFC 4193
OWN_NETWORKS = tuple(
    ip_network(net) for net in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
#: link-local (RFC 3927, RFC 4291 §2.5.6): no receiver is there that has no other address, but metadata services are
LINK_LOCAL = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"))
#: metadata services of clouds outside link-local: they trust every program that reaches them
METADATA = frozenset(
    ip_address(address)
    for address in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's wire server
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254", "fd00:ec2::23",  # AWS: instance metadata, EKS pod identity
        "fd00:42::42",  # Scaleway
        "fd20:ce::254",  # Google Cloud
    )
)  # fmt: skip
#: names that are looked up in one's own network: RFC 6762, RFC 8375, RFC 6761 and what routers hand out
LOCAL_NAMES = ("localhost", "local", "lan", "home", "home.arpa", "internal", "intranet", "localdomain", "fritz.box")
#: IPv4 inside IPv6, and at which octets it may stand, octet 8 left out: translators (RFC 6052, RFC 8215, RFC 7915),
#: 6to4 (RFC 3056), IPv4-compatible (RFC 4291 §2.5.5.1)
_WRAPPINGS = (
    (ip_network("64:ff9b::/96"), (11,)),
    (ip_network("64:ff9b:1::/48"), (6, 7, 8, 11)),
    (ip_network("::ffff:0:0:0/96"), (11,)),
    (ip_network("2002::/16"), (2,)),
    (ip_network("::/96"), (11,)),
)
#: characters of a name of a host, and what stands between its dots
LONGEST_NAME = 253
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
#: the first half of an interface's id whose second half is an IPv4 address (ISATAP, RFC 5214 §6.1)
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


@dataclass(frozen=True, slots=True)
class Policy:
    """The configured policy for webhook targets."""

    #: hosts, lower case, that plain http may reach wherever they are
    allow_http: frozenset[str] = frozenset()


class TargetRefused(OSError):
    """The policy forbids connecting to this address."""


def check_url(url: str, policy: Policy) -> None:
    """Check a URL without the network. Raises BadRequest (field `url`)."""
    problem = _problem(url, policy)
    if problem:
        raise BadRequest(problem, "url")


async def check_target(url: str, policy: Policy, resolver: AbstractResolver | None = None) -> None:
    """Check a URL including its host's addresses. Raises BadRequest (field `url`).

    A name of one's own network that does not resolve now is let through: that machine may be switched off.
    """
    check_url(url, policy)
    parsed = URL(url)
    checked = CheckedResolver(parsed.scheme, policy, resolver)
    try:
        await checked.resolve(parsed.raw_host or "", parsed.port or 0, socket.AF_UNSPEC)
    except TargetRefused as error:
        raise BadRequest(str(error), "url") from error
    except OSError as error:
        if parsed.scheme == "http" and not _is_local_name(parsed.host or "", policy):
            problem = f"{parsed.host} does not resolve now, so it may be outside this network: use https"
            raise BadRequest(f"{problem}, or name the host in allow_http in the configuration", "url") from error
    finally:
        await checked.close()


def refusal(scheme: str, host: str, address: str, policy: Policy) -> str:
    """Why a connection to this address of this host is refused; "" when it is allowed."""
    reached = _behind(address)
    if any(each in METADATA or any(each in network for network in LINK_LOCAL) for each in reached):
        return f"{host} is link-local or a cloud's metadata service; webhooks never go there"
    actual = reached[-1]
    if actual.is_unspecified or actual.is_multicast or actual == IPv4Address("255.255.255.255"):
        return f"{address} is not the address of a receiver"
    if scheme != "http" or host.lower() in policy.allow_http or any(actual in network for network in OWN_NETWORKS):
        return ""
    return f"{host} is outside this network: use https, or name the host in allow_http in the configuration"


class CheckedResolver(AbstractResolver):
    """Resolves names for connections of one scheme; refuses a name with any forbidden address."""

    def __init__(self, scheme: str, policy: Policy, resolver: AbstractResolver | None = None) -> None:
        self._scheme = scheme
        self._policy = policy
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> "list[ResolveResult]":
        """Resolve to addresses. Raises OSError, or TargetRefused when one is forbidden."""
        found = await self._resolver.resolve(host, port, family)
        self._check(host, (result["host"] for result in found))
        return found

    def _check(self, host: str, addresses: Iterable[str]) -> None:
        for address in addresses:
            why = refusal(self._scheme, host, address, self._policy)
            if why:
                raise TargetRefused(why)

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()


def _problem(url: str, policy: Policy) -> str:
    try:
        parsed = URL(url)
        # also of a name that begins with xn-- and is no such one
        host, asked_for, port = parsed.host or "", parsed.raw_host or "", parsed.port
        # what connects, and what shows it to people, are to read the same: this one knows no port `+80`
        _ = urlsplit(url).port
    except ValueError:
        return "this is not a URL"
    if parsed.scheme not in ("http", "https"):
        return "the URL must begin with https:// or http://"
    if not host or not port or any(char.isspace() or not char.isprintable() for char in url):
        return "the URL needs a host, and no spaces or control characters"
    if _literal(host):
        problem = "write the address without a zone" if "%" in host else ""
        return refusal(parsed.scheme, host, host, policy) or problem
    last = host.rstrip(".").rpartition(".")[2]
    # 127.1, 2130706433, 0x7f.0.0.1: resolvers make addresses of these, and readers do not see which
    if last.isdecimal() or last.startswith("0x"):
        return "write the address in full, like 192.168.0.10"
    # one that is none is nobody's to ask for: a resolver may stop at its %00, as a reader does not
    return "" if _is_name(asked_for) else f"{host[:100]} is not the name of a host"


def _is_name(host: str) -> bool:
    """Whether this is a name as resolvers are asked for it (RFC 1123 §2.1, RFC 1035 §2.3.4; `_` is in use)."""
    name = host.removesuffix(".")
    return len(name) <= LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.split("."))


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_local_name(host: str, policy: Policy) -> bool:
    name = host.rstrip(".").lower()
    return "." not in name or name in policy.allow_http or name.endswith(tuple(f".{each}" for each in LOCAL_NAMES))


def _behind(address: str) -> tuple[Address, ...]:
    """The addresses that packets may really reach: without zone, and IPv4 unwrapped from IPv6."""
    actual = ip_address(address.partition("%")[0])
    if not isinstance(actual, IPv6Address) or actual.is_loopback or actual.is_unspecified:
        return (actual,)
    if actual.ipv4_mapped is not None:
        return (actual.ipv4_mapped,)
    if actual.teredo is not None:
        return (actual.teredo[1],)
    # octet 8 is zero wherever an IPv4 address stands around it (RFC 6052 §2.2)
    octets = actual.packed[:8] + actual.packed[9:]
    for network, places in _WRAPPINGS:
        if actual in network:
            return tuple(IPv4Address(octets[place : place + 4]) for place in places)
    if actual.packed[8:12] in _ISATAP:
        return (IPv4Address(actual.packed[12:]), actual)
    return (actual,)
