"""Declarations of the template platform's dialect: its credentials."""

import secrets

from bridge.accounts.credentials import CredentialKind

CREDENTIALS = (
    CredentialKind(
        "template",
        "template platform",
        lambda _: {"api_key": f"sk_{secrets.token_hex(16)}", "api_secret": secrets.token_hex(32)},
        ("api_key", "api_secret"),
    ),
)
