"""Conditions of a phone that a person must act on, each with its description and fix. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from enum import Enum

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, LinkError, Refusal, SendRefused
from device_drivers.android_adb import isms
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.subscriptions import Sim


class Stops(Enum):
    """What the condition prevents."""

    #: everything, and it passes by itself or with the next plugging in
    DEVICE = "device"
    #: everything, until a person acts
    LINE = "line"
    #: sending; what comes in still comes
    SENDING = "sending"
    #: receiving; what is to be sent still goes
    RECEIVING = "receiving"
    #: nothing yet
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong."""

    stops: Stops
    sentence: str
    remedy: str

    @property
    def words(self) -> str:
        """Description and fix in one sentence."""
        return f"{self.sentence}: {self.remedy}"

    @property
    def error(self) -> LinkError:
        """The error that `open` raises for it."""
        return SendRefused(self.words, Refusal.LINE) if self.stops is Stops.LINE else DeviceLost(self.words)


#: words of adb for a phone's state; `device` is the good one
_STATES = {
    "absent": (Stops.DEVICE, "the phone is not plugged in", "plug it in, and use a cable that carries data"),
    "offline": (Stops.DEVICE, "the phone does not answer adb", "unplug it and plug it in again"),
    "connecting": (Stops.DEVICE, "the phone is only just connecting", "wait a moment"),
    "authorizing": (Stops.DEVICE, "the phone is only just connecting", "wait a moment"),
    "unauthorized": (
        Stops.LINE,
        "the phone does not trust this computer yet",
        "unlock it and accept “Allow USB debugging?”, with “Always allow from this computer”",
    ),
}
_OTHER_MODES = frozenset({"bootloader", "recovery", "rescue", "sideload", "host"})


#: the same of a phone on the network
_NETWORK_STATES = {
    "absent": (
        Stops.DEVICE,
        "no phone answers at {name}",
        "see that it is on this network; wireless debugging has another port each time: docs/phone.md says what to do",
    ),
    "offline": (
        Stops.DEVICE,
        "the phone at {name} does not answer adb, nor when adb connects anew",
        "switch its wireless debugging off and on, or restart it",
    ),
}
#: a serial that is a place on the network
_ADDRESS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


def is_address(serial: str) -> bool:
    """Whether the serial is a network address rather than a phone's own serial."""
    return _ADDRESS.fullmatch(serial) is not None


def of_state(state: str, name: str = "", others: Collection[str] = ()) -> Condition | None:
    """The condition for an adb state; None when the phone takes commands. `name` is how adb calls the phone, `others`
    what it sees in its place.
    """
    if state == "device":
        return None
    if state == "absent" and name and others:
        return _another(name, sorted(others))
    if state in _NETWORK_STATES and is_address(name):
        stops, sentence, remedy = _NETWORK_STATES[state]
        return Condition(stops, sentence.format(name=name), remedy)
    if state in _STATES:
        return Condition(*_STATES[state])
    if state.startswith("no permissions"):
        step = "install the udev rules, then unplug it and plug it in again"
        return Condition(Stops.LINE, "this user may not open the phone's USB device", step)
    if state in _OTHER_MODES:
        return Condition(Stops.LINE, f"the phone is in {state} mode", "start it normally")
    return Condition(Stops.DEVICE, f"adb says of the phone: {state}", "unplug it and plug it in again")


def _another(name: str, others: Sequence[str]) -> Condition:
    """The configured phone is not there, and one or several others are."""
    away = f"no phone answers at {name}" if is_address(name) else f"the phone {name} is not plugged in"
    instead = f"another one is ({others[0]})" if len(others) == 1 else f"others are ({', '.join(others)})"
    way = "see that it is on this network" if is_address(name) else "plug it in"
    step = f'{way}; or, to use {"this one" if len(others) == 1 else "one of these"}, write serial = "{others[0]}"'
    return Condition(Stops.DEVICE, f"{away}, and {instead}", step)


def of_phone(phone: Phone) -> Iterator[Condition]:
    """Conditions known before SMS access is probed."""
    if not phone.booted:
        yield Condition(Stops.DEVICE, "the phone is still starting", "wait a minute")
    elif phone.locked:
        yield Condition(
            Stops.LINE,
            "the phone was restarted and not unlocked since, so its messages are still encrypted",
            "unlock its screen once; without a screen lock this never happens",
        )
    elif phone.sdk < isms.OLDEST_SDK:
        yield Condition(Stops.LINE, f"Android {phone.release or '?'} is too old", "use Android 6 or newer")


def of_messaging(phone: Phone, messaging: Messaging, may_guess: bool) -> Iterator[Condition]:
    """Conditions known after the probe, worst first."""
    found = [*_of_sim(phone, messaging), *_of_rights(messaging), *_of_version(phone, messaging, may_guess)]
    found += [*_of_app(messaging), *_advice(phone, messaging)]
    yield from sorted(found, key=lambda condition: list(Stops).index(condition.stops))


def _of_sim(phone: Phone, messaging: Messaging) -> Iterator[Condition]:
    if not messaging.service:
        yield Condition(Stops.LINE, "the phone has no SMS service", "use a phone that can send SMS")
    elif not messaging.sims and "PIN_REQUIRED" in phone.sim_states:
        yield Condition(Stops.LINE, "the SIM wants its PIN", "enter it, and switch the SIM's PIN off")
    elif not messaging.sims and "PUK_REQUIRED" in phone.sim_states:
        yield Condition(Stops.LINE, "the SIM is blocked", "enter its PUK")
    elif not messaging.sims:
        yield Condition(Stops.LINE, "there is no SIM in the phone, or it is switched off", "insert or enable one")


def of_sim(sim: Sim) -> Condition | None:
    """What keeps one SIM of several from being used (AOSP TelephonyPermissions)."""
    if not sim.user:
        return None
    return Condition(
        Stops.LINE,
        f"this SIM is for user {sim.user} of the phone alone, as that of a work profile may be, "
        "so adb neither sees its SMS nor can send by it",
        "let the phone's owner have it, in the settings of the SIM or of the work profile",
    )


def _of_rights(messaging: Messaging) -> Iterator[Condition]:
    if messaging.denies("READ_SMS"):
        yield Condition(
            Stops.LINE,
            "this phone does not let its shell read SMS",
            f"allow it: adb shell appops set {isms.PACKAGE} READ_SMS allow; if that is refused, use another phone",
        )
    if messaging.denies("SEND_SMS"):
        yield Condition(
            Stops.SENDING,
            "this phone does not let its shell send SMS",
            f"allow it: adb shell appops set {isms.PACKAGE} SEND_SMS allow; if that is refused, use another phone",
        )


def _of_version(phone: Phone, messaging: Messaging, may_guess: bool) -> Iterator[Condition]:
    if not isms.is_known(phone.sdk, phone.maker) and not may_guess:
        of_whom = f" of {phone.maker}" if isms.is_known(phone.sdk) else ""
        yield Condition(
            Stops.SENDING,
            f"it is not known how Android {phone.release or '?'}{of_whom} (SDK {phone.sdk}) is asked to send",
            "set allow_unknown_sdk = true for this device and try with a message to yourself",
        )
    elif messaging.preferred is not None and not _fits(messaging):
        yield Condition(
            Stops.SENDING,
            "this phone's SMS service is not built as this version of Android has it, so sending could do anything",
            "please report the phone's model and version",
        )


def _fits(messaging: Messaging) -> bool:
    """Whether the answer is one SIM's number or -1; a wrong method code gives something else."""
    reply = messaging.preferred
    return reply is not None and reply.number is not None and reply.number >= -1


def _of_app(messaging: Messaging) -> Iterator[Condition]:
    if messaging.app_disabled:
        step = f"enable it: adb shell pm enable {messaging.app}"
        yield Condition(Stops.RECEIVING, f"the SMS app {messaging.app} is disabled, so nothing can be received", step)
    elif not messaging.app:
        step = "choose one in the phone's settings"
        yield Condition(Stops.RECEIVING, "the phone has no SMS app, so nothing can be received", step)
    elif messaging.app == "com.google.android.apps.messaging":
        step = "switch RCS chats off in its settings"
        yield Condition(Stops.NOTHING, "Google Messages keeps RCS chats away from SMS", step)


def _advice(phone: Phone, messaging: Messaging) -> Iterator[Condition]:
    if messaging.forgets_keys:
        yield Condition(
            Stops.NOTHING,
            "the phone forgets this computer's key when it was not connected for a week",
            "switch “Disable adb authorization timeout” on in its developer options",
        )
    if phone.miui:
        step = "switch “USB debugging (Security settings)” on in its developer options if sending is refused"
        yield Condition(Stops.NOTHING, "Xiaomi's Android may refuse what others allow", step)
    if not messaging.expressions:
        step = "nothing has to be done"
        yield Condition(Stops.NOTHING, "the SMS store takes simple questions only, so receiving is slower", step)
