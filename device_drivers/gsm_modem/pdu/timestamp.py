"""Time stamps of swapped semi-octets with a zone in quarters of an hour (3GPP TS 23.040 §9.2.3.11)."""

from datetime import UTC, datetime, timedelta

#: octets of a time stamp
SIZE = 7
#: two-digit years from here on belong to the century of the first SMS (1992)
_LAST_CENTURY = 90
_ZONE_MINUTES = 15
_FARTHEST_ZONE = 79


def read_timestamp(octets: bytes) -> tuple[int | None, int | None]:
    """Decode to Unix ms and minutes east of UTC; both None for an invalid stamp (all zero, month 13, …).

    The zone tells where the clock stands; the moment is the same everywhere.
    """
    if not octets[:6].hex().isdecimal() or octets[6] >> 4 > 9:
        return None, None
    year, month, day, hour, minute, second = (_swapped(octet) for octet in octets[:6])
    zone = _ZONE_MINUTES * _swapped(octets[6] & ~8)
    if octets[6] & 8:
        zone = -zone
    try:
        local = datetime(_full(year), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None, None
    return (int(local.timestamp()) - 60 * zone) * 1000, zone


def timestamp(moment: int, zone: int = 0) -> bytes:
    """Encode Unix ms as seven octets in a zone (minutes east of UTC). Raises ValueError beyond ±19:45."""
    quarters = round(abs(zone) / _ZONE_MINUTES)
    if quarters > _FARTHEST_ZONE:
        raise ValueError(f"no time zone: {zone} minutes")
    east = quarters if zone >= 0 else -quarters
    local = datetime.fromtimestamp(moment // 1000, UTC) + timedelta(minutes=_ZONE_MINUTES * east)
    fields = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second, quarters)
    octets = bytearray(_semi_octets(field) for field in fields)
    octets[6] |= 8 if east < 0 else 0
    return bytes(octets)


def _swapped(octet: int) -> int:
    return (octet & 15) * 10 + (octet >> 4)


def _semi_octets(field: int) -> int:
    return (field % 10) << 4 | field // 10


def _full(year: int) -> int:
    return 1900 + year if year >= _LAST_CENTURY else 2000 + year
