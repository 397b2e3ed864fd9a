"""Where a bridge has its store: a file, or a database in PostgreSQL."""

import socket
from pathlib import Path
from urllib.parse import quote

from bridge.config.field import SQLITE, at_least, setting, store_url
from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Storage:
    """Where messages and all other durable data are stored."""

    url: str = setting(
        "sqlite:////var/lib/sms-bridge/bridge.db",
        "the database: `sqlite:////absolute/path`, `sqlite:///relative/path`, or `postgresql://user@host/database`",
        '"sqlite:////var/lib/sms-bridge/bridge.db"',
        store_url,
    )
    keep_days: int = setting(
        0,
        "forget messages, SMS, calls, deliveries, events, credits' movements and the audit trail after so many days; "
        "0 keeps them",
        "90",
        at_least(0),
    )

    password: str = setting(
        "",
        "the password of a database in PostgreSQL; without one, `~/.pgpass` is asked",
        '"secret"',
    )
    directory: str = setting(
        "/var/lib/sms-bridge",
        "where a bridge with its store in PostgreSQL keeps what commands on this machine find it by",
        '"/var/lib/sms-bridge"',
    )
    bridge: str = setting(
        "",
        "this bridge's name among those that share a database in PostgreSQL; the host's name when empty",
        '"office"',
    )
    beat: float = setting(
        5.0,
        "seconds between a bridge's signs of life to the others; after three without one they may take its duties and "
        "devices over",
        "5",
        at_least(0.1),
    )

    @property
    def name(self) -> str:
        """The bridge's name among those that share a database."""
        return self.bridge or socket.gethostname()

    @property
    def is_file(self) -> bool:
        """Whether the store is a file of this machine."""
        return self.url.startswith(SQLITE)

    @property
    def path(self) -> Path:
        """The database file; what stands for it on this machine where the store is no file."""
        return Path(self.url.removeprefix(SQLITE)) if self.is_file else Path(self.directory) / "postgresql"

    @property
    def address(self) -> str:
        """The URL by which the store is opened, with the password."""
        if self.is_file or not self.password:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}password={quote(self.password, safe='')}"
