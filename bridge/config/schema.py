"""Every setting there is: its name, type, default and help, as frozen dataclasses that `bridge.config.loader` fills.

The same fields make the table of docs/configuration.md (`markdown`), so the two cannot differ.
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.config.field import (
    at_least,
    fields,
    is_this_machine,
    known_languages,
    mail_address,
    mail_addresses,
    networks,
    one_of,
    path_prefix,
    setting,
    time_zone,
    web_address,
    within,
)
from bridge.config.hub import Hub
from bridge.config.storage import Storage
from bridge.dataclass import dataclass
from bridge.model.account import UnknownPolicy
from bridge.model.finding import Finding
from bridge.model.opt_out import DEFAULT_LANGUAGES, LANGUAGES, Scope

if TYPE_CHECKING:
    from bridge.ports.driver import Device

LEVELS = ("debug", "info", "warning", "error")
SECURITIES = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class Http:
    """HTTP server settings."""

    host: str = setting("127.0.0.1", "address to listen on; `0.0.0.0` for every network", '"127.0.0.1"')
    port: int = setting(8080, "TCP port to listen on", "8080", within(0, 65535))
    public_url: str = setting(
        "", "address that callers see when a proxy stands in front", '"https://sms.example.com"', web_address
    )
    legacy_http_200: bool = setting(
        False, "answer errors with HTTP 200, in dialects some of whose clients expect that", "false"
    )
    certificate: str = setting(
        "",
        "file with the certificate and its chain (PEM): every port then speaks TLS; `%d/…` is a systemd credential",
        '"/etc/sms-bridge/tls/fullchain.pem"',
    )
    key: str = setting("", "file with the certificate's private key (PEM)", '"/etc/sms-bridge/tls/privkey.pem"')
    socket: str = setting(
        "", "Unix socket on which a proxy on this machine reaches the bridge too", '"/run/sms-bridge/http.sock"'
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "addresses or networks of proxies that are trusted to say who calls", '["127.0.0.1", "::1"]', networks
    )
    proxy_headers: str = setting(
        "x-forwarded",
        "the headers they say it with: `x-forwarded` (X-Forwarded-For, -Proto, -Host) or `forwarded` (RFC 7239)",
        '"x-forwarded"',
        one_of(("x-forwarded", "forwarded")),
    )
    max_connections: int = setting(500, "connections open at a time", "500", within(1, 100_000))
    max_connections_per_address: int = setting(
        100, "the same from one address (IPv6: one /64), but for this machine and trusted proxies", "100", at_least(1)
    )
    max_body: int = setting(
        64 * 1024 * 1024, "bytes of the largest request body, where a dialect takes so much", "1048576", at_least(1024)
    )
    request_timeout: float = setting(
        20.0,
        "seconds for a request's header, and again for its body; a long one must bring 1 KiB a second",
        "20",
        at_least(0.1),
    )
    idle_timeout: float = setting(90.0, "seconds that a connection may wait for its next request", "90", at_least(0.1))
    answer_timeout: float = setting(
        60.0, "seconds after which a caller that does not read its answer is disconnected", "60", at_least(0.1)
    )


@dataclass(frozen=True, slots=True)
class Sending:
    """Limits and retries of sending."""

    retries: int = setting(
        3,
        "tries after the first that temporary refusals of its number allow a message; an outage spends none",
        "3",
        within(0, 100),
    )
    retry_interval: float = setting(30.0, "seconds before each retry", "30", at_least(0))
    expire_after: float = setting(
        86400.0, "seconds after which a message that was not sent expires; 0 for never", "86400", at_least(0)
    )
    on_unknown: UnknownPolicy = setting(
        UnknownPolicy.HOLD,
        "what a new account does when nobody knows whether a message went out: `hold`, `resend` or `fail`",
        '"hold"',
    )
    max_parts: int = setting(255, "longest message to accept, in radio parts", "255", within(1, 255))
    allow_emergency: bool = setting(False, "accept messages to emergency numbers such as 112 and 911", "true")


@dataclass(frozen=True, slots=True)
class Inbox:
    """Treatment of received SMS."""

    partial_after: float = setting(
        3600.0, "seconds to wait for missing parts before a long SMS is given out with gaps", "3600", at_least(1)
    )


@dataclass(frozen=True, slots=True)
class OptOut:
    """What happens when a recipient writes STOP, or START."""

    scope: Scope = setting(
        Scope.LINE,
        "whom a STOP holds for: `line` (every account, for what may go by the line that it came to), `account` "
        "(the accounts that wrote to the recipient by that line), `bridge` (every account, by every line)",
        '"line"',
    )
    languages: tuple[str, ...] = setting(
        DEFAULT_LANGUAGES,
        f"whose words for STOP and START count: {', '.join(LANGUAGES)}",
        '["en", "de"]',
        known_languages,
    )
    stop_words: tuple[str, ...] = setting((), "words and phrases that are a STOP, too", '["cancel", "stop acme"]')
    start_words: tuple[str, ...] = setting((), "words and phrases that are a START, too", '["yes"]')
    answer: str = setting(
        "", "text that answers a STOP by SMS, once; empty for none", '"You get no more messages. START to rejoin."'
    )
    start_answer: str = setting("", "text that answers a START by SMS, once; empty for none", '"Welcome back."')


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Webhook delivery."""

    allow_http: tuple[str, ...] = setting(
        (),
        "hosts outside the own network that may be called without TLS; the own network always may",
        '["crm.example"]',
    )
    zone: str = setting(
        "UTC",
        "time zone of the local times in webhooks of accounts that have none of their own",
        '"Europe/Paris"',
        time_zone,
    )


@dataclass(frozen=True, slots=True)
class Alarm:
    """Alarms by webhook and mail when SMS itself is down."""

    after: float = setting(
        300.0, "seconds a line may be out of service before an alarm is raised; 0 for never", "300", at_least(0)
    )
    queue_after: float = setting(
        900.0, "seconds due messages may be stuck before an alarm is raised; 0 for never", "900", at_least(0)
    )
    remind: float = setting(86400.0, "seconds between reminders while it goes on; 0 for none", "86400", at_least(0))
    per_hour: int = setting(6, "most alarms sent in an hour; one more says how many were held back", "6", at_least(1))
    webhook: str = setting("", "URL that alarms are posted to", '"https://ops.example.com/hook"', web_address)
    webhook_secret: str = setting("", "signs them, as webhooks of format v2 are", '"a long random text"')
    mail_to: tuple[str, ...] = setting((), "recipients of alarms by mail", '["me@example.com"]', mail_addresses)
    mail_from: str = setting(
        "", "sender of these mails; the user of the mail server when that is an address", '"me@example.com"',
        mail_address,
    )  # fmt: skip
    mail_accounts: tuple[str, ...] = setting(
        (), "accounts that may send e-mail through this server, too, by `/sendemail`; `*` for all", '["shop"]'
    )
    smtp_host: str = setting("", "mail server that sends them", '"smtp.example.com"')
    smtp_port: int = setting(
        0, "its port; 0 for the usual one: 587 with starttls, 465 with tls, 25 with none", "587", within(0, 65535)
    )
    smtp_user: str = setting("", "user there; empty for a server that needs none", '"me@example.com"')
    smtp_password: str = setting("", "the user's password", '"…"')
    smtp_security: str = setting(
        "starttls", "how the connection is secured: `starttls`, `tls` or `none`", '"starttls"', one_of(SECURITIES)
    )

    @property
    def sender(self) -> str:
        """The sender address of alarm mails."""
        return self.mail_from or ("" if mail_address(self.smtp_user) else self.smtp_user)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Contradictions between settings: setting and message."""
        wanted = next((name for name in ("mail_to", "mail_accounts") if getattr(self, name)), "")
        if wanted and not self.smtp_host:
            yield "smtp_host", f'is missing: {wanted} needs a mail server, such as "smtp.example.com"'
        if self.smtp_host and not wanted:
            yield "mail_to", 'is missing: smtp_host is of no use without it; such as ["me@example.com"]'
        if wanted and not self.sender:
            yield "mail_from", 'is missing: a mail needs a sender, such as "me@example.com"'
        if self.smtp_user and not self.smtp_password:
            yield "smtp_password", "is missing: smtp_user needs one"
        if self.smtp_password and not self.smtp_user:
            yield "smtp_user", "is missing: smtp_password is of no use without it"
        if self.smtp_password and self.smtp_security == "none" and not is_this_machine(self.smtp_host):
            yield "smtp_security", 'must be "starttls" or "tls": with "none" anybody on the way could read the password'
        if self.webhook_secret and not self.webhook:
            yield "webhook", "is missing: webhook_secret is of no use without it"


@dataclass(frozen=True, slots=True)
class Loopback:
    """Test SMS between the bridge's own lines, to see whether they arrive. Each costs as much as any SMS."""

    every: float = setting(0.0, "seconds between loop-back SMS; 0 for none", "86400", at_least(0))
    from_line: str = setting("", "line that sends them; each one when empty", '"office"')
    to_line: str = setting("", "line they go to; for each line the next one when empty", '"shop-phone"')
    deadline: float = setting(
        300.0, "seconds after which one that did not arrive is an alarm", "300", lambda value: "" if value > 0 else
        f"must be more than 0, not {value}",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics served at `/metrics` on their own port."""

    enabled: bool = setting(True, "serve `/metrics` in Prometheus' format", "true")
    allow: tuple[str, ...] = setting(
        ("127.0.0.1", "::1"),
        "addresses and networks that may read the metrics; an operator's key as bearer token always may",
        '["127.0.0.1", "192.0.2.0/24"]',
        networks,
    )


@dataclass(frozen=True, slots=True)
class Log:
    """Logging to standard error."""

    level: str = setting(
        "info", "least important line to show: `debug`, `info`, `warning`, `error`", '"info"', one_of(LEVELS)
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's HTTP API."""

    enabled: bool = setting(True, "serve this dialect", "true")
    prefix: str = setting("", "path put before the dialect's own paths", '"/vendor"', path_prefix)
    port: int = setting(
        0, "TCP port of the dialect's own, on the same host; 0 for that of `[http]`", "8081", within(0, 65535)
    )
    options: Mapping[str, Any] = field(
        default_factory=dict, metadata={"help": "the dialect's own options", "example": "{ }", "check": None}
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, checked."""

    http: Http = Http()
    store: Storage = Storage()
    sending: Sending = Sending()
    inbox: Inbox = Inbox()
    opt_out: OptOut = OptOut()
    webhooks: Webhooks = Webhooks()
    alarm: Alarm = Alarm()
    loopback: Loopback = Loopback()
    metrics: Metrics = Metrics()
    log: Log = Log()
    #: by name; those not named are enabled with their defaults
    dialects: Mapping[str, Dialect] = field(default_factory=dict)
    #: by the accounts that they have here
    hubs: Mapping[str, Hub] = field(default_factory=dict)
    #: by name, in the order of the file
    devices: "Mapping[str, Device]" = field(default_factory=dict)
    #: what is no mistake, and yet somebody should mend
    findings: tuple[Finding, ...] = ()

    def port_of(self, dialect: str) -> int:
        """The port of a dialect: its own, or the bridge's."""
        return self.dialects.get(dialect, Dialect()).port or self.http.port

    def problems(self) -> Iterator[tuple[str, str]]:
        """Contradictions between settings that are valid by themselves: key and message."""
        for name, wrong in self.alarm.problems():
            yield f"alarm.{name}", wrong
        for hub, each in self.hubs.items():
            for name, wrong in each.problems():
                yield f"hubs.{hub}.{name}", wrong
        for name, line in (("from_line", self.loopback.from_line), ("to_line", self.loopback.to_line)):
            if self.devices and line and line.partition(":")[0] not in self.devices:
                yield (
                    f"loopback.{name}",
                    f'there is no device "{line}"; there are: {", ".join(sorted(self.devices))}',
                )

    @property
    def directory(self) -> Path:
        """The directory of the store; a running bridge writes `control.json` there."""
        return Path(os.path.realpath(self.store.path)).parent


#: name of a section → what fills it
SECTIONS: dict[str, type[Any]] = {
    "http": Http, "store": Storage, "sending": Sending, "inbox": Inbox, "opt_out": OptOut, "webhooks": Webhooks,
    "alarm": Alarm, "loopback": Loopback, "metrics": Metrics, "log": Log,
}  # fmt: skip


#: sections of tables with names of their own
TABLES = ("dialects", "hubs", "devices")


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, described for people."""

    key: str
    default: str
    help: str


def rows() -> Iterator[Row]:
    """All settings in the order of the file."""
    for section, kind in SECTIONS.items():
        yield from _rows_of(section, kind)
    yield from _rows_of("dialects.NAME", Dialect)
    yield from _rows_of("hubs.NAME", Hub)
    yield Row("devices.NAME.driver", "", "kind of device: `sms-bridge devices` shows what is plugged in")
    yield Row("devices.NAME.…", "", "the driver's own options: `sms-bridge devices --options` lists them")


def markdown() -> str:
    """The settings table of docs/configuration.md."""
    lines = ["| setting | default | |", "|---|---|---|"]
    lines += [f"| `{row.key}` | {f'`{row.default}`' if row.default else ''} | {row.help} |" for row in rows()]
    return "\n".join(lines) + "\n"


def _rows_of(section: str, kind: type[Any]) -> Iterator[Row]:
    for name, (_, each) in fields(kind).items():
        default = {} if each.default is dataclasses.MISSING else each.default
        yield Row(f"{section}.{name}", as_toml(default), each.metadata["help"])


def as_toml(value: Any) -> str:
    """A value as it is written in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return f'"{value.value}"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(as_toml(each) for each in value) + "]"
    if isinstance(value, Mapping):
        return "{ }"
    return f"{value:g}"
