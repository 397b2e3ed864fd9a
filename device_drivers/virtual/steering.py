"""The actions of the control socket on modems, phones and WhatsApp numbers, by name.

Each entry has an example of what it takes and, where it lasts, what puts it right again: a program that tries all of
them (`catalogue`) needs no list of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Generic, TypeVar

from bridge.dataclass import dataclass
from device_drivers.virtual.cloud.providers import Provider
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.network.service_centre import NO_SERVICE
from device_drivers.virtual.phone import Kind, Phone
from device_drivers.virtual.phone.phone import ANOTHER
from device_drivers.virtual.whatsapp.platform import Whatsapp

Request = Mapping[str, Any]
D = TypeVar("D")

#: who writes or calls when nobody is named
CUSTOMER = "+15550150"


@dataclass(frozen=True, slots=True)
class Event(Generic[D]):
    """Something that may happen to a device."""

    happen: Callable[[D, Request], object]
    #: parameters as one may give them
    example: Request = field(default_factory=dict)
    #: name and parameters of the event that ends what this one began; "" for nothing to end
    undo: str = ""
    undo_with: Request = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {"example": dict(self.example), "undo": self.undo, "undo_with": dict(self.undo_with)}


#: what tells a SIM from another
_SIM = ("number", "imsi", "iccid")

MODEM: Mapping[str, Event[Modem]] = {
    "unplug": Event(lambda modem, _: modem.unplug(), undo="replug"),
    "replug": Event(lambda modem, _: modem.replug()),
    "reset": Event(lambda modem, _: modem.reset()),
    "silent_reset": Event(lambda modem, _: modem.reset(silently=True)),
    "elsewhere": Event(lambda modem, asked: modem.obey_elsewhere(str(asked["line"])), {"line": "AT+CMGF=1"}),
    "want_pin": Event(lambda modem, asked: modem.want_pin(asked.get("pin")), {"pin": "1234"}, "want_pin"),
    "pull_sim": Event(lambda modem, _: modem.pull_sim(), undo="insert_sim"),
    "insert_sim": Event(
        lambda modem, asked: modem.insert_sim(**{name: str(asked[name]) for name in _SIM if name in asked}),
        {"number": "+15550149", "imsi": "001010123499999", "iccid": "89001012345699999991"},
        "insert_sim",
    ),
    "hang": Event(lambda modem, _: modem.hang(), undo="unhang"),
    "unhang": Event(lambda modem, _: modem.unhang()),
    "noise": Event(lambda modem, asked: modem.noise(bytes.fromhex(asked["hex"])), {"hex": "ff00fe"}),
    "say": Event(lambda modem, asked: modem.urc(str(asked["line"])), {"line": "NO CARRIER"}),
    "ring": Event(lambda modem, asked: modem.ring(asked.get("from", CUSTOMER), int(asked.get("times", 3)))),
    "registration": Event(
        lambda modem, asked: modem.set_registration(int(asked["stat"])), {"stat": 2}, "registration", {"stat": 1}
    ),
    "outage": Event(
        lambda modem, asked: modem.outage(float(asked["seconds"]), int(asked.get("cause", NO_SERVICE))),
        {"seconds": 1, "cause": 38},
        "outage",
        {"seconds": 0},
    ),
    "signal": Event(lambda modem, asked: modem.set_signal(int(asked["rssi"])), {"rssi": 99}, "signal", {"rssi": 20}),
}

PHONE: Mapping[str, Event[Phone]] = {
    "unplug": Event(lambda phone, _: phone.unplug(), undo="replug"),
    "replug": Event(lambda phone, _: phone.replug()),
    "move": Event(lambda phone, _: phone.move(), undo="move_back"),
    "move_back": Event(lambda phone, _: phone.move_back()),
    "reboot": Event(lambda phone, _: phone.reboot(), undo="unlock"),
    "restart_telephony": Event(lambda phone, _: phone.restart_telephony()),
    "unlock": Event(lambda phone, _: phone.unlock()),
    "pull_sim": Event(lambda phone, asked: phone.pull_sim(int(asked.get("slot", 1))), undo="insert_sim"),
    "insert_sim": Event(
        lambda phone, asked: phone.insert_sim(asked.get("number", phone.number), int(asked.get("slot", 1))),
        {"number": "+15550149"},
        "insert_sim",
    ),
    "exchange": Event(
        lambda phone, asked: phone.exchange(asked.get("serial", ANOTHER)), undo="exchange", undo_with={"serial": ""}
    ),
    "outage": Event(
        lambda phone, asked: phone.outage(float(asked["seconds"]), int(asked.get("cause", NO_SERVICE))),
        {"seconds": 1, "cause": 38},
        "outage",
        {"seconds": 0},
    ),
    "wipe_store": Event(lambda phone, _: phone.wipe_store()),
    "restore_backup": Event(lambda phone, _: phone.restore_backup()),
    "copy_store": Event(lambda phone, _: phone.copy_store()),
    "set_times": Event(
        lambda phone, asked: phone.set_times(float(asked.get("seconds", 3600)), all=bool(asked.get("all", False))),
        {"seconds": 60, "all": True},
    ),
    "spoil": Event(lambda phone, asked: phone.spoil(str(asked.get("column", "date")), asked.get("value", ""))),
    "delete": Event(lambda phone, asked: phone.delete_newest(int(asked.get("type", 1)))),
    "app": Event(
        lambda phone, asked: phone.app_sends(
            asked.get("to", CUSTOMER), asked["text"], fail=bool(asked.get("fail", False))
        ),
        {"text": "reminder", "fail": True},
    ),
    "type": Event(lambda phone, asked: phone.type_sms(asked.get("to", CUSTOMER), asked["text"]), {"text": "by hand"}),
    "call": Event(
        lambda phone, asked: phone.add_call(Kind[asked.get("kind", "MISSED")], asked.get("from", CUSTOMER)),
    ),
}

WHATSAPP: Mapping[str, Event[Whatsapp]] = {
    "unplug": Event(lambda whatsapp, _: whatsapp.unplug(), undo="replug"),
    "replug": Event(lambda whatsapp, _: whatsapp.replug()),
    "subscribe": Event(
        lambda whatsapp, asked: whatsapp.subscribe_soon(str(asked["url"])),
        {"url": "http://127.0.0.1:8080/callbacks/whatsapp0"},
    ),
}

PROVIDER: Mapping[str, Event[Provider]] = {
    "unplug": Event(lambda provider, _: provider.unplug(), undo="replug"),
    "replug": Event(lambda provider, _: provider.replug()),
    "push": Event(
        lambda provider, asked: setattr(provider.pushes, "url", str(asked["url"])),
        {"url": "http://127.0.0.1:8080/callbacks/tencent/a-secret-of-sixteen"},
    ),
    "write": Event(
        lambda provider, asked: provider.far.person(str(asked.get("from", CUSTOMER))).send(str(asked["text"])),
        {"text": "TD"},
    ),
}
