"""The certificate's files: what is said of them, and which of them is used."""

import logging
import os
import ssl
from pathlib import Path

import pytest

from bridge.config.schema import Http
from bridge.errors import ConfigError
from bridge.host import tls, x509
from bridge.host.tls import Certificate, Pair
from tests.support.certificates import Files, issue, openssl

pytestmark = pytest.mark.needs("openssl")

DAY = 86_400_000  # ms
LOAD = "LoadCredential=tls-key:/path/of/it in the unit"
NOT_PEM = "nothing but text\n"


def http(files: Files) -> Http:
    return Http(certificate=str(files.certificate), key=str(files.key))


def serial_shown(context: ssl.SSLContext) -> str:
    """Of the certificate that a caller is shown who comes now, TLS 1.2 or newer, with a name or without."""
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = ssl.create_default_context()
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    client = asking.wrap_bio(here, there)
    server = context.wrap_bio(there, here, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return openssl("x509", "-inform", "DER", "-noout", "-serial", stdin=shown).strip().partition("=")[2].lstrip("0")


@pytest.mark.parametrize("days", [3, 90, 365 * 40])
def test_reads_the_time_in_which_a_certificate_is_good(tmp_path: Path, days: int) -> None:
    """Beyond 2049 it is written in another way (RFC 5280 §4.1.2.5)."""
    files = issue(tmp_path, days=days)
    told = openssl("x509", "-in", files.certificate, "-noout", "-enddate", "-startdate", "-dateopt", "iso_8601")
    found = x509.validity(files.certificate.read_bytes())
    assert f"notAfter={found.until[:16]}" in told
    assert f"notBefore={found.since[:16]}" in told
    assert (found.not_after - found.not_before) // DAY == days


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 100])
def test_a_certificate_that_is_cut_short_is_none(tmp_path: Path, cut: int) -> None:
    lines = issue(tmp_path).certificate.read_text().splitlines()
    pem = "\n".join([lines[0], "".join(lines[1:-1])[: cut * 4], lines[-1]])
    with pytest.raises(x509.Garbled):
        x509.validity(pem.encode())


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_takes_a_pair_that_fits(tmp_path: Path, kind: str) -> None:
    made = Certificate(Pair(*issue(tmp_path, 7, kind=kind)))
    assert serial_shown(made.context) == "7"


def test_says_what_is_wrong_at_the_start(tmp_path: Path) -> None:
    good, other = issue(tmp_path, 1), issue(tmp_path, 2)
    locked, rsa = issue(tmp_path, 3, password="secret"), issue(tmp_path, 4, kind="rsa")
    text = tmp_path / "text"
    text.write_text(NOT_PEM)
    torn = tmp_path / "torn.pem"
    torn.write_bytes(good.certificate.read_bytes()[:200] + b"\n-----END CERTIFICATE-----\n")
    absent = tmp_path / "absent.pem"
    cases = (
        (Files(absent, good.key), f"http.certificate: {absent}: there is no such file"),
        (Files(good.certificate, absent), f"http.key: {absent}: there is no such file"),
        (
            Files(tmp_path, good.key),
            f"http.certificate: {tmp_path} is a folder, where a file is needed",
        ),
        (Files(text, good.key), f"http.certificate: {text} is no certificate in PEM form"),
        (Files(good.certificate, text), f"http.key: {text} is no private key in PEM form"),
        (Files(good.key, good.certificate), f"http.certificate: {good.key} is no certificate in PEM form"),
        (Files(good.certificate, other.key), f"{other.key} does not belong to the certificate {good.certificate}"),
        (Files(good.certificate, rsa.key), f"{rsa.key} does not belong to the certificate {good.certificate}"),
        (locked, "is locked with a pass phrase, which nobody could type at a start: unlock it once with openssl pkey"),
        (Files(torn, good.key), f"http.certificate: {torn} with {good.key}: OpenSSL says: "),
    )
    for files, sentence in cases:
        with pytest.raises(ConfigError) as caught:
            Certificate(Pair(*files))
        assert sentence in caught.value.message


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Http(certificate="/x.pem"), "http.key: is missing: TLS needs it beside http.certificate"),
        (Http(key="/x.pem"), "http.certificate: is missing: TLS needs it beside http.key"),
        (
            Http(certificate="/x.pem", key="%d/tls-key"),
            "http.key: %d/tls-key is a credential, and systemd gave this process none: " + LOAD,
        ),
    ],
)
def test_says_which_setting_is_missing(settings: Http, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tls.configured(settings, {})
    assert caught.value.problems == [sentence]


def test_finds_what_systemd_hands_over() -> None:
    found = tls.configured(
        Http(certificate="/etc/x.pem", key="%d/tls-key"), {"CREDENTIALS_DIRECTORY": "/run/credentials/sms-bridge"}
    )
    assert found == Pair(Path("/etc/x.pem"), Path("/run/credentials/sms-bridge/tls-key"))


def test_is_plain_http_without_either() -> None:
    assert tls.configured(Http()) is None
    assert tls.finding(Http(), 0) is None


@pytest.mark.parametrize(("first", "second"), [("ec", "ec"), ("rsa", "ec"), ("ec", "rsa")])
def test_a_renewed_pair_is_shown_from_then_on(tmp_path: Path, first: str, second: str) -> None:
    """Of another kind too: certbot changed from RSA to elliptic curves."""
    live, renewed = issue(tmp_path / "live", 1, kind=first), issue(tmp_path, 2, kind=second)
    made = Certificate(Pair(*live))
    made.look()
    assert serial_shown(made.context) == "1"
    renewed.copy_to(live)
    made.look()
    assert serial_shown(made.context) == "2"


def test_follows_certbots_links(tmp_path: Path) -> None:
    old, new = issue(tmp_path / "archive", 1), issue(tmp_path / "archive", 2)
    links = Files(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    for link, target in zip(links, old, strict=True):
        link.symlink_to(target)
    made = Certificate(Pair(*links))
    for link, target in zip(links, new, strict=True):
        link.unlink()
        link.symlink_to(target)
    made.look()
    assert serial_shown(made.context) == "2"


def test_half_a_renewal_leaves_the_old_pair_in_use_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live, renewed = issue(tmp_path / "live", 1), issue(tmp_path, 2)
    made = Certificate(Pair(*live))
    live.certificate.write_bytes(renewed.certificate.read_bytes())
    for _ in range(3):
        made.look()
    assert serial_shown(made.context) == "1"
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    reason = f"http.key: {live.key} does not belong to the certificate {live.certificate}"
    assert errors == [f"the certificate is not renewed, the one before stays in use: {reason}"]
    live.key.write_bytes(renewed.key.read_bytes())
    made.look()
    assert serial_shown(made.context) == "2"


@pytest.mark.parametrize("how", ["gone", "empty", "half", "text", "ended"])
def test_no_mishap_of_a_renewal_takes_the_old_pair_away(tmp_path: Path, how: str) -> None:
    live = issue(tmp_path / "live", 1)
    made = Certificate(Pair(*live))
    whole = live.certificate.read_bytes()
    if how == "gone":
        live.certificate.unlink()
    else:
        rest = {"empty": b"", "half": whole[: len(whole) // 2], "text": NOT_PEM.encode(), "ended": whole[:-30]}
        live.certificate.write_bytes(rest[how])
    made.look()
    assert not made.reload()
    assert serial_shown(made.context) == "1"
    issue(tmp_path, 2).copy_to(live)
    made.look()
    assert serial_shown(made.context) == "2"


def test_a_key_that_is_roots_alone_is_told_plainly(tmp_path: Path) -> None:
    files = issue(tmp_path)
    files.key.chmod(0)
    before = os.geteuid()
    try:
        if before == 0:  # whom nothing is hidden from
            os.seteuid(65534)
        told = tls.finding(http(files), 0)
    finally:
        os.seteuid(before)
    assert told is not None
    assert (told.level, "may not be read by this user: sudo chgrp sms-bridge" in told.message) == ("fail", True)


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(76, "ok", "14 days"), (77, "warn", "13 days"), (91, "fail", "ended on"), (-2, "fail", "before")],
)
def test_the_doctor_sees_the_end_coming(tmp_path: Path, days: float, level: str, words: str) -> None:
    files = issue(tmp_path, days=90)
    begun = x509.validity(files.certificate.read_bytes()).not_before
    found = tls.finding(http(files), round(begun + days * DAY))
    assert found is not None
    assert (found.level, found.subject) == (level, "certificate")
    assert words in found.message
    assert bool(found.remedy) == (level != "ok")


def test_one_that_has_ended_is_used_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = Certificate(Pair(*issue(tmp_path, 5, days=-1)))
    assert serial_shown(made.context) == "5"
    assert "ended on" in caplog.text
