"""Notifications that an account sends to the bridge's owner, and e-mail that it sends through the bridge's server."""

from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that an application tells the bridge's owner."""

    #: grows with time
    id: int
    account: str
    #: the device it is about, as the application named it
    sid: str
    title: str
    #: the application's own word for the kind of it
    type: str
    message: str
    #: Unix ms
    sent_at: int
    #: when the mail server took it, Unix ms; 0 while it has not, and where no mail is configured
    mailed_at: int = 0


@dataclass(frozen=True, slots=True)
class NotificationQuery:
    """Which notifications to list."""

    sid: str = ""
    #: None for both
    mailed: bool | None = None
    #: Unix ms, both included; 0 for no limit
    since: int = 0
    until: int = 0
    limit: int = 100
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail of an account's."""

    recipient: str
    subject: str
    #: plain text or HTML
    body: str
    #: how the sender is called; "" for the address alone
    sender_name: str = ""
    #: where answers go, and how they are addressed; "" for the sender's address
    reply_to: str = ""
    reply_name: str = ""
    #: further recipients, for everybody to see
    copies: tuple[str, ...] = ()
    #: mail programs offer to unsubscribe
    unsubscribe: bool = False
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter that the mail server has."""

    #: its Message-ID, without brackets
    id: str
    #: recipients that the server refused while it took others
    refused: tuple[str, ...] = ()
