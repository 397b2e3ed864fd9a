"""What a `[devices.x]` table of this driver may hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass
from device_drivers._cloud import options as common

OPTIONS: Mapping[str, tuple[type, str]] = {
    "access_key_id": (str, "AccessKey ID of a RAM user that may use SMS alone"),
    "access_key_secret": (str, "AccessKey Secret of it"),
    **common.COMMON,
    "endpoint": (str, "URL of the API (default https://dysmsapi.aliyuncs.com)"),
}
_NEEDED = ("access_key_id", "access_key_secret")
_CODE = re.compile(r"SMS_[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Options(common.Options):
    """A device's options with their defaults."""

    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    endpoint: str = "https://dysmsapi.aliyuncs.com"


def problems(given: Mapping[str, Any]) -> Sequence[str]:
    """Everything wrong, each as `key: message`."""
    return common.problems(given, OPTIONS, _NEEDED, _contents)


def _contents(given: Mapping[str, Any]) -> list[str]:
    wrong = [form.id for form in Options.of(given).forms if not _CODE.fullmatch(form.id)]
    return [f"templates: {each} is no TemplateCode, such as SMS_123" for each in wrong]
