"""What the tiny dialect needs of the core."""

from bridge.accounts.credentials import CredentialKind
from bridge.model.event import MESSAGE_SENT
from bridge.model.payload_format import Wording

CREDENTIALS = (CredentialKind("tiny", "tiny", lambda account: {"tiny_key": f"tiny-{account}"}, ("tiny_key",)),)
FORMATS = {"tiny_push": Wording(frozenset({MESSAGE_SENT}), dialect="tiny", attempts=2)}
