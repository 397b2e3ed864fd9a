"""What a person who helps may see: numbers and secrets are taken out of any text."""

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config.field import MASK
from bridge.doctor.masking import is_secret, last_two, mask, quoted, secrets_in, settings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to +15550101 on office", "to …01 on office"),
        ("to +1 555 0101.", "to …01."),
        ("+44 7700 900123, +44 (0)7700-900124", "…23, …24"),
        ("IMEI 490154203237518", "IMEI …18"),
        ("ICCID 89001012345678901237 IMSI 001010123456789", "ICCID …37 IMSI …89"),
        ("from tel:15550101x", "from tel:…01x"),
        ("at 2026-11-21 02:12:18 UTC", "at 2026-11-21 02:12:18 UTC"),
        ("at 2026-11-21T02:12:18.123Z: 15550101", "at 2026-11-21T02:12:18.123Z: …01"),
        ("http://192.168.100.200:8080 is up", "http://192.168.100.200:8080 is up"),
        ("[12345.678901] usb 1-1.4: new device", "[12345.678901] usb 1-1.4: new device"),
        ("port /dev/ttyUSB0 (USB 12d1:1506), 200 of 255, process 123456", None),
        ("/dev/serial/by-id/usb-HUAWEI_HUAWEI_Mobile-if00-port0", None),
        ("+CMS ERROR: 38 (network out of order)", None),
        ("https://me:pw@hooks.example/T0/B0?key=v#x refused", "https://hooks.example/… refused"),
        ("https://hooks.example", None),
        ("mail to jane.doe+x@shop.example failed", "mail to …@shop.example failed"),
        ("AT+CPIN=1234", f"AT+CPIN={MASK}"),
        ("Authorization: Bearer abc", f"Authorization: {MASK}"),
        ('api_key="abc", next', f"api_key={MASK}, next"),
        ("password: hunter2", f"password: {MASK}"),
        ("key 8f3b9c0d1e2f4a5b6c7d8e9f", f"key {MASK}"),
        ("07915155010100F1040A9151550101F000", "<34 characters>"),
        ("The SIM wants its PIN", None),
        ("the SIM has no service centre number", None),
    ],
)
def test_leaves_what_helps_and_takes_what_is_somebodys(text: str, shown: str | None) -> None:
    assert mask(text) == (text if shown is None else shown)


SEPARATORS = st.sampled_from(["", " ", "-", ".", "/", ") ", " ("])
DIGITS = st.text(string.digits, min_size=7, max_size=20)
AROUND = st.text(st.characters(blacklist_categories=("Nd", "Cs"), blacklist_characters="+().-/:"), max_size=20)


@given(AROUND, DIGITS, AROUND, st.sampled_from(["", "+", "00", "tel:"]))
def test_no_number_is_left_whole(before: str, digits: str, after: str, prefix: str) -> None:
    assert digits not in mask(f"{before}{prefix}{digits}{after}")


@given(AROUND, st.lists(st.tuples(st.sampled_from(string.digits), SEPARATORS), min_size=8, max_size=16))
def test_no_number_is_left_whole_however_it_is_written(before: str, pieces: list[tuple[str, str]]) -> None:
    # two digits may stay; a moment and an address of the Internet are no numbers
    written = "".join(digit + separator for digit, separator in pieces)
    left = [each for each in mask(f"{before}+1{written}") if each in string.digits]
    assert len(left) <= 2, mask(f"{before}+1{written}")


@given(AROUND, st.text(min_size=3, max_size=40).filter(str.strip), AROUND)
def test_no_known_secret_is_left(before: str, secret: str, after: str) -> None:
    masked = mask(f"{before} {secret} {after}", [secret])
    if secret not in f"{before} {MASK} {after}" and secret not in "…@ <characters>":
        assert f" {secret} " not in masked


@given(st.text(string.hexdigits[:16], min_size=32, max_size=64), AROUND)
def test_no_key_of_ours_is_left(key: str, around: str) -> None:
    # one key in millions has few enough changes to look like a word
    if sum(one.isdigit() != other.isdigit() for one, other in pairwise(key)) >= 5:
        assert key not in mask(f"{around} {key} {around}")


def test_a_short_secret_is_itself_only_as_a_word() -> None:
    assert mask("pid 12345, 1234", ["1234"]) == f"pid 12345, {MASK}"


def test_what_is_quoted_may_be_somebodys_words() -> None:
    assert quoted("no route for \"see you at 8\" from 'Jane'; it's late") == "no route for “…” from “…”; it's late"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *((name, True) for name in ("pin", "puk", "password", "api_key", "apikey", "key", "smtp_password")),
        *((name, True) for name in ("secret", "client_secret", "token", "SMS_BRIDGE__DEVICES__OFFICE__PIN", "tls.key")),
        *((name, False) for name in ("port", "host", "keep_days", "spinning", "number", "driver")),
    ],
)
def test_knows_by_its_name_what_is_secret(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_settings_are_shown_without_what_is_secret() -> None:
    given = {
        "devices": {"office": {"pin": 1234, "number": "+15550101", "port": "/dev/ttyUSB0", "init": ['AT+CPIN="1234"']}},
        "mail": {"password": "hunter2", "to": "jane@shop.example", "tokens": ["a1", "b2"]},
        "http": {"port": 8080, "public_url": "https://me:pw@sms.example/x?y=z"},
        "empty": {"secret": ""},
        "big": 15550101,
    }
    assert settings(given) == {
        "devices": {
            "office": {
                "pin": MASK,
                "number": "…01",
                "port": "/dev/ttyUSB0",
                "init": [f"AT+CPIN={MASK}"],
            }
        },
        "mail": {"password": MASK, "to": "…@shop.example", "tokens": MASK},
        "http": {"port": 8080, "public_url": "https://sms.example/…"},
        "empty": {"secret": ""},
        "big": "…01",
    }
    assert secrets_in(given) == {"1234", "hunter2", "a1", "b2"}


def test_two_digits_tell_lines_apart() -> None:
    assert (last_two("+15550101"), last_two("")) == ("…01", "")
