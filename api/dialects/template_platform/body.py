"""Parses JSON bodies of the template platform strictly, with errors in Chinese."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from api.dialects.template_platform.vocabulary import Wrong
from api.http import json_values
from bridge.dataclass import dataclass

#: characters of an id, a number or a name
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Number:
    """A number as the body writes it: a price of 12.50 is not 12.5 to people, nor 0.00001 1e-05."""

    written: str

    @property
    def is_finite(self) -> bool:
        """Whether it is one that JSON has, of a length that means anything."""
        return len(self.written) <= LONGEST and math.isfinite(float(self.written))


def read(raw: bytes, names: Collection[str]) -> Mapping[str, Any]:
    """The members of the JSON object in the body, except null ones. Raises Wrong.

    The label of the body is not looked at: programs that set none mean JSON too.
    """
    members = _parse(raw)
    if not isinstance(members, dict):
        raise Wrong("请求内容必须是 JSON 对象")
    for name in members:
        if name not in names:
            raise Wrong(f"未知参数 {name[:LONGEST]}", name)
    return {name: value for name, value in members.items() if value is not None}


def text(members: Mapping[str, Any], name: str, needed: bool = True) -> str:
    """A text; "" for an optional one that is missing. Raises Wrong."""
    value = members.get(name, "")
    if not isinstance(value, str):
        raise Wrong(f"{name} 必须是字符串", name)
    if needed and not value.strip():
        raise Wrong(f"缺少参数 {name}", name)
    if len(value) > LONGEST:
        raise Wrong(f"{name} 过长", name)
    return value


def params(members: Mapping[str, Any]) -> Mapping[str, str]:
    """Values of template placeholders; numbers and booleans as the body writes them. Raises Wrong."""
    given = members.get("params", {})
    if given == []:
        return {}  # how PHP writes an empty array
    if not isinstance(given, dict):
        raise Wrong("params 必须是对象", "params")
    return {name: _value(name, value) for name, value in given.items()}


def _value(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Number) and value.is_finite:
        return value.written
    if not isinstance(value, bool):
        raise Wrong(f"params.{name[:LONGEST]} 必须是字符串", "params")
    return json.dumps(value)


def _parse(raw: bytes) -> Any:
    if json_values.too_many(raw):
        raise Wrong(f"请求内容的值超过 {json_values.MOST} 个")
    try:
        return _DECODER.decode(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Wrong("请求内容不是 UTF-8 编码") from None
    except json.JSONDecodeError as error:
        raise Wrong(f"请求内容不是有效的 JSON:第 {error.lineno} 行第 {error.colno} 列") from None
    except (ValueError, RecursionError):
        raise Wrong("请求内容不是有效的 JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Wrong(f"参数 {twice[:LONGEST]} 重复", twice)
    return made


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=Number, parse_float=Number)
