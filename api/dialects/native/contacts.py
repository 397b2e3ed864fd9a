"""/v1/contacts: who numbers are, kept by hand and as files."""

import asyncio
from typing import Any

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.model.conversation import Consent, Contact, ContactQuery

#: bytes of a file
LARGEST = 16 * 1024 * 1024
TYPES = {"csv": "text/csv", "vcard": "text/vcard"}
LIST = validators.listing(keyword=validators.short(200), group=validators.short(100))
FILE = {"format": validators.word(*TYPES)}
KEEP = {
    "name": validators.short(200),
    "note": validators.short(2000),
    "groups": validators.strings(100, most=50, least=0),
    "consent": validators.choice(Consent),
    "consent_note": validators.short(500),
}


async def find(call: Call) -> Answer:
    """List contacts by name."""
    page = await call.gateway.contacts.find(call.account, ContactQuery(**call.query))
    stops = await call.gateway.contacts.suppressions(call.account, page.rows)
    rows = [serializers.contact(*each) for each in zip(page.rows, stops, strict=True)]
    return answer({"contacts": rows, "cursor": page.cursor or None})


async def groups(call: Call) -> Answer:
    """List groups, with how many are in each."""
    rows = await call.gateway.contacts.groups(call.account)
    return answer({"groups": [{"name": name, "contacts": count} for name, count in rows]})


async def show(call: Call) -> Answer:
    """Show one contact."""
    return await _shown(call, await call.gateway.contacts.get(call.account, _number(call)))


async def keep(call: Call) -> Answer:
    """Add a contact, or replace the one with this number."""
    asked: dict[str, Any] = await call.fields(KEEP)
    wanted = Contact(call.account.name, _number(call), **asked)
    return await _shown(call, await call.gateway.contacts.keep(call.who, call.account, wanted))


async def remove(call: Call) -> Answer:
    """Delete a contact."""
    await call.gateway.contacts.remove(call.who, call.account, _number(call))
    return nothing()


async def import_(call: Call) -> Answer:
    """Add the contacts of a file, or add to those that there are."""
    raw = await call.file(LARGEST)
    done = await call.gateway.contacts.take_in(call.who, call.account, raw, call.query.get("format", "csv"))
    bad = [{"line": line, "number": number, "problem": problem} for line, number, problem in done.bad]
    return answer({"added": done.added, "changed": done.changed, "bad": bad})


async def export(call: Call) -> Answer:
    """Write all contacts as a file that other programs read."""
    from bridge.messages import contact_files  # for the few who keep contacts in files

    form, found, cursor = call.query.get("format", "csv"), list[Contact](), ""
    while True:
        page = await call.gateway.contacts.find(call.account, ContactQuery(limit=validators.MAX_LIMIT, cursor=cursor))
        found += page.rows
        cursor = page.cursor
        if not cursor:
            break
    text = await asyncio.to_thread(contact_files.write, found, form)
    name = f"contacts.{'csv' if form == 'csv' else 'vcf'}"
    return Answer(200, text.encode(), TYPES[form], {"Content-Disposition": f'attachment; filename="{name}"'})


async def _shown(call: Call, contact: Contact) -> Answer:
    [stop] = await call.gateway.contacts.suppressions(call.account, [contact])
    return answer(serializers.contact(contact, stop))


def _number(call: Call) -> str:
    """The number in the path, as written by the caller."""
    return str(validators.short(100)(call.incoming.parts["number"]))
