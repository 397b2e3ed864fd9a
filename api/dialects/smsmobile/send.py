"""Parses `/sendsms` into a draft, and answers it. Also used by its SOAP twin."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from api.dialects.smsmobile.rows import Calendar
from api.dialects.smsmobile.vocabulary import WhatsappNotConnected
from api.http.errors import NotOffered
from api.http.parameters import Parameters
from bridge.errors import BadRequest, InvalidNumber
from bridge.messages.phone_numbers import normalise
from bridge.model.line import Channel, Line
from bridge.model.message import Draft, Message

_YES = frozenset({"1", "yes", "true", "on"})
_NO = frozenset({"", "0", "no", "false", "off"})
#: spellings of the parameter that names a phone
_PHONE = frozenset({"sidentifiant", "sidentifiantphone", "sid"})
#: the vendor's extras that we refuse rather than forget about, and why
_EXTRAS = {
    "shorturl": "Links are sent as they are; this bridge does not shorten them.",
    "encrypt_message": "This bridge does not put texts behind a web link.",
}
#: what goes by WhatsApp alone
_MEDIA = ("url_media", "pdf_with_image", "url_media_shorted")
_EXTRA_NAMES = frozenset({*_EXTRAS, *_MEDIA})
_NO_MEDIA = "An SMS carries text only; media need WhatsApp, which is not connected."
_MEDIA_BY_SMS = "An SMS carries text only; media go by WhatsApp: add sendwa=1 or waonly=yes."
#: parameters that choose between SMS and WhatsApp
_CHANNELS = frozenset({"sendsms", "sendwa", "waonly"})
#: the last second with ten digits (November 2286); more than that are milliseconds
_LAST_SECOND = 9_999_999_999
#: characters of `from` that are kept
_TAG = 256

NOTE = "sent by mobile"
NOTE_NO_WHATSAPP = "sent by mobile; not by WhatsApp, which is not connected"
NOTE_BOTH, NOTE_WHATSAPP = "sent by mobile and by WhatsApp", "sent by WhatsApp"
NOTE_NO_PREVIEW = "without a picture of the document, which this bridge does not make"

#: the envelope of a success, with places for id, note, dates, port and channel; `error` is a number, `sent` a string
_ACCEPTED = json.dumps(
    {
        "result": {
            "error": 0,
            "sent": "1",
            "id": "%s",
            "note": "%s",
            "datetime": "%s",
            "datetimeLocal": "%s",
            "port": "PORT",
            "iac_control": "0",
            "iac_authorized": "1",
            "send_with_whatsapp": "%s",
            "encrypted": {"status": "0"},
            "trial_account": {"status": "0", "sms_sent": 0},
        }
    }
).replace('"PORT"', "%s")


def flag(params: Parameters, name: str, default: bool = False) -> bool:
    """Parse a yes or no in the vendor's spellings. Raises BadRequest for anything else."""
    value = params.text(name).strip().lower()
    if not value:
        return default
    if value in _YES or value in _NO:
        return value in _YES
    raise BadRequest(f"The parameter {name} is 1 or 0 (also yes, no, true, false).", name)


def phone(params: Parameters) -> str:
    """The requested phone, by any spelling of the parameter; "" for any phone."""
    for name in params:
        if name.lower() in _PHONE:
            return params.number(name).strip()  # a phone's own number names it, too
    return ""


def compose(params: Parameters, lines: Sequence[Line], country: str = "") -> Sequence[Draft]:
    """Parse parameters into drafts: by SMS, by WhatsApp, or the same message by both; `country` is the account's.

    Raises BadRequest and its subclasses for what is missing, wrong or not offered.
    """
    sms, whatsapp = True, False
    chosen, more = params.any_of(_CHANNELS), params.any_of(_EXTRA_NAMES)
    there = (chosen or more) and any(line.channel is Channel.WHATSAPP for line in lines)
    if chosen:
        sms, whatsapp = _channels(params, there)
    media = _extras(params, there, whatsapp) if more else ""
    draft = Draft(
        recipient=params.need_number("recipients"),
        text=params.text("message") if media and not sms else params.need("message"),
        route=phone(params),
        slot=_slot(params),
        not_before=_moment(params),
        tag=params.text("from")[:_TAG],
        dialect="smsmobile",
    )
    if not whatsapp:
        return (draft,)
    return _legs(draft, replace(draft, recipient=_international(draft.recipient, country), media=media), sms, lines)


def _legs(draft: Draft, by_whatsapp: Draft, sms: bool, lines: Sequence[Line]) -> Sequence[Draft]:
    """The message by WhatsApp, and before it by SMS where that is wanted; a phone is chosen for its own channel."""
    names = {line.name.lower() for line in lines if line.channel is Channel.WHATSAPP}
    is_whatsapp = draft.route.lower() in names
    route = draft.route if is_whatsapp else ""
    by_whatsapp = replace(by_whatsapp, route=route, channel=Channel.WHATSAPP, leg=sms)
    by_sms = replace(draft, route="" if is_whatsapp else draft.route)
    return (by_sms, by_whatsapp) if sms else (by_whatsapp,)


def _international(recipient: str, country: str) -> str:
    """The vendor has WhatsApp's numbers with their country code, and without + or 00.

    Raises InvalidNumber when the digits are another number in the account's country, where an SMS would go.
    """
    digits = normalise(recipient)
    if not re.fullmatch(r"[1-9][0-9]{6,14}", digits):
        return recipient
    abroad = f"+{digits}"
    at_home = _at_home(digits, country)
    if at_home not in ("", abroad):
        raise InvalidNumber(f"this can be {abroad} or {at_home}: write it with + and its country code")
    return abroad


def _at_home(digits: str, country: str) -> str:
    """The number that digits are in the account's country; "" when they are none."""
    try:
        return normalise(digits, country) if country else ""
    except InvalidNumber:
        return ""


def _extras(params: Parameters, there: bool, whatsapp: bool) -> str:
    """The URL of what goes with the text. Raises for an extra that is not offered."""
    for name, why in _EXTRAS.items():
        if params.text(name).strip().lower() not in _NO:
            raise NotOffered(why, name)
    for name in _MEDIA:
        if not whatsapp and params.text(name).strip().lower() not in _NO:
            raise NotOffered(_MEDIA_BY_SMS if there else _NO_MEDIA, name)
    url = params.text("url_media").strip()
    return "" if url.lower() in _NO else url


def wants_whatsapp(params: Parameters) -> bool:
    """Whether WhatsApp was requested as well."""
    return flag(params, "sendwa")


def _channels(params: Parameters, there: bool) -> tuple[bool, bool]:
    """Whether it goes by SMS, and whether by WhatsApp. Raises when WhatsApp alone is wanted and not `there`."""
    only, whatsapp = flag(params, "waonly"), wants_whatsapp(params)
    # both 0 is what the vendor's command line and its Odoo module send when nothing was chosen: they mean an SMS
    sms = not only and (flag(params, "sendsms", default=True) or not whatsapp)
    if not sms and not there:
        raise WhatsappNotConnected
    return sms, there and (only or whatsapp)


def _slot(params: Parameters) -> int:
    value = params.text("port").strip()
    if value not in ("", "1", "2"):
        raise BadRequest("The parameter port is a SIM slot, 1 or 2, or empty for any.", "slot")
    return int(value or 0)


def _moment(params: Parameters) -> int:
    """`schedule_timestamp` in Unix milliseconds; 0 without one. A past time means now."""
    value = params.text("schedule_timestamp").strip()
    if not value:
        return 0
    if not re.fullmatch(r"-?[0-9]{1,19}", value):
        raise BadRequest("The parameter schedule_timestamp is a Unix time in whole seconds (UTC).", "not_before")
    if int(value) > _LAST_SECOND:
        raise BadRequest(
            "The parameter schedule_timestamp is a Unix time in seconds (UTC); this looks like milliseconds.",
            "not_before",
        )
    return max(0, int(value) * 1000)


def accepted(messages: Sequence[Message], calendar: Calendar, params: Parameters) -> bytes:
    """The answer for stored messages, with the value types of the vendor's sample."""
    message, by_whatsapp = messages[0], messages[-1].channel is Channel.WHATSAPP
    utc, local = calendar.stamps(message.updated_at)
    note = _note(messages, by_whatsapp, params)
    return (_ACCEPTED % (message.id, note, utc, local, message.slot or "null", int(by_whatsapp))).encode()


def _note(messages: Sequence[Message], by_whatsapp: bool, params: Parameters) -> str:
    if not by_whatsapp:
        return NOTE_NO_WHATSAPP if wants_whatsapp(params) else NOTE
    note = NOTE_BOTH if len(messages) > 1 else NOTE_WHATSAPP
    return f"{note}; {NOTE_NO_PREVIEW}" if flag(params, "pdf_with_image") else note
