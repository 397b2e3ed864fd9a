"""Writes one option of a device into a configuration file and leaves all else as it was written."""

import re
import tomllib

from bridge.config import tables
from bridge.errors import BadRequest


def with_option(text: str, device: str, driver: str, option: str, value: str) -> str:
    """The configuration with this option of a device, which is added where it is not there.

    `value` has no quotes in it. Raises BadRequest for a device of another driver, and for one that is written in
    another way than as a table with a header.
    """
    devices = tomllib.loads(text).get("devices", {})
    line = f'{option} = "{value}"'
    if device not in devices:
        made = f'{text.rstrip()}\n\n[devices.{device}]\ndriver = "{driver}"\n{line}\n'.lstrip("\n")
        return tables.checked(made, text, "devices", device, {"driver": driver, option: value})
    known = devices[device]
    if known.get("driver") != driver:
        raise BadRequest(f"the device {device} is configured with another driver: {known.get('driver')}", "name")
    place = tables.find(text, "devices", device)
    if place is None:
        raise BadRequest(f"the device {device} is not written as a table [devices.{device}]: write {line} yourself")
    own = re.sub(rf"^[ \t]*{re.escape(option)}[ \t]*=[^\n]*\n?", "", text[place.body : place.end], flags=re.MULTILINE)
    head = text[: place.body].removesuffix("\n")
    return tables.checked(
        f"{head}\n{line}\n{own}{text[place.end :]}", text, "devices", device, {**known, option: value}
    )  # fmt: skip
