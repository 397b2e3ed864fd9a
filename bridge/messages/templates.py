"""Templates: texts with placeholders. Pure.

`{name}`, `${name}` (as Aliyun writes it) and `{1}` (Tencent's positions) are places. A value is put in verbatim and
never looked at again.
"""

import re
from collections.abc import Mapping

from bridge.errors import BadRequest

_PLACE = re.compile(r"\$?\{([\w.-]+)\}")


def places(text: str) -> tuple[str, ...]:
    """The names of a template's placeholders, in order, without repeats."""
    return tuple(dict.fromkeys(_PLACE.findall(text)))


def render(text: str, params: Mapping[str, str]) -> str:
    """Fill every placeholder; values for other names are ignored.

    Raises BadRequest (field `params`) for a place without a value, naming it.
    """
    for name in places(text):
        if name not in params:
            raise BadRequest(f"the template has a place {name!r}, and no value for it was given", "params")
    # in one pass, so that a value with braces in it stays what it is
    return _PLACE.sub(lambda place: params[place[1]], text)
