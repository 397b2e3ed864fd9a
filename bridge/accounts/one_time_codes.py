"""One-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who lost it."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote

PERIOD = 30_000  # ms
DIGITS = 6
#: periods before and after the present one whose codes are taken: clocks differ
DRIFT = 1
RECOVERY_CODES = 10
#: without what looks alike
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


def new_secret() -> str:
    """160 bits in Base32, as the apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def uri(secret: str, user: str) -> str:
    """What a QR code for the app holds (Google Authenticator's key URI format)."""
    issuer = "sms-bridge"
    return f"otpauth://totp/{issuer}:{quote(user)}?secret={secret}&issuer={issuer}&digits={DIGITS}&period=30"


def code(secret: str, step: int) -> str:
    """The code of a period (RFC 4226 §5.3)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, given: str, now: int) -> int:
    """The period whose code this is; 0 when it is none of those around `now` (Unix ms)."""
    present = now // PERIOD
    steps = range(max(present - DRIFT, 1), present + DRIFT + 1)
    return max((step for step in steps if hmac.compare_digest(code(secret, step).encode(), given.encode())), default=0)


def new_recovery_codes() -> list[str]:
    """New recovery codes of 59 bits, each valid once in place of a code of the app."""
    return ["-".join(_word() for _ in range(3)) for _ in range(RECOVERY_CODES)]


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))


def plain(given: str) -> str:
    """A code without the formatting that people type."""
    letters = "".join(each for each in given.lower() if each.isalnum())
    return letters if letters.isdecimal() else "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
