"""Declarations of the Zhenzi dialect: its credentials, and the format of its status report."""

import secrets

from bridge.accounts.credentials import CredentialKind
from bridge.model.payload_format import OUTCOMES, Wording

NAME = "zhenzi"

CREDENTIALS = (
    CredentialKind(
        NAME,
        "zhenzi",
        # its clients know application ids as numbers
        lambda _: {"app_id": str(100_000_000 + secrets.randbelow(900_000_000)), "app_secret": secrets.token_hex(32)},
        ("app_id", "app_secret"),
    ),
)
FORMATS = {NAME: Wording(OUTCOMES, dialect=NAME, attempts=3)}
