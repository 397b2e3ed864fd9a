"""Row types passed between the core and its store (`bridge.ports.store`)."""

from collections.abc import Mapping
from dataclasses import field

from bridge.dataclass import dataclass
from bridge.model.message import Message, State
from bridge.model.scope import EVERYTHING, Needs
from bridge.model.user import User

#: nobody needs to know more exactly, and a count reads what it counts
MOST_COUNTED = 100_000
#: of a queue, for people
MOST_TOLD = 1_000


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of an account; its secret is never stored."""

    #: `token`, or a kind of `bridge.accounts.credentials.KINDS`: what may be tried against it
    kind: str
    #: the public half (client_id); "" when the secret stands alone
    ident: str
    #: SHA-256 hex of the secret
    digest: str
    #: Unix ms; 0 for never
    expires_at: int = 0
    #: of a named key, and of the tokens that it was exchanged for; "" for the account's own
    name: str = ""
    scopes: Needs = EVERYTHING
    #: Unix ms; 0 where nobody wrote it down
    created_at: int = 0
    #: to recognise a named key by
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """What a person's sign-in is compared with."""

    user: User
    #: the hash of the password; "" for one who has none yet
    password: str = field(repr=False)
    #: of the authenticator app, Base32; also while it is only proposed. "" for none
    totp_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one part that was handed to a link."""

    message: str
    index: int
    state: State
    reference: int | None = None
    error: str = ""
    #: for `queued`: when to try again
    retry_at: int = 0
    #: for `queued`: this try counts against the retries
    counts: bool = False
    #: for `queued`: nobody knows whether this try sent it
    unsure: bool = False
    #: for `sent`: the line can tell of delivery; when it cannot, no report is awaited
    reports: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """A message claimed by a line; the intent for its first part is already on disk."""

    message: Message
    #: the first part to send
    index: int
    #: the same for every part and every retry
    concat_ref: int
    #: parts that went out in an earlier try
    done: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Queued:
    """Messages of one route that a commit has queued."""

    #: as in `Message.route`
    route: str
    count: int = 1
    #: Unix ms before which none of them may be sent; 0 when they may be sent now
    due_at: int = 0
    #: Unix ms at which the first of them expires; 0 when none does
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Due and unclaimed messages of one route."""

    #: what callers asked for: "", a line, a device or a slot
    route: str
    #: position of the one that is next
    first: int
    #: since when that is due, Unix ms
    due_at: int
    #: up to MOST_TOLD
    count: int


@dataclass(frozen=True, slots=True)
class ClockState:
    """The time when somebody looked, by which a later run detects that the clock was set."""

    #: which start of the machine it was; "" where that is not known
    boot: str
    #: how far the wall clock was ahead of the monotonic clock, ms
    offset: int
    #: Unix ms
    seen_at: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the store. Counts of deliveries stop at `MOST_COUNTED`."""

    scheduled: int = 0
    queued: int = 0
    sending: int = 0
    unknown: int = 0
    #: Unix ms since which the message that is due longest could have gone; 0 when none is due
    due_since: int = 0
    #: account with webhook endpoints → deliveries owed to those that are not paused
    owed: Mapping[str, int] = field(default_factory=dict)
    #: Unix ms of the event that a receiver waits for longest; 0 when none does
    owed_since: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """Sizes on disk in bytes."""

    database: int
    #: what is committed and not yet moved into the database
    log: int
    #: what this user may still fill; None where the disk is not this machine's
    free: int | None
    #: of the whole file system; None as above
    total: int | None
