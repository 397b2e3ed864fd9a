"""Rows of reports and received SMS, for pull and push. Times are local to the account, to the second."""

from datetime import tzinfo
from typing import Any

from api.dialect.local_time import written
from api.dialect.masking import masked
from api.dialects.account_v1.vocabulary import PULLED, PUSHED, REJECTED, STATE_WORDS, SUPPRESSED
from bridge.gateway.pulls import Report
from bridge.model import event as events
from bridge.model.event import Event
from bridge.model.inbox import Received
from bridge.model.message import State

NAME = "account_v1"


def reference(task: str, position: int) -> str:
    """The reference stored with a message of a task: a task has many numbers, and each message needs its own."""
    return f"{task}#{position}"


def shown(number: str) -> str:
    """A sender as lists show it, `138****1234`; one with a name is shown as it is."""
    return masked(number) if number.removeprefix("+").isdecimal() else number


def national(number: str) -> str:
    """A Chinese number without its country code, as callers of this dialect write it."""
    rest = number.removeprefix("+86")
    return rest if rest != number and len(rest) == 11 and rest.startswith("1") else number


def pulled_report(report: Report, zone: tzinfo) -> dict[str, Any]:
    """One row of `/report`."""
    message = report.message
    status = PULLED if report.success else _failure(message.state, message.error, message.sent_at)
    return {
        "sendId": _task(message.dialect, message.client_ref, message.id),
        "status": status,
        "times": written(report.at, zone),
        "mobile": masked(message.written),
        "extNo": message.tag if message.dialect == NAME else "",
    }


def pulled_received(received: Received, extension: str, zone: tzinfo) -> dict[str, Any]:
    """One row of `/mo`; the extension is that of the message which it answers."""
    return {
        "mobile": shown(national(received.sender)),
        "content": received.text,
        "times": written(received.received_at, zone),
        "extNo": _extension(extension),
    }


def _extension(written: str) -> int | str:
    """As `/mo` shows it: a number, or a text if a number would lose leading zeros, or ""."""
    # no longer than JavaScript is exact
    return int(written) if written and str(int(written)) == written and len(written) <= 15 else written


def pushed_report(event: Event, zone: tzinfo) -> dict[str, Any]:
    """The body posted to an account's status URL."""
    data = event.data
    success = event.name in (events.MESSAGE_SENT, events.MESSAGE_DELIVERED)
    status = PUSHED if success else _failure(State(data["state"]), data["error"], data["sent_at"])
    return {
        "sendId": _task(data["dialect"], data["client_ref"], data["id"]),
        "mobile": data["written"].strip(),
        "times": written(event.at, zone),
        "status": status,
    }


def pushed_received(event: Event, zone: tzinfo) -> dict[str, Any]:
    """The body posted to an account's inbound URL; the extension is text there, as on the page."""
    data = event.data
    return {
        "mobile": national(data["from"]),
        "content": data["text"],
        "times": written(data["received_at"], zone),
        "extNo": data.get("tag", ""),
    }


def _failure(state: State, error: str, sent_at: int) -> str:
    if state is not State.FAILED:
        return STATE_WORDS[state]
    if error.startswith(SUPPRESSED):
        return SUPPRESSED
    return STATE_WORDS[state] if sent_at else REJECTED


def _task(dialect: str, client_ref: str, id: str) -> str:
    """The caller's `taskId`; messages of other dialects are named by their own id."""
    return client_ref.rpartition("#")[0] if dialect == NAME else id
