"""What a modem's error codes mean for people and for the next try.

Sources: +CMS 0–127 are RP causes (3GPP TS 24.011 annex E), 128–255 TP-FCS (TS 23.040 §9.2.3.22), 300–512 the modem's
own (TS 27.005 §3.2.5); +CME from TS 27.007 §9.2. Telit's manual for 41, 42, 331 (again later) and 1, 96 (never).

Before the PDU is out, every error is a definite no. After it, an error is one only where it says that the message was
not taken: RP causes and TP-FCS are the network's own words (the RP-ERROR of TS 24.011 §7.3.4), and the modem's own
checks of parameters, SIM, service centre and coverage come before it transmits. All others leave the outcome open.
"""

import re

from bridge.errors import OutcomeUnknown, Refusal, SendRefused

_P, _T, _N = Refusal.PERMANENT, Refusal.TEMPORARY, Refusal.NETWORK
_C, _L = Refusal.CREDIT, Refusal.LINE

CMS: dict[int, tuple[str, Refusal]] = {
    1: ("unassigned number", _P),
    # what most networks do to a prepaid SIM without credit
    8: ("operator determined barring, often no credit left", _C),
    10: ("call barred", _P),
    17: ("network failure", _N),
    21: ("short message transfer rejected", _P),
    22: ("congestion or memory capacity exceeded", _T),
    27: ("destination out of service", _T),
    28: ("unidentified subscriber", _P),
    29: ("facility rejected", _P),
    30: ("unknown subscriber", _P),
    38: ("network out of order", _N),
    41: ("temporary failure", _T),
    42: ("congestion", _T),
    47: ("resources unavailable", _T),
    50: ("requested facility not subscribed", _P),
    69: ("requested facility not implemented", _P),
    81: ("invalid short message transfer reference value", _P),
    95: ("invalid message", _P),
    96: ("invalid mandatory information", _P),
    97: ("message type non-existent or not implemented", _P),
    98: ("message not compatible with short message protocol state", _P),
    99: ("information element non-existent or not implemented", _P),
    111: ("protocol error", _P),
    127: ("interworking, unspecified", _T),
    128: ("telematic interworking not supported", _P),
    129: ("short message type 0 not supported", _P),
    130: ("cannot replace short message", _P),
    143: ("unspecified TP-PID error", _P),
    144: ("data coding scheme not supported", _P),
    145: ("message class not supported", _P),
    159: ("unspecified TP-DCS error", _P),
    160: ("command cannot be actioned", _P),
    161: ("command unsupported", _P),
    175: ("unspecified TP-Command error", _P),
    176: ("TPDU not supported", _P),
    192: ("service centre busy", _T),
    193: ("no service centre subscription", _L),
    194: ("service centre system failure", _T),
    195: ("invalid recipient address", _P),
    196: ("recipient barred", _P),
    197: ("rejected as a duplicate", _P),
    198: ("validity period format not supported", _P),
    199: ("validity period not supported", _P),
    208: ("SIM storage full", _T),
    209: ("no SMS storage capability in SIM", _L),
    210: ("error in the mobile station", _T),
    211: ("memory capacity exceeded", _T),
    212: ("SIM application toolkit busy", _T),
    213: ("SIM data download error", _T),
    255: ("unspecified error of the service centre", _T),
    300: ("mobile equipment failure", _T),
    301: ("SMS service of the modem reserved", _T),
    302: ("operation not allowed", _T),
    303: ("operation not supported", _L),
    304: ("invalid PDU mode parameter", _P),
    305: ("invalid text mode parameter", _P),
    310: ("SIM not inserted", _L),
    311: ("SIM PIN required", _L),
    312: ("PH-SIM PIN required", _L),
    313: ("SIM failure", _L),
    314: ("SIM busy", _N),
    315: ("SIM wrong", _L),
    316: ("SIM PUK required", _L),
    317: ("SIM PIN2 required", _L),
    318: ("SIM PUK2 required", _L),
    320: ("memory failure", _T),
    321: ("invalid memory index", _T),
    322: ("memory full", _T),
    330: ("SMSC address unknown", _L),
    331: ("no network service", _N),
    332: ("network timeout", _T),
    340: ("no +CNMA acknowledgement expected", _T),
    500: ("unknown error", _T),
    512: ("the modem gives no reason", _T),
    515: ("please wait, starting up", _N),
}

CME: dict[int, tuple[str, Refusal]] = {
    0: ("phone failure", _T),
    3: ("operation not allowed", _T),
    4: ("operation not supported", _L),
    10: ("SIM not inserted", _L),
    11: ("SIM PIN required", _L),
    12: ("SIM PUK required", _L),
    13: ("SIM failure", _L),
    14: ("SIM busy", _N),
    15: ("SIM wrong", _L),
    16: ("incorrect password", _L),
    17: ("SIM PIN2 required", _L),
    18: ("SIM PUK2 required", _L),
    20: ("memory full", _T),
    21: ("invalid index", _T),
    30: ("no network service", _N),
    31: ("network timeout", _T),
    32: ("network not allowed, emergency calls only", _N),
    100: ("unknown error", _T),
    515: ("please wait, starting up", _N),
}

#: after the PDU these are no proof that the message was not taken
DOUBTFUL: dict[str, frozenset[int]] = {
    # 197 the service centre has this very message already: an RP-ACK was lost and the modem sent again (TS 23.040)
    # 300 and 500 say nothing; 332 is timer TR1M without an RP-ACK (TS 24.011 §6.2.1): the RP-DATA may have arrived
    # 320 may be about what is written to the SIM after the message went out (TP-MR, TS 31.102 EF_SMSS)
    # 340 is about +CNMA and no answer to a PDU
    "CMS": frozenset({197, 300, 320, 332, 340, 500}),
    # the same in the words of TS 27.007: failure, network time-out, unknown
    "CME": frozenset({0, 31, 100}),
}
#: from here on each maker has codes of its own (TS 27.005 §3.2.5, TS 27.007 §9.2)
_MAKERS_OWN = 512

#: finals that carry no code
WORDS: dict[str, tuple[str, Refusal]] = {
    "ERROR": ("the modem gives no reason", _T),
    "ABORTED": ("aborted", _T),
    "COMMAND NOT SUPPORT": ("this port of the modem cannot send SMS", _L),
    "COMMAND NOT SUPPORTED": ("this port of the modem cannot send SMS", _L),
    "TOO MANY PARAMETERS": ("this modem does not understand the command", _L),
}

#: busy starting up or reading its SIM: the same command works a little later
BUSY = frozenset({("CMS", 314), ("CMS", 515), ("CME", 14), ("CME", 515)})

_ERROR = re.compile(r"\+(CM[ES]) ERROR\s*:?\s*(.*)", re.IGNORECASE)
_BROKE = re.compile(r"\bcredit|\bbalance|\bfunds", re.IGNORECASE)
#: spellings that modems in AT+CMEE=2 use beside the words above
_SPELLINGS = {
    "please wait, init or command processing in progress": 515,
    "unassigned (unallocated) number": 1,
    "operator determined barring": 8,
    "resources unavailable, unspecified": 47,
    "me failure": 300,
    "user abort": 512,
    "unknown": 500,
    "sim pin necessary": 311,
    "sim puk necessary": 316,
    "no network": 331,
    "network time-out": 332,
    "unable to store": 320,
    "unable to reach sc": 42,
}


def code_of(final: str) -> tuple[str, int] | None:
    """("CMS", 42) for `+CMS ERROR: 42` and its verbose form; None for other text."""
    match = _ERROR.fullmatch(final.strip())
    if match is None:
        return None
    kind, rest = match[1].upper(), match[2].strip()
    if rest.isdecimal():
        return kind, int(rest)
    table = CMS if kind == "CMS" else CME
    words = rest.lower().rstrip(".")
    code = next((code for code, (text, _) in table.items() if text.lower() == words), None)
    if code is None and (kind == "CMS" or _SPELLINGS.get(words) in table):
        code = _SPELLINGS.get(words)
    return None if code is None else (kind, code)


def refusal(final: str) -> SendRefused:
    """The error for a refusal: the modem's words, the code's meaning, and the consequence."""
    if _BROKE.search(final):
        return SendRefused(final, Refusal.CREDIT)
    coded = code_of(final)
    if coded is None:
        words, means = WORDS.get(final.upper(), ("", _T))
        return SendRefused(f"{final} ({words})" if words else final, means)
    words, means = _meaning(*coded)
    return SendRefused(final if words.lower() in final.lower() else f"{final} ({words})", means)


def after_hand_over(final: str) -> SendRefused | OutcomeUnknown:
    """What a final result other than OK proves about a message whose PDU was sent: a refusal, or nothing."""
    if _BROKE.search(final):
        return refusal(final)
    coded = code_of(final)
    if coded is not None and _is_definite(*coded):
        return refusal(final)
    return OutcomeUnknown(f"the modem had the message and said {refusal(final).cause}")


def _is_definite(kind: str, code: int) -> bool:
    listed = code in (CMS if kind == "CMS" else CME)
    of_the_network = kind == "CMS" and 0 < code < 256
    return code < _MAKERS_OWN and (listed or of_the_network) and code not in DOUBTFUL[kind]


def wants_pin(final: str) -> bool:
    """Whether the modem waits for the SIM's PIN."""
    return code_of(final) in {("CMS", 311), ("CME", 11)}


def is_of_the_network(final: str) -> bool:
    """Whether only the network can have answered so; then it is a message's result, whatever was asked meanwhile."""
    coded = code_of(final)
    return coded is not None and coded[0] == "CMS" and coded[1] < 256


def is_busy(final: str) -> bool:
    """Whether the same command may work a little later."""
    return code_of(final) in BUSY


def _meaning(kind: str, code: int) -> tuple[str, Refusal]:
    table = CMS if kind == "CMS" else CME
    if code in table:
        return table[code]
    if kind == "CMS" and code in range(128, 192):
        return "refused by the service centre", _P
    return "not in the standard", _T
