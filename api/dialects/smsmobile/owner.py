"""`/notification/send`, `/notification/list` and `/sendemail`: what applications tell people by other ways than SMS."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from api.dialects.smsmobile.refusals import reply
from api.dialects.smsmobile.rows import Calendar
from api.dialects.smsmobile.vocabulary import MailNotSent
from api.http.errors import NotOffered
from api.http.parameters import Parameters
from bridge.errors import BadRequest, NotPossible
from bridge.gateway.gateway import Gateway
from bridge.model.account import Account
from bridge.model.notification import Attachment, Letter, Notification, NotificationQuery

#: rows in one answer, as the vendor has it
MOST = 200
#: characters that are kept of each
LONGEST_TITLE, LONGEST_MESSAGE = 200, 10_000
MASK = "********"
_ATTACHMENT = re.compile(r"attachmentBase64(_(\d{1,2}))?")


class Owner:
    """Handles notifications to the bridge's owner and e-mail through the owner's mail server."""

    def __init__(self, gateway: Gateway, calendar: Calendar) -> None:
        self._gateway = gateway
        self._calendar = calendar

    async def notify(self, account: Account, params: Parameters) -> web.Response:
        """`/notification/send`: kept for the owner's page, and mailed where `[alarm]` has recipients."""
        sid = params.text("sid").strip() or params.text("sIdentifiant").strip()
        if not sid:
            raise BadRequest("Missing required params: apikey and sid are mandatory.", "sid")
        message = params.text("message").strip()
        if not message:
            raise BadRequest("Missing required param: message.", "message")
        title = " ".join(params.text("title").split()) or "Notification"
        for name, value, longest in (("title", title, LONGEST_TITLE), ("message", message, LONGEST_MESSAGE)):
            if len(value) > longest:
                raise BadRequest(f"The parameter {name} has at most {longest} characters, not {len(value)}.", name)
        kind = params.text("type").strip()[:LONGEST_TITLE] or "notification"
        number = await self._gateway.notify(account, sid[:LONGEST_TITLE], title, kind, message)
        answer = {"success": True, "message": "Notification sent.", "id": number, "apikey": MASK, "sid": sid}
        return reply(answer)

    async def notifications(self, account: Account, params: Parameters) -> web.Response:
        """`/notification/list`, newest first."""
        calendar = self._calendar.of(account)
        sid = params.text("sidentifiant") or params.text("sid") or params.text("sIdentifiant")
        since = params.text("date_from") or params.text("date_start")
        until = params.text("date_to") or params.text("date_end")
        distributed = params.text("distribued").strip()
        if distributed not in ("", "0", "1"):
            raise BadRequest("Invalid distribued value. Allowed values: 0 or 1.", "distribued")
        query = NotificationQuery(
            sid=sid.strip(),
            mailed=bool(int(distributed)) if distributed else None,
            since=_day(calendar, since, "date_from")[0],
            until=_day(calendar, until, "date_to")[1],
            limit=MOST,
        )
        rows = (await self._gateway.notifications(account, query)).rows
        filters = {"sidentifiant": query.sid, "distribued": distributed, "date_from": since, "date_to": until}
        found = [_row(row, calendar) for row in rows]
        return reply({"success": True, "message": "OK", "count": len(found), "filters": _given(filters), "data": found})

    async def email(self, account: Account, params: Parameters) -> web.Response:
        """`/sendemail`: through the mail server of `[alarm]`, and answered when that has the mail."""
        if params.text("embeddedImage"):
            raise NotOffered("The parameter embeddedImage is not supported: nothing is fetched from other servers.")
        letter = Letter(
            recipient=params.need("recipient_email").strip(),
            subject=params.need("mail_subject"),
            body=params.need("mail_body"),
            sender_name=params.text("sender_name"),
            reply_to=params.text("reply_email").strip() or params.text("sender_email").strip(),
            reply_name=params.text("reply_name"),
            copies=tuple(filter(None, (params.text(f"email_cc{place}").strip() for place in range(1, 4)))),
            unsubscribe=params.text("unsubscribe").strip().lower() in ("1", "yes", "true"),
            attachments=_attachments(params),
        )
        try:
            posted = await self._gateway.mail(account, letter)
        except NotPossible as error:
            raise MailNotSent(f"The e-mail was not sent: {error.message}.") from error
        refused = f", which refused {', '.join(posted.refused)}" if posted.refused else ""
        note = f"taken by the mail server{refused}"
        return reply({"result": {"error": 0, "sent": "1", "id": posted.id, "note": note}})


def _day(calendar: Calendar, written: str, name: str) -> tuple[int, int]:
    if not written.strip():
        return 0, 0
    try:
        return calendar.day(written, name)
    except BadRequest:
        raise BadRequest(f"Invalid {name} format. Expected YYYY-MM-DD.", name) from None


def _row(row: Notification, calendar: Calendar) -> dict[str, Any]:
    mailed = row.mailed_at > 0
    return {
        "id": row.id,
        "sid": row.sid,
        "title": row.title,
        "message": row.message,
        "type": row.type,
        "distribued": int(mailed),
        "distribued_status": "distributed" if mailed else "not_distributed",
        **_moment("sent", row.sent_at, calendar),
        **_moment("distributed", row.mailed_at, calendar),
    }


def _moment(name: str, at: int, calendar: Calendar) -> dict[str, Any]:
    day, hour = calendar.split(at) if at else ("", "")
    stamp = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""
    return {f"{name}_date": day, f"{name}_time": hour, f"{name}_at": stamp, f"{name}_at_unix": at // 1000}


def _given(filters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value}


def _attachments(params: Parameters) -> tuple[Attachment, ...]:
    """`attachmentBase64` with `attachmentBase64_name_1`, and more of them by their numbers."""
    found = []
    for name in sorted(params):
        match = _ATTACHMENT.fullmatch(name)
        if match is None:
            continue
        # a form decodes the `+` of base64 that was not percent-encoded to a blank
        written = params.text(name).replace(" ", "+").rpartition(",")[2]
        try:
            content = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest(f"The parameter {name} is not Base64.", name) from None
        found.append(Attachment(params.text(f"attachmentBase64_name_{match[2] or 1}").strip(), content))
    return tuple(found)
