"""The operator's service codes: a balance and a small menu (3GPP TS 22.090)."""

from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.textmode import spell, understand

BALANCE, MENU = "*100#", "*123#"
_MENU = "1 Balance\n2 My number\n0 End"
#: +CUSD's <m>: over, or the network waits for a reply; 4 for a code it does not know
_DONE, _REPLY, _UNSUPPORTED = 0, 1, 4
#: <dcs> of what is sent: GSM 7-bit, language unspecified (TS 23.038 §5)
_DCS = 15


def dial(state: ModemState, typed: str) -> None:
    """Send a code, or a reply within the menu; the answer comes as +CUSD once the command is done."""
    code = _code(state, typed)
    in_menu = state.settings.other.pop("+CUSD", "") == MENU
    mode, text = _answer(state, code, in_menu)
    if mode == _REPLY:
        state.settings.other["+CUSD"] = MENU
    line = f'+CUSD: {mode},"{spell(text, state.settings.charset)}",{_DCS}' if text else f"+CUSD: {mode}"
    state.timers.after(0, state.terminal.unsolicited, line)


def _code(state: ModemState, typed: str) -> str:
    plain = typed.startswith(("*", "#")) or (typed.isdecimal() and len(typed) < 4)
    return typed if plain else understand(typed, state.settings.charset)


def _answer(state: ModemState, code: str, in_menu: bool) -> tuple[int, str]:
    if code == BALANCE or (in_menu and code == "1"):
        return _DONE, "Your balance is 12.34 EUR."
    if in_menu and code == "2":
        return _DONE, f"Your number is {state.number}."
    if in_menu and code == "0":
        return _DONE, "Goodbye."
    return (_REPLY, _MENU) if code == MENU or in_menu else (_UNSUPPORTED, "")
