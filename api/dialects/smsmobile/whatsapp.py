"""WhatsApp in the smsmobile dialect, except for sending: resend, inbox, state, number check.

The answers follow the vendor's fragments. What is ours, because nobody outside knows: the rows of `/getwa`, which are
those of the inbox, and the answer of `/whatsapp/checknumber`. Without a WhatsApp line each says so.
"""

import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from api.dialect.downloads import as_download
from api.dialects.smsmobile.lists import MOST_ROWS, limit_in
from api.dialects.smsmobile.refusals import HEADERS, Refusals, reply
from api.dialects.smsmobile.rows import Calendar, inbox_row, unix_ms
from api.dialects.smsmobile.send import accepted, flag
from api.dialects.smsmobile.vocabulary import WhatsappNotConnected
from api.http.parameters import Parameters
from bridge.errors import BadRequest, NoSuchThing, NotPossible
from bridge.gateway.gateway import Gateway
from bridge.messages.phone_numbers import normalise
from bridge.model.account import Account
from bridge.model.inbox import Received
from bridge.model.line import Channel, Line
from bridge.model.message import Message, State, other_leg
from bridge.model.query import InboxQuery, MessageQuery

_NOT_CONNECTED = "WhatsApp is not connected to this bridge"
#: under which the device's driver's memory has whether `/getwa` gives out messages; on where it was never set
_ACTIVE = "getwa_active"
#: seconds that the answer of `/getwa/synchronisation` says it is good for: nothing has to be fetched, ever
_WINDOW = 3600
#: Meta's code for a recipient who is not on WhatsApp
_UNDELIVERABLE = "(#131026)"
#: the newest messages to a number that are looked at for what is known of it
_EVIDENCE = 50
#: kinds of recordings
_SPOKEN = ("voice", "audio")


class Whatsapp:
    """Handles the WhatsApp paths."""

    def __init__(self, gateway: Gateway, calendar: Calendar, refusals: Refusals) -> None:
        self._gateway = gateway
        self._calendar = calendar
        self._refusals = refusals

    @property
    def _lines(self) -> Sequence[Line]:
        return [line for line in self._gateway.lines() if line.channel is Channel.WHATSAPP]

    async def resend(self, account: Account, params: Parameters) -> web.Response:
        """`/resendwa`: another try by WhatsApp of what failed; of what is unknown only with `force=1`, an extension."""
        if not self._lines:
            raise WhatsappNotConnected
        guid = (params.text("guid_message") or params.need("guid")).strip().lower()
        message = await self._by_whatsapp(account, guid)
        try:
            if message.state is State.UNKNOWN and not flag(params, "force"):
                raise NotPossible("it may have been sent, and would go twice; force=1 sends it again all the same")
            message = await self._gateway.resend(account, message.id)
        except NotPossible as error:
            return self._refusals.sending(error, guid, "0")
        return web.Response(body=accepted((message,), self._calendar.of(account), params), headers=HEADERS)

    async def _by_whatsapp(self, account: Account, guid: str) -> Message:
        """The message, or its way by WhatsApp where it also went by SMS. Raises NoSuchThing."""
        ids = (guid, other_leg(guid)) if re.fullmatch(r"[0-9a-f]{40}", guid) else (guid,)
        found = (await self._gateway.messages(account, MessageQuery(ids=ids))).rows
        if message := next((each for each in found if each.channel is Channel.WHATSAPP), None):
            return message
        raise NoSuchThing("There is no such message by WhatsApp.")

    async def inbox(self, account: Account, params: Parameters) -> web.Response:
        """`/getwa`: what came in by WhatsApp, newest first."""
        if not self._lines:
            return reply({"result": {"error": "0", "messages": [], "note": f"{_NOT_CONNECTED}."}})
        kind = params.text("message_type").strip().lower()
        if kind not in ("", "text", "audio"):
            raise BadRequest("The parameter message_type is text or audio.", "message_type")
        query = self._query(params, self._calendar.of(account))
        if not await self._is_active():
            note = "Reading is switched off: /getwa/active?statut=1 switches it on. Messages are kept meanwhile."
            return reply({"result": {"error": "0", "messages": [], "note": note}})
        found = (await self._gateway.inbox(account, query)).rows
        rows = [_row(each, self._calendar.of(account)) for each in found]
        return reply({"result": {"error": "0", "messages": [row for row in rows if kind in ("", row["message_type"])]}})

    def _query(self, params: Parameters, calendar: Calendar) -> InboxQuery:
        since, until = 0, 0
        if date := params.text("date").strip():
            since, until = calendar.day(date, "date")
        if before := params.text("before").strip():
            moment = unix_ms(before)
            if moment is None:
                raise BadRequest("The parameter before is a Unix time in seconds.", "before")
            until = max(1, min(until or moment, moment - 1))
        limit = limit_in(params, MOST_ROWS)
        return InboxQuery(channel=Channel.WHATSAPP, since=since, until=until, limit=limit)

    async def media(self, account: Account, params: Parameters) -> web.Response:
        """`/getwa/media`, an extension: what came with the message of this guid, fetched from Meta now."""
        found = await self._gateway.media(account, params.need("guid").strip())
        kind, headers = as_download(found)
        return web.Response(body=found.body, headers={**HEADERS, **headers, "Content-Type": kind})

    async def active(self, _account: Account, params: Parameters) -> web.Response:
        """`/getwa/active`: whether `/getwa` gives out messages; `statut` sets it, `x` or nothing turns it over."""
        if not self._lines:
            note = f"{_NOT_CONNECTED}; reading its messages cannot be switched on."
            return reply({"success": True, "read_message_active": 0, "status_note": note})
        wish = params.text("statut").strip().lower() or "x"
        if wish not in ("0", "1", "x"):
            raise BadRequest("The parameter statut is 1, 0 or x.", "statut")
        active = not await self._is_active() if wish == "x" else wish == "1"
        for line in self._lines:
            await self._gateway.remember(line.device, _ACTIVE, str(int(active)))
        note = "reading messages is on" if active else "reading messages is off; they are kept all the same"
        return reply({"success": True, "read_message_active": int(active), "status_note": note})

    async def _is_active(self) -> bool:
        memories = [await self._gateway.memory(line.device) for line in self._lines]
        return any(memory.get(_ACTIVE, "1") == "1" for memory in memories)

    async def synchronisation(self, account: Account, _params: Parameters) -> web.Response:
        """`/getwa/synchronisation`: messages come in by themselves, so there is nothing to wait for."""
        if not self._lines:
            return reply({"error": "0", "messages": "not connected", "expire_at": "", "expire_at_unix": "0"})
        expires = self._gateway.now() // 1000 + _WINDOW
        written = " ".join(self._calendar.of(account).split(expires * 1000))
        return reply({"error": "0", "messages": "synchronized", "expire_at": written, "expire_at_unix": str(expires)})

    async def number(self, account: Account, params: Parameters) -> web.Response:
        """`/whatsapp/checknumber`: what is known from messages of before; nobody is written to for it."""
        asked = params.number("recipients")
        result = {"error": "0", "recipients": asked, "whatsapp": "0", "note": f"{_NOT_CONNECTED}."}
        if self._lines:
            digits = params.need_number("recipients").strip()
            number = normalise(f"+{digits}" if re.fullmatch(r"[1-9][0-9]{6,14}", digits) else digits)
            known, note = await self._known(account, number)
            result |= {"whatsapp": known, "note": note}
        return reply({"result": result})

    async def _known(self, account: Account, number: str) -> tuple[str, str]:
        heard = InboxQuery(channel=Channel.WHATSAPP, sender=number, limit=1)
        if (await self._gateway.inbox(account, heard)).rows:
            return "1", "wrote to this bridge by WhatsApp"
        sent = (await self._gateway.messages(account, MessageQuery(recipient=number, limit=_EVIDENCE))).rows
        for message in (each for each in sent if each.channel is Channel.WHATSAPP):
            if message.state is State.DELIVERED:
                return "1", "a message was delivered by WhatsApp"
            if _UNDELIVERABLE in message.error:
                return "0", "the last message could not be delivered by WhatsApp"
        return "unknown", "no message to or from this number has shown it; Meta cannot be asked"


def _row(received: Received, calendar: Calendar) -> dict[str, Any]:
    kind, _, media = received.media.partition(" ")
    return {
        **inbox_row(received, calendar),
        "message_type": "audio" if kind in _SPOKEN else "text",
        "is_voice_message": kind == "voice",
        "media_type": kind,
        "media_id": media,
        # with the key of who asks
        "media": f"/getwa/media?guid={received.id.upper()}" if media else "",
    }
