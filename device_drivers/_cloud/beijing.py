"""Converts the providers' dates, which are in Beijing time (UTC+8, no summer time)."""

from datetime import UTC, datetime, timedelta, timezone

_ZONE = timezone(timedelta(hours=8))
_FORM = "%Y-%m-%d %H:%M:%S"


def read(written: object) -> int:
    """Unix ms of `2026-01-02 03:04:05`; 0 for what is no moment."""
    try:
        return int(datetime.strptime(str(written), _FORM).replace(tzinfo=_ZONE).timestamp()) * 1000
    except ValueError:
        return 0


def written(at: int) -> str:
    """Unix ms as `2026-01-02 03:04:05`."""
    return datetime.fromtimestamp(at // 1000, _ZONE).strftime(_FORM)


def day(at: int) -> str:
    """The day of Unix ms, as `20260102`."""
    return datetime.fromtimestamp(at // 1000, _ZONE).strftime("%Y%m%d")


def utc(at: int, form: str) -> str:
    """Unix ms in UTC, in a form of `strftime`."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime(form)
