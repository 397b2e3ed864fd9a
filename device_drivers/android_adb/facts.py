"""Facts about a phone, and how to parse them from its programs' output. Pure."""

import re
from collections.abc import Mapping

from bridge.dataclass import dataclass
from device_drivers.android_adb import isms, rows
from device_drivers.android_adb.subscriptions import Sim

_PROPERTY = re.compile(r"^\[(.+?)\]: \[(.*)\]$", re.MULTILINE)
#: where a phone tells its own serial, and what it tells when it has none
_SERIALS = ("ro.serialno", "ro.boot.serialno")
_NO_SERIALS = frozenset({"", "unknown", "0123456789ABCDEF"})
_GRANT = re.compile(r"android\.permission\.(\w+): granted=(true|false)")
_OP = re.compile(r"^\s*(?:Uid mode: )?(\w+): (ignore|deny|errored)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Phone:
    """The phone itself."""

    sdk: int = 0
    release: str = ""
    model: str = ""
    booted: bool = True
    #: nobody has unlocked it since it was switched on: its messages are still encrypted
    locked: bool = False
    #: Xiaomi's own Android
    miui: bool = False
    #: of each slot: LOADED, ABSENT, PIN_REQUIRED …
    sim_states: tuple[str, ...] = ()
    #: a command in its shell hears what is written to it
    talks: bool = False
    #: the phone's own; "" when it does not tell
    serial: str = ""
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Messaging:
    """What the shell may do with SMS."""

    #: the SMS service is there
    service: bool = True
    #: what it says of the SIM that SMS go by: checks that our table of numbers fits
    preferred: isms.Reply | None = None
    sims: tuple[Sim, ...] = ()
    #: permission → granted; empty when the phone would not tell
    grants: Mapping[str, bool] | None = None
    #: AppOps that are denied
    denied: frozenset[str] = frozenset()
    #: the SMS store takes expressions, so one query can be trusted
    expressions: bool = True
    #: package of the app that receives SMS
    app: str = ""
    app_disabled: bool = False
    #: it forgets computers that were away for a week
    forgets_keys: bool = False

    def granted(self, permission: str) -> bool:
        """Whether it is granted or unknown."""
        return not self.grants or self.grants.get(permission, False)

    def denies(self, permission: str) -> bool:
        """Whether it was not granted, or switched off later."""
        return permission in self.denied or not self.granted(permission)


def sim_states(value: str) -> tuple[str, ...]:
    """From the property `gsm.sim.state`, by slot."""
    return tuple(state.strip() for state in value.split(",") if state.strip())


def phone(properties: str, user: str, talks: bool = False) -> Phone:
    """From `getprop` and `am get-started-user-state`."""
    props = dict(_PROPERTY.findall(properties))
    sdk = props.get("ro.build.version.sdk", "")
    maker, model = props.get("ro.product.manufacturer", ""), props.get("ro.product.model", "")
    return Phone(
        sdk=int(sdk) if sdk.isdecimal() else 0,
        release=props.get("ro.build.version.release", ""),
        serial=next((props[name] for name in _SERIALS if props.get(name, "") not in _NO_SERIALS), ""),
        model=model if maker.lower() in model.lower() else f"{maker} {model}".strip(),
        booted=props.get("sys.boot_completed", "") == "1",
        locked="LOCKED" in user and "UNLOCKED" not in user,
        miui=bool(props.get("ro.miui.ui.version.name")),
        sim_states=sim_states(props.get("gsm.sim.state", "")),
        talks=talks,
        maker=maker,
    )


def grants(dump: str) -> dict[str, bool]:
    """Parse `dumpsys package com.android.shell`; granted anywhere counts as granted."""
    found: dict[str, bool] = {}
    for name, granted in _GRANT.findall(dump):
        found[name] = found.get(name, False) or granted == "true"
    return found


def denied(ops: str) -> frozenset[str]:
    """From `appops get com.android.shell`."""
    return frozenset(name for name, _ in _OP.findall(ops))


def takes_expressions(out: str) -> bool:
    """Whether the store answered a query that needs expressions."""
    try:
        (row,) = rows.parse(out, tuple(PROBE))
        return rows.text(row["p"]) == ",\n\\"
    except (rows.Garbled, ValueError):
        return False


#: always one row, even of an empty store, and every escape once
PROBE = {"n": "count(*)", "m": "max(_id)", "p": rows.escaped("char(44,10,92)")}
