"""The facade: all that `api/` and the command line may ask of the core.

Every call is safe from the event loop. Errors are those of `bridge.errors`; a call that raises has
changed nothing. An `account` argument limits a call to what is that account's; an operator account
sees everything.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bridge.events import Event
from bridge.model import Account, Delivery, Draft, Endpoint, Line, Message, Part, Received
from bridge.queries import InboxQuery, LedgerQuery, MessageQuery, Page


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submit: messages in the order of the drafts."""

    messages: tuple[Message, ...]
    #: the idempotency key was known: these are the messages of the first call, nothing new was queued
    replayed: bool = False


class Gateway:
    """What the bridge can do, for one caller at a time."""

    # -- who calls ------------------------------------------------------------------------------
    async def account_by_secret(self, kind: str, secret: str) -> Account:
        """The account that a bare secret belongs to: kind `apikey` or `token` (OAuth2). Raises NotAllowed."""
        raise AssertionError

    async def account_by_pair(self, kind: str, ident: str, secret: str) -> Account:
        """Like above for an identifier and its secret: kind `client` (client_id, client_secret). Raises NotAllowed."""
        raise AssertionError

    async def issue_token(self, account: Account, seconds: int = 3600) -> str:
        """A bearer token for `account`, kept hashed, that ends after `seconds`."""
        raise AssertionError

    # -- messages -------------------------------------------------------------------------------
    async def submit(self, account: Account, drafts: Sequence[Draft], idempotency_key: str = "") -> Submission:
        """Accept messages: when this returns they are on disk. All or none.

        Raises BadRequest (and its kinds; `field` says which), IdempotencyConflict, StoreUnavailable.
        A `client_ref` used before in this account raises NotPossible.
        """
        raise AssertionError

    async def message(self, account: Account, id: str) -> Message:
        """Raises NoSuchThing."""
        raise AssertionError

    async def parts(self, account: Account, id: str) -> Sequence[Part]:
        """The parts of a message that were tried so far. Raises NoSuchThing."""
        raise AssertionError

    async def messages(self, account: Account, query: MessageQuery) -> Page[Message]:
        """Newest first. Raises BadRequest for a cursor that is not ours."""
        raise AssertionError

    async def cancel(self, account: Account, id: str) -> Message:
        """Take back what was not sent yet. Raises NoSuchThing, NotPossible."""
        raise AssertionError

    async def resend(self, account: Account, id: str) -> Message:
        """Queue a failed, expired or unknown message again; parts that were sent stay sent.

        Raises NoSuchThing, NotPossible (any other state).
        """
        raise AssertionError

    async def delete_messages(self, account: Account, query: MessageQuery) -> int:
        """Forget finished messages; how many. Pending ones stay. An empty query raises BadRequest."""
        raise AssertionError

    # -- inbox ----------------------------------------------------------------------------------
    async def inbox(self, account: Account, query: InboxQuery) -> Page[Received]:
        """Newest first."""
        raise AssertionError

    async def received(self, account: Account, id: str) -> Received:
        """Raises NoSuchThing."""
        raise AssertionError

    async def delete_received(self, account: Account, query: InboxQuery) -> int:
        """Hide received SMS from this account for good; how many. An empty query raises BadRequest."""
        raise AssertionError

    # -- lines ----------------------------------------------------------------------------------
    def lines(self) -> Sequence[Line]:
        """Every configured line with its health, absent ones too."""
        raise AssertionError

    # -- webhooks -------------------------------------------------------------------------------
    async def add_endpoint(
        self,
        account: Account,
        url: str,
        format: str = "v2",
        events: Sequence[str] = ("*",),
        max_attempts: int = 0,
    ) -> Endpoint:
        """A new webhook endpoint with a fresh secret. Raises BadRequest (field `url`, `format` or `events`)."""
        raise AssertionError

    async def endpoints(self, account: Account) -> Sequence[Endpoint]:
        """Oldest first."""
        raise AssertionError

    async def endpoint(self, account: Account, id: str) -> Endpoint:
        """Raises NoSuchThing."""
        raise AssertionError

    async def remove_endpoint(self, account: Account, id: str) -> None:
        """Deliveries still owed to it are dropped. Raises NoSuchThing."""
        raise AssertionError

    async def pause_endpoint(self, account: Account, id: str, paused: bool) -> Endpoint:
        """Paused: what is owed waits in order. Raises NoSuchThing."""
        raise AssertionError

    async def rotate_secret(self, account: Account, id: str, finish: bool = False) -> Endpoint:
        """First call: a `next_secret` signs along. With `finish`: it becomes the only one. Raises NoSuchThing."""
        raise AssertionError

    async def ledger(self, account: Account, query: LedgerQuery) -> Page[Delivery]:
        """Newest first."""
        raise AssertionError

    async def redeliver(self, account: Account, query: LedgerQuery, ids: Sequence[str] = ()) -> int:
        """Owe these deliveries (by id, or all that match the query) once more, from attempt one; how many."""
        raise AssertionError

    # -- news -----------------------------------------------------------------------------------
    def events(self, account: Account, after: int | None = None, names: Sequence[str] = ()) -> AsyncIterator[Event]:
        """Events as they are committed; with `after`, first those of the log with a greater `seq`."""
        raise AssertionError
