"""What a `[devices.x]` table of this driver may hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass
from bridge.messages.templates import places
from device_drivers._cloud import options as common

OPTIONS: Mapping[str, tuple[type, str]] = {
    "secret_id": (str, "SecretId of a key that may use SMS alone"),
    "secret_key": (str, "SecretKey of it"),
    "sdk_app_id": (str, "SmsSdkAppId of the application, such as 1400006666"),
    "region": (str, "region of the API (default ap-guangzhou)"),
    **common.COMMON,
    "endpoint": (str, "URL of the API (default https://sms.tencentcloudapi.com)"),
    "pull_interval": (
        float, "seconds between pulls of reports and replies, which Tencent enables on request; 0 for none (default 0)",
    ),
}  # fmt: skip
_NEEDED = ("secret_id", "secret_key", "sdk_app_id")


@dataclass(frozen=True, slots=True)
class Options(common.Options):
    """A device's options with their defaults."""

    secret_id: str = ""
    secret_key: str = field(default="", repr=False)
    sdk_app_id: str = ""
    region: str = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"
    pull_interval: float = 0.0


def problems(given: Mapping[str, Any]) -> Sequence[str]:
    """Everything wrong, each as `key: message`."""
    return common.problems(given, OPTIONS, _NEEDED, _contents)


def _contents(given: Mapping[str, Any]) -> list[str]:
    options = Options.of(given)
    found = []
    if options.pull_interval < 0:
        found.append("pull_interval: must not be less than 0")
    if not re.fullmatch(r"[0-9]{6,20}", options.sdk_app_id):
        found.append("sdk_app_id: is the SmsSdkAppId, digits alone")
    for form in options.forms:
        names = sorted(places(form.text), key=lambda name: (len(name), name))
        if names != [str(number) for number in range(1, len(names) + 1)]:
            found.append(f"templates: the places of {form.id} are {{1}}, {{2}} … without a gap, as Tencent has them")
    return found
