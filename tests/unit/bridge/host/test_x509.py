"""From when to when a certificate is good, against what openssl prints."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.host.x509 import DAY, Garbled, Validity, validity
from tests.support.certificates import openssl

pytestmark = pytest.mark.needs("openssl")

#: Unix ms
JULY, LAST_OF_1999 = 1_782_864_000_000, 946_684_799_000


def certificate(folder: Path, days: int = 90, *more: str) -> bytes:
    """Signed by itself."""
    file = folder / f"{days}.pem"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key.pem")
    openssl("req", "-x509", *key, "-days", str(days), "-subj", "/CN=sms.example.com", "-out", file, *more)
    return file.read_bytes()


# 40,000 days from now are after 2050, from when on another form of time is used (RFC 5280 §4.1.2.5)
@pytest.mark.parametrize("days", [1, 90, 40_000])
def test_reads_what_openssl_reads(tmp_path: Path, days: int) -> None:
    pem = certificate(tmp_path, days)
    told = openssl("x509", "-noout", "-startdate", "-enddate", "-dateopt", "iso_8601", stdin=pem)
    since, until = (line.partition("=")[2] for line in told.splitlines())
    found = validity(pem)
    assert [datetime.fromtimestamp(at / 1000, UTC) for at in (found.not_before, found.not_after)] == [
        datetime.fromisoformat(each) for each in (since, until)
    ]
    assert found.days_left(found.not_before) == days


def test_the_first_certificate_of_a_file_is_meant_whatever_stands_around_it(tmp_path: Path) -> None:
    own, other = certificate(tmp_path, 90), certificate(tmp_path, 30)
    assert validity(b"Bag Attributes: caf\xc3\xa9\n" + own + other) == validity(own)


@pytest.mark.parametrize("keep", [0.0, 0.2, 0.5, 0.9])
def test_a_certificate_that_was_cut_short_is_said_to_be_garbled(tmp_path: Path, keep: float) -> None:
    lines = certificate(tmp_path).decode().splitlines(keepends=True)
    body = lines[1:-1]
    cut = "".join([lines[0], *body[: int(len(body) * keep)], lines[-1]])
    with pytest.raises(Garbled):
        validity(cut.encode())


@pytest.mark.parametrize("text", [b"", b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----\n", b"\xff" * 40])
def test_what_is_no_certificate_is_said_to_be_garbled(text: bytes) -> None:
    with pytest.raises(Garbled):
        validity(text)


def test_whole_days_are_left_until_the_end_and_less_than_none_after_it() -> None:
    good = Validity(LAST_OF_1999, JULY)
    days = [good.days_left(JULY - left) for left in (2 * DAY, 2 * DAY - 1, 1, 0, -1)]
    assert days == [2, 1, 0, 0, -1]
    assert (good.since, good.until) == ("1999-12-31 23:59 UTC", "2026-07-01 00:00 UTC")
