"""Writes the table of a hub into a configuration file and leaves all else as it was written."""

import json
import re
from collections.abc import Mapping

from bridge.config import tables

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def with_hub(text: str, name: str, values: Mapping[str, str]) -> str:
    """The configuration with this hub, in place of an older table of its name.

    Raises BadRequest for one that is written in another way than as a table with a header.
    """
    header = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    table = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    place = tables.find(text, "hubs", name)
    others = text if place is None else text[: place.start] + text[place.end :]
    made = f"{others.rstrip()}\n\n[hubs.{header}]\n{table}".lstrip("\n")
    return tables.checked(made, text, "hubs", name, values)
