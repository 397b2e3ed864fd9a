"""Listing, reading and deleting stored messages (3GPP TS 27.005 §3.4.2, §3.4.3, §3.5.4)."""

from contextlib import suppress

from device_drivers.virtual.modem.answers import Reply, cms
from device_drivers.virtual.modem.registry import command
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.storage import STATUS_TEXT, Memory, Status, Stored
from device_drivers.virtual.modem.syntax import Command, Kind
from device_drivers.virtual.modem.textmode import stored_lines

ALL = 4
#: +CMGD's <delflag>: which statuses go
DELETED = {
    1: {Status.REC_READ},
    2: {Status.REC_READ, Status.STO_SENT},
    3: {Status.REC_READ, Status.STO_SENT, Status.STO_UNSENT},
    4: set(Status),
}


def _memory(state: ModemState) -> Memory:
    return state.storage[state.settings.memories[0]]


def _place(state: ModemState, index: int) -> Stored | None:
    try:
        return _memory(state).get(index)
    except IndexError:
        raise cms(321) from None


@command("+CMGL", family="CMS", sim=True)
def list_messages(state: ModemState, given: Command) -> Reply:
    """The messages with a status, or all."""
    text_mode = state.settings.text_mode
    if given.kind is Kind.TEST:
        return [
            "+CMGL: " + (f"({','.join(f'{chr(34)}{one}{chr(34)}' for one in STATUS_TEXT)})" if text_mode else "(0-4)")
        ]
    wanted = STATUS_TEXT.index(given.text(0, STATUS_TEXT[0])) if text_mode else given.number(0, 0)
    if not 0 <= wanted <= ALL:
        raise cms(302)
    lines: list[str] = []
    if state.settings.memories[0] in (*state.faults.unlisted, *state.faults.unreadable):
        return lines
    for index, stored in _memory(state):
        if wanted in (ALL, stored.status):
            head, *rest = stored_lines(stored, state.settings)
            lines += [f"+CMGL: {index},{head}", *rest]
            stored.read()
    return state.faults.garble(lines)


@command("+CMGR", family="CMS", sim=True)
def read_message(state: ModemState, given: Command) -> Reply:
    """One message."""
    if given.kind is Kind.TEST:
        return []
    stored = _place(state, int(given.text(0)))
    if stored is None or state.settings.memories[0] in state.faults.unreadable:
        raise cms(321)
    head, *rest = stored_lines(stored, state.settings, state.profile.omits_status)
    stored.read()
    return state.faults.garble([f"+CMGR: {head}", *rest])


@command("+CMGD", family="CMS", sim=True)
def delete_messages(state: ModemState, given: Command) -> Reply:
    """One message, or those the flag names; an empty place is fine, one that does not exist is not."""
    memory = _memory(state)
    if given.kind is Kind.TEST:
        return [f"+CMGD: ({','.join(str(index) for index, _ in memory)}),(0-4)"]
    index, flag = int(given.text(0)), given.number(1, 0)
    if state.faults.keeps():
        return []
    if flag or state.faults.deletes_all:
        unwanted = DELETED[flag or ALL]
        memory.purge(lambda stored: stored.status in unwanted)
    else:
        _place(state, index)
        with suppress(IndexError):
            memory.delete(index + state.faults.deletes_beside)
    if state.faults.renumbers or state.profile.renumbers:
        memory.close_up()
    state.recover()
    return []
