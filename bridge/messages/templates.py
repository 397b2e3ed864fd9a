"""Templates: texts with placeholders. Pure.

`{name}`, `${name}` (as Aliyun writes it) and `{1}` (Tencent's positions) are places. A value is put in verbatim and
never looked at again.
"""

import re
from collections.abc import Iterable, Mapping

from bridge.errors import BadRequest, InvalidNumber, UnknownTemplate
from bridge.model.forms import HOME, Form, is_abroad, with_code

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


def match(text: str, written: str) -> Mapping[str, str] | None:
    """The values that make `written` of the template `text`; None when none do. No value is empty.

    Several readings make the same text, so any of them will do: the shortest values from the left.
    """
    pieces = _PLACE.split(text)  # what stands between places, then a place's name, and so on
    names, values, position = pieces[1::2], [], len(pieces[0])
    if not names:
        return {} if written == text else None
    if not written.startswith(pieces[0]):
        return None
    for piece in pieces[2:-1:2]:
        found = written.find(piece, position + 1)
        if found < 0:
            return None
        values.append(written[position:found])
        position = found + len(piece)
    last = len(written) - len(pieces[-1])
    if last <= position or not written.endswith(pieces[-1]):
        return None
    values.append(written[position:last])
    read = dict(zip(names, values, strict=True))
    # a name that stands twice must have one value
    return read if render(text, read) == written else None


def choose(forms: Iterable[Form], recipient: str, written: str) -> tuple[Form, Mapping[str, str]]:
    """The form of a line that makes this text for this recipient, and the values of its places.

    Raises UnknownTemplate, and InvalidNumber for a number that none of the fitting forms is for.
    """
    fitting = [(form, values) for form in forms if (values := match(form.text, written)) is not None]
    if not fitting:
        raise UnknownTemplate("this line carries approved texts alone, and none of its templates makes this text")
    if not (number := with_code(recipient)):
        raise InvalidNumber("this line needs a number with its country code, such as +8613800138000")
    for form, values in fitting:
        if form.abroad is is_abroad(number):
            return form, values
    where = "numbers of other countries" if is_abroad(number) else f"numbers that begin with {HOME}"
    raise InvalidNumber(f"no template of this line that makes this text is for {where}")
