"""Network addresses of callers: which networks they are in, and whose they count as. Pure."""

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: an IPv6 network of this length is one household's: it counts as one address
HOUSEHOLD = 64


def read(written: str) -> Address | None:
    """An IPv4 address that came by IPv6 as what it is (RFC 4291 §2.5.5.2), an IPv6 one without its zone.

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
    """CIDR or a single address, host bits or not. Raises ValueError."""
    return ipaddress.ip_network(written.strip(), strict=False)


@lru_cache(maxsize=1024)
def within(written: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of these."""
    address = read(written)
    return address is not None and any(address in each for each in networks)


def is_this_machine(written: str) -> bool:
    """Whether an address is one of loopback."""
    address = read(written)
    return address is not None and address.is_loopback


def sender(written: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 that a customer's IPv6 addresses are taken from."""
    address = read(written)
    if address is None:
        return written[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, HOUSEHOLD), strict=False))
