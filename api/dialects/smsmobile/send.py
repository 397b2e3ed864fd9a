"""Parses `/sendsms` into a draft, and answers it. Also used by its SOAP twin."""

import json
import re

from api.dialects.smsmobile.rows import Calendar
from api.dialects.smsmobile.vocabulary import WhatsappNotConnected
from api.http.errors import NotOffered
from api.http.parameters import Parameters
from bridge.errors import BadRequest
from bridge.model.message import Draft, Message

_YES = frozenset({"1", "yes", "true", "on"})
_NO = frozenset({"", "0", "no", "false", "off"})
#: spellings of the parameter that names a phone
_PHONE = frozenset({"sidentifiant", "sidentifiantphone", "sid"})
#: the vendor's extras that we refuse rather than forget about, and why
_EXTRAS = {
    "shorturl": "Links are sent as they are; this bridge does not shorten them.",
    "encrypt_message": "This bridge does not put texts behind a web link.",
    "url_media": "An SMS carries text only; media need WhatsApp, which is not connected.",
    "pdf_with_image": "An SMS carries text only; media need WhatsApp, which is not connected.",
    "url_media_shorted": "An SMS carries text only; media need WhatsApp, which is not connected.",
}
_EXTRA_NAMES = frozenset(_EXTRAS)
#: parameters that choose between SMS and WhatsApp
_CHANNELS = frozenset({"sendsms", "sendwa", "waonly"})
#: the last second with ten digits (November 2286); more than that are milliseconds
_LAST_SECOND = 9_999_999_999
#: characters of `from` that are kept
_TAG = 256

NOTE = "sent by mobile"
NOTE_NO_WHATSAPP = "sent by mobile; not by WhatsApp, which is not connected"

#: the envelope of a success, with places for id, note, both dates and port; `error` is a number and `sent` a string
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
            "send_with_whatsapp": "0",
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
            return params.text(name).strip()
    return ""


def compose(params: Parameters) -> Draft:
    """Parse parameters into a draft. Raises BadRequest and its subclasses for what is missing, wrong or not offered."""
    if params.any_of(_CHANNELS):
        _by_sms(params)
    if params.any_of(_EXTRA_NAMES):
        _without_extras(params)
    return Draft(
        recipient=params.need_number("recipients"),
        text=params.need("message"),
        route=phone(params),
        slot=_slot(params),
        not_before=_moment(params),
        tag=params.text("from")[:_TAG],
        dialect="smsmobile",
    )


def _without_extras(params: Parameters) -> None:
    """Raises for an extra that asks for something not offered: ignoring it would send a different message."""
    for name, why in _EXTRAS.items():
        if params.text(name).strip().lower() not in _NO:
            raise NotOffered(why, name)


def wants_whatsapp(params: Parameters) -> bool:
    """Whether WhatsApp was requested as well."""
    return flag(params, "sendwa")


def _by_sms(params: Parameters) -> None:
    """Raises unless an SMS was requested."""
    if flag(params, "waonly"):
        raise WhatsappNotConnected
    whatsapp = wants_whatsapp(params)  # validated in any case: an invalid value must not queue anything
    # both 0 is what the vendor's command line and its Odoo module send when nothing was chosen: they mean an SMS
    if not flag(params, "sendsms", default=True) and whatsapp:
        raise WhatsappNotConnected


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


def accepted(message: Message, calendar: Calendar, whatsapp: bool = False) -> bytes:
    """The answer for a stored message, with the value types of the vendor's sample."""
    note = NOTE_NO_WHATSAPP if whatsapp else NOTE
    utc, local = calendar.stamps(message.updated_at)
    return (_ACCEPTED % (message.id, note, utc, local, message.slot or "null")).encode()
