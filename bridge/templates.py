"""Templates: texts with places for values. Pure.

`{name}`, `${name}` (as Aliyun writes it) and `{1}` (Tencent's positions) are places. A value is put in verbatim and
never looked at again.
"""

from collections.abc import Mapping


def places(text: str) -> tuple[str, ...]:
    """The names of a template's places, in order, each once."""
    raise AssertionError


def render(text: str, params: Mapping[str, str]) -> str:
    """The text with every place filled; what is not a place's name is ignored. Raises BadRequest (field `params`) for a
    place without a value, naming it."""
    raise AssertionError
