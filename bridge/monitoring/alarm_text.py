"""The content of alarms: event data from which mails and webhooks are made. Pure."""

import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bridge.accounts.credentials import OPERATOR
from bridge.dataclass import dataclass
from bridge.model.event import ALARM_OVER, ALARM_RAISED, Event

REMEDY = "What to do: run sms-bridge doctor on the machine of the bridge; it says what is wrong and how to fix it."


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """A raised alarm that is not over. Times are Unix ms."""

    began_at: int
    #: when it or its last reminder was told
    told_at: int
    title: str
    over: str
    line: str = ""
    reason: str = ""
    reminders: int = 0
    mark: int = 0

    @property
    def since(self) -> str:
        """The beginning, in this machine's local time, for people."""
        return moment(self.began_at)


def begun(key: str, alarm: RaisedAlarm, others: Sequence[RaisedAlarm], now: int) -> Event:
    """An alarm begins, or continues and this is a reminder."""
    lasting = f", for {span(now - alarm.began_at)} now"
    title = f"Still so: {alarm.title}" if alarm.reminders else alarm.title
    text = [f"{alarm.title}, since {alarm.since}{lasting}.", *alarm.reason.splitlines(), "", REMEDY]
    data = {"reason": alarm.reason, "began_at": alarm.began_at, "reminder": alarm.reminders, "line": alarm.line}
    return _event(ALARM_RAISED, key, now, title, [*text, *_also(others)], data)


def ended(key: str, alarm: RaisedAlarm, others: Sequence[RaisedAlarm], now: int, watched: bool = True) -> Event:
    """An alarm is over. Without `watched`, the line is no longer configured and its state unknown."""
    title = alarm.over if watched else f"No longer watched: {alarm.title}"
    lasted = now - alarm.began_at
    text = [f"{title}, after {span(lasted)}. {alarm.title}, since {alarm.since}: that is over."]
    if not watched:
        text = [f"{title}, since {alarm.since}. What it is about is not configured any more."]
    data = {"began_at": alarm.began_at, "ended_at": now, "seconds": lasted // 1000, "line": alarm.line}
    return _event(ALARM_OVER, key, now, title, [*text, *_also(others)], data)


def gathered(count: int, wrong: Sequence[RaisedAlarm], now: int) -> Event:
    """A summary of alarms held back, with the current state."""
    held = f"{count} alarm was held back" if count == 1 else f"{count} alarms were held back"
    state = "all is in order now" if not wrong else f"{len(wrong)} still {'is' if len(wrong) == 1 else 'are'} wrong"
    text = ["Something keeps failing and recovering, so not every alarm was sent.", *_also(wrong), "", REMEDY]
    return _event(ALARM_RAISED if wrong else ALARM_OVER, "held_back", now, f"{held}; {state}", text, {}, count)


def trial(now: int) -> Event:
    """The event of `sms-bridge alarm test`."""
    text = ["This is a test alarm: nothing is wrong. Alarms of this bridge reach you this way."]
    return _event(ALARM_RAISED, "trial", now, "A trial alarm", text, {})


def _also(others: Sequence[RaisedAlarm]) -> list[str]:
    if not others:
        return []
    return ["", "Wrong at this moment:", *(f"- {other.title}, since {other.since}" for other in others)]


def _event(
    name: str, key: str, now: int, title: str, text: Sequence[str], data: dict[str, Any], held_back: int = 0
) -> Event:
    own: dict[str, Any] = {"alarm": key, "title": title, "text": "\n".join(text), "host": socket.gethostname()}
    own |= {"line": "", "reason": "", "began_at": now, "ended_at": 0, "seconds": 0, "reminder": 0}
    return Event(0, "", name, OPERATOR, now, key, own | data | {"held_back": held_back})


def moment(at: int) -> str:
    """Local time with its zone, to the second."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def span(milliseconds: int) -> str:
    """A duration in words: `5 minutes`, `26 hours`."""
    seconds = max(0, milliseconds) // 1000
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"
