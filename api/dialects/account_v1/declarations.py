"""Declarations of the account/MD5 dialect: its credentials, and the formats of its two pushes."""

import hashlib
import secrets

from bridge.accounts.credentials import CredentialKind
from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.line import Channel
from bridge.model.payload_format import OUTCOMES, Wording


def send(password: str) -> str:
    """The password as clients send it: MD5 in lower-case hex, as the contract demands."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


CREDENTIALS = (
    CredentialKind(
        "v1",
        "account dialect",
        lambda account: {"v1_account": account, "v1_password": secrets.token_urlsafe(18)},
        ("v1_account", "v1_password"),
        send=send,
        known_by_secret=True,
    ),
)
#: each is pushed once, received or not, by its documentation
FORMATS = {
    "account_v1_status": Wording(OUTCOMES, ends=True, attempts=1),
    "account_v1_inbound": Wording(frozenset({MESSAGE_RECEIVED}), channel=Channel.SMS, answers="account_v1", attempts=1),
}
