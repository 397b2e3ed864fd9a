"""The settings of a hub that this bridge dials."""

from collections.abc import Iterator

from bridge.config.field import setting, web_address
from bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub that this bridge dials, which cannot reach it; `sms-bridge join --dial` writes it."""

    url: str = setting("", "where the hub is", '"https://hub.example"', web_address)
    site: str = setting("", "what this bridge is called there", '"shop2"')
    dial_key: str = setting("", "key by which the hub knows it", '"…"')
    ca: str = setting(
        "", "file with the authorities that its certificate may be of, instead of the system's", '"/etc/ssl/own.pem"'
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is missing: setting and message."""
        for name in ("url", "site", "dial_key"):
            if not getattr(self, name):
                yield name, "is missing: sms-bridge join --dial writes it"
