"""What a `/send` asks for, as drafts."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from api.dialects.account_v1.rows import NAME, reference
from api.dialects.account_v1.vocabulary import TooManyMobiles
from api.http.errors import MissingParameter
from api.http.parameters import Parameters
from bridge.errors import BadRequest, InvalidText
from bridge.model.message import Draft

#: numbers in one request
MOST_MOBILES = 3000
#: characters of a task's id; with the number's position it fits a message's `client_ref`
LONGEST_TASK = 100
#: either comma, for the page is in Chinese
_COMMA = re.compile("[,\uff0c]")
#: no longer than JavaScript is exact
_EXTENSION = re.compile(r"0{0,20}([1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True)
class Task:
    """One request: the same text for many numbers."""

    id: str
    drafts: Sequence[Draft]


def compose(form: Parameters) -> Task:
    """Raises BadRequest and its kinds for what is missing or wrong; whether numbers are such the gateway knows."""
    mobiles = _mobiles(form)
    text = form.text("content")
    if not text:
        raise InvalidText
    task, extension = _task(form), _extension(form)
    drafts = [
        Draft(recipient=mobile, text=text, client_ref=reference(task, position), tag=extension, dialect=NAME)
        for position, mobile in enumerate(mobiles, 1)
    ]
    return Task(task, drafts)


def _mobiles(form: Parameters) -> Sequence[str]:
    """Each number once: a report tells them apart by nothing else."""
    written = [mobile.strip() for mobile in _COMMA.split(form.need("mobiles"))]
    mobiles = [mobile for mobile in written if mobile]
    if not mobiles:
        raise MissingParameter("mobiles")
    if len(mobiles) > MOST_MOBILES:
        raise TooManyMobiles
    return list(dict.fromkeys(mobiles))


def _task(form: Parameters) -> str:
    task = form.text("taskId")
    if len(task) > LONGEST_TASK or not task.isprintable():
        raise BadRequest("", "taskId")
    return task or str(uuid.uuid4())


def _extension(form: Parameters) -> str:
    written = form.text("extNo").strip()
    found = _EXTENSION.fullmatch(written)
    if written and not found:
        raise BadRequest("", "extNo")
    return found[1] if found else ""
