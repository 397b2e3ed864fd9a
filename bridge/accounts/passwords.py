"""Passwords of people: what one must be, and what is kept of it (scrypt, RFC 7914).

Keys are long and random, so a plain digest is enough for them (`bridge.accounts.credentials`); people choose passwords.
"""

import base64
import hashlib
import hmac
import os
import unicodedata

from bridge.errors import BadRequest

#: 16 MiB and about a quarter of a second on a Raspberry Pi 4 (OWASP, "Password Storage Cheat Sheet")
COST, BLOCK, PARALLEL = 1 << 14, 8, 5
#: bytes that scrypt may take: what the above needs, and a little
_MEMORY = 128 * BLOCK * (COST + PARALLEL + 2)
SALT, KEY = 16, 32  # bytes
#: characters
LEAST, MOST = 10, 200


def check(password: str, name: str) -> None:
    """Raises BadRequest for a password that is easily guessed for a user of this name."""
    if not LEAST <= len(password) <= MOST:
        raise BadRequest(f"A password has {LEAST} to {MOST} characters.", "password")
    plain, called = password.casefold(), name.casefold()
    if len(set(plain)) < 4 or plain.replace(called, "") in ("", "123", "1234", "12345", "123456") or plain in _COMMON:
        raise BadRequest("This password is easily guessed: choose another.", "password")


#: of at least LEAST characters, from the head of every list of leaked ones
_COMMON = frozenset({
    "1234567890", "0123456789", "0987654321", "12345678910", "1q2w3e4r5t", "1qaz2wsx3edc", "password12", "password123",
    "password1234", "qwertyuiop", "q1w2e3r4t5", "qwerty12345", "qwerty123456", "iloveyou12", "administrator",
    "changeme123", "letmein123", "welcome123", "abcdefghij", "asdfghjkl1", "smsbridge123", "sms-bridge",
})  # fmt: skip


def hashed(password: str) -> str:
    """Hash a password: parameters, salt and key. Takes a quarter of a second; not for the event loop."""
    salt = os.urandom(SALT)
    key = _key(password, salt, COST, BLOCK, PARALLEL)
    return "$".join(("scrypt", f"{COST}", f"{BLOCK}", f"{PARALLEL}", _text(salt), _text(key)))


def matches(password: str, kept: str) -> bool:
    """Whether this is the password. Takes as long for an unknown user (`kept` "")."""
    _, cost, block, parallel, salt, key = (kept or _NOBODYS).split("$")
    found = _key(password, _octets(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, _octets(key)) and bool(kept)


def _key(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    # the same characters, however a keyboard composes them
    octets = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(octets, salt=salt, n=cost, r=block, p=parallel, maxmem=2 * _MEMORY, dklen=KEY)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text)


#: of a password that nobody has
_NOBODYS = "$".join(("scrypt", f"{COST}", f"{BLOCK}", f"{PARALLEL}", _text(bytes(SALT)), _text(bytes(KEY))))
