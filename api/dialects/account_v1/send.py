"""Parses a `/send` request into drafts."""

import re
import uuid
from collections.abc import Sequence

from api.dialect.recipients import CHINESE_MOBILE, person
from api.dialects.account_v1.rows import NAME, reference
from api.dialects.account_v1.vocabulary import Malformed, TooManyMobiles
from api.http.errors import MissingParameter
from api.http.parameters import Parameters
from bridge.dataclass import dataclass
from bridge.errors import InvalidText
from bridge.messages.phone_numbers import restore_plus
from bridge.model.message import Draft

#: numbers in one request
MOST_MOBILES = 3000
#: places between commas, empty ones and repeated numbers too
MOST_PLACES = 10_000
#: characters of a task's id; with the number's position it fits a message's `client_ref`
LONGEST_TASK = 100
#: either comma, for the page is in Chinese
_COMMA = re.compile("[,\uff0c]")
_EXTENSION = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Task:
    """One request: the same text for many numbers."""

    id: str
    drafts: Sequence[Draft]


def compose(form: Parameters, country: str = "") -> Task:
    """Parse a form; `country` is the account's.

    Raises BadRequest and its subclasses; whether a number is valid is decided by the gateway.
    """
    mobiles = _mobiles(form, country)
    text = form.text("content")
    if not text:
        raise InvalidText
    task, extension = _task(form), _extension(form)
    drafts = [
        Draft(recipient=mobile, text=text, client_ref=reference(task, position), tag=extension, dialect=NAME)
        for position, mobile in enumerate(mobiles, 1)
    ]
    return Task(task, drafts)


def _mobiles(form: Parameters, country: str) -> Sequence[str]:
    """Each number once, however often and in however many spellings it is listed; the first of them stands."""
    given = _COMMA.split(form.need("mobiles"), maxsplit=MOST_PLACES)
    if len(given) > MOST_PLACES:
        raise TooManyMobiles
    written = [_with_plus(mobile) for mobile in given]
    mobiles = [mobile for mobile in written if mobile]
    if not mobiles:
        raise MissingParameter("mobiles")
    if len(mobiles) > MOST_MOBILES:
        raise TooManyMobiles
    once: dict[str, str] = {}
    for mobile in dict.fromkeys(mobiles):
        once.setdefault(person(mobile, country), mobile)
    return list(once.values())


def _with_plus(written: str) -> str:
    """Restore a `+` that form decoding made a blank; before a Chinese mobile number a blank is just a blank."""
    number = written.strip()
    return number if CHINESE_MOBILE.fullmatch(number) else restore_plus(written).strip()


def _task(form: Parameters) -> str:
    task = form.text("taskId")
    if len(task) > LONGEST_TASK or not task.isprintable():
        raise Malformed(f"最长 {LONGEST_TASK} 个字符,不能含有换行等控制字符", "taskId")
    return task or str(uuid.uuid4())


def _extension(form: Parameters) -> str:
    written = form.text("extNo").strip()
    if written and not _EXTENSION.fullmatch(written):
        raise Malformed("只能为正整数,最长 20 位", "extNo")
    return written
