"""Network addresses of callers: membership in networks, and which addresses count as one sender. Pure."""

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: an IPv6 network of this length is one household's: it counts as one address
HOUSEHOLD = 64


def read(written: str) -> Address | None:
    """Parse an address: IPv4-mapped IPv6 as IPv4 (RFC 4291 §2.5.5.2), IPv6 without its zone.

    None for what is no address.
    """
    try:
        address = ipaddress.ip_address(written.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def network(written: str) -> Network:
    """Parse CIDR or a single address, host bits allowed. Raises ValueError."""
    return ipaddress.ip_network(written.strip(), strict=False)


@lru_cache(maxsize=1024)
def within(written: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of these networks."""
    address = read(written)
    return address is not None and any(address in each for each in networks)


def is_this_machine(written: str) -> bool:
    """Whether an address is loopback."""
    address = read(written)
    return address is not None and address.is_loopback


def sender(written: str) -> str:
    """What counts as one sender: an IPv4 address, or an IPv6 customer's /64."""
    address = read(written)
    if address is None:
        return written[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, HOUSEHOLD), strict=False))
