"""Credentials of an account: made once for every dialect, printed once, kept as digests.

Not the webhook secret: both sides sign with it, so the bridge keeps it as it is (`Account.webhook_secret`).
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bridge.errors import BadRequest

if TYPE_CHECKING:
    from bridge.ports.store_rows import Credential

#: what can be renewed on its own (`account rotate NAME KIND`) → the keys that are printed for it
KINDS: Mapping[str, tuple[str, ...]] = {
    "apikey": ("apikey",),
    "client": ("client_id", "client_secret"),
    "template": ("api_key", "api_secret"),
    "v1": ("v1_account", "v1_password"),
    "zhenzi": ("app_id", "app_secret"),
    "webhook": ("webhook_secret",),
}

#: the account of the command line; nobody else can have the name
OPERATOR = "operator"
#: longest name that fits every dialect's account field
NAME_LENGTH = 32
#: seconds for which an old credential may live beside its successor: a year
LONGEST_OVERLAP = 366 * 86_400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def digest(secret: str) -> str:
    """What the store keeps of a secret. They are long and random, so a plain SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_name(name: str) -> bool:
    """Whether an account or a key may be called so."""
    return len(name) <= NAME_LENGTH and _NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """The name, or BadRequest saying what a name may be."""
    if name == OPERATOR:
        raise BadRequest(f'the name "{OPERATOR}" is the command line\'s own: choose another', "name")
    if is_name(name):
        return name
    raise BadRequest(
        f'"{name}" cannot be an account\'s name: use letters, digits, - _ and ., at most {NAME_LENGTH} of them', "name"
    )


def new_credentials(name: str) -> tuple[dict[str, str], list["Credential"]]:
    """Fresh credentials of every kind: what to print, this once, and what to keep."""
    printed = {"account": checked_name(name)}
    for kind in KINDS:
        printed |= new_of_kind(name, kind)
    return printed, kept(printed)


def new_of_kind(name: str, kind: str) -> dict[str, str]:
    """What to print for one fresh credential. Raises BadRequest for a kind that there is not."""
    if kind == "apikey":
        return {"apikey": secrets.token_hex(24)}
    if kind == "client":
        return {"client_id": secrets.token_hex(16), "client_secret": secrets.token_hex(32)}
    if kind == "template":
        return {"api_key": f"sk_{secrets.token_hex(16)}", "api_secret": secrets.token_hex(32)}
    if kind == "v1":
        return {"v1_account": name, "v1_password": secrets.token_urlsafe(18)}
    if kind == "zhenzi":  # its clients know application ids as numbers
        return {"app_id": str(100_000_000 + secrets.randbelow(900_000_000)), "app_secret": secrets.token_hex(32)}
    if kind == "webhook":
        return {"webhook_secret": new_webhook_secret()}
    raise BadRequest(f'there is no kind of credential "{kind}"; there are: {", ".join(KINDS)}', "kind")


def new_webhook_secret() -> str:
    """A secret to sign webhooks with, as the Standard Webhooks specification writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def kept(printed: Mapping[str, str]) -> list["Credential"]:
    """What the store keeps of printed credentials: identifiers and digests, nothing that opens anything."""
    from bridge.ports.store_rows import Credential

    made = []
    for kind, keys in KINDS.items():
        if kind == "webhook" or keys[0] not in printed:
            continue
        ident = printed[keys[0]] if len(keys) > 1 else ""
        secret = printed[keys[-1]]
        made.append(Credential(kind, ident, digest(v1_sent(secret) if kind == "v1" else secret)))
    return made


def v1_sent(password: str) -> str:
    """What a client of the account dialect sends for its password: the MD5 as lower-case hex, by that contract."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
