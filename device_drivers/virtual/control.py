"""A unix socket with JSON lines, by which another process steers a running virtual network.

A request is one object with a `command`; each answer is one object: what was asked for, or `{"error": "…"}`.

numbers                                     lines (number, port, plugged, profile, held), phones (number, address,
                                            plugged, sdk, held), whatsapps (number, url, plugged, callback) and handsets
receive  from?, to?, text                   a customer writes to a line (the first one); to a number of WhatsApp by that
handset  number, count?, timeout?, follow?  what a customer's phone received; waits for `count`; follows for ever
         by?                                `whatsapp`: what it received by that
rules    any field of `Rules`?              set those, tell all
faults   modem?, any field of its `Faults`?     set those, tell all
blackout seconds, cause?                    the same for every line
catalogue                                   every fault, rule, event and profile there is, with types and examples
unplug, replug, reset, silent_reset, hang, unhang  modem?
elsewhere  modem?, line                     another program types at another port of the modem
pull_sim   modem?                           somebody takes its SIM out
insert_sim modem?, number?, imsi?, iccid?   somebody puts a SIM in: the one that was there, or the one that is named
want_pin   modem?, pin?                     the SIM wants this PIN at once; without one it wants none any more
noise    modem?, hex                        bytes on the line
say      modem?, line                       an unsolicited line
ring     modem?, from?, times?
registration  modem?, stat                  +CREG
signal   modem?, rssi                       +CSQ
outage   modem?, seconds, cause?            all its messages are refused with this +CMS ERROR (331) for so long

phone    phone?, do: unplug, replug, move, move_back, reboot, restart_telephony, unlock
phone    phone?, do: pull_sim, slot?        somebody takes a SIM out; insert_sim puts one in: slot?, number?
phone    phone?, do: exchange, serial?      another person's phone takes this one's place; serial "" brings it back
phone    phone?, do: wipe_store, restore_backup, copy_store, delete
phone    phone?, do: set_times, seconds?, all?  an app moves the dates of what was received; `all`: every date
phone    phone?, do: spoil, column?, value? an app stores nonsense in the newest SMS: no date
phone    phone?, do: app, to?, text, fail?  another app sends an SMS
phone    phone?, do: outage, seconds, cause?    as for a modem
phone    phone?, do: type, to?, text        somebody writes an SMS on the phone
phone    phone?, do: call, kind?, from?     a call: MISSED, INCOMING, OUTGOING
phone    phone?, any field of the phone's `Faults`?   `authorized`, `has_pin`, `airplane` …: set those, tell all

whatsapp whatsapp?, do: unplug, replug      Meta answers nobody; and again
whatsapp whatsapp?, do: subscribe, url      Meta's handshake with a callback URL; when it went well `numbers` tells it
whatsapp whatsapp?, any field of its `Faults`?  set those, tell all

provider provider?, do: unplug, replug      a cloud provider answers nobody; and again
provider provider?, do: push, url           where its reports and replies go
provider provider?, do: write, from?, text  somebody answers a message of it
provider provider?, any field of its `Faults`?  set those, tell all; `provider` is its name

`modem`, `phone` and `whatsapp` are a line's number or its place in `numbers`, the first one when left out.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.tasks import Tasks
from device_drivers.virtual.cloud.faults import Faults as ProviderFaults
from device_drivers.virtual.cloud.providers import Provider
from device_drivers.virtual.fields import adjust, kinds, shown
from device_drivers.virtual.modem.faults import Faults as ModemFaults
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import PROFILES
from device_drivers.virtual.modem.registry import COMMANDS
from device_drivers.virtual.network.handset import Sms
from device_drivers.virtual.network.rules import Rules
from device_drivers.virtual.network.service_centre import NO_SERVICE, Network
from device_drivers.virtual.phone import Phone
from device_drivers.virtual.phone.faults import Faults as PhoneFaults
from device_drivers.virtual.phone.profile import PROFILES as PHONE_PROFILES
from device_drivers.virtual.phone.state import RELEASES
from device_drivers.virtual.socketpath import address
from device_drivers.virtual.steering import CUSTOMER, MODEM, PHONE, PROVIDER, WHATSAPP, Request
from device_drivers.virtual.whatsapp.faults import Faults as WhatsappFaults
from device_drivers.virtual.whatsapp.person import Message
from device_drivers.virtual.whatsapp.platform import Whatsapp

Answer = dict[str, Any]

#: seconds that `handset` waits for `count` messages unless told
WAIT = 10.0
#: the longest request: a text of 255 parts with every character escaped
MAX_REQUEST = 1 << 20


class NotDone(Exception):
    """The virtual network did not do what it was asked to."""


async def command(path: Path | str, request: Request) -> Answer:
    """Ask once. Raises NotDone with the reason, and OSError when nothing listens there."""
    async for answer in follow(path, request):
        return answer
    raise NotDone("the virtual network hung up")


async def follow(path: Path | str, request: Request) -> AsyncIterator[Answer]:
    """Ask, and go on hearing answers (`handset` with `follow`). Raises like `command`."""
    with address(Path(path)) as short:
        reader, writer = await asyncio.open_unix_connection(short, limit=MAX_REQUEST)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        while line := await reader.readline():
            answer: Answer = json.loads(line)
            if "error" in answer:
                raise NotDone(answer["error"])
            yield answer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


class Control:
    """The server side. `start` and `close` it, or use it as an async context."""

    def __init__(
        self,
        network: Network,
        modems: Sequence[Modem],
        path: Path,
        phones: Sequence[Phone] = (),
        whatsapps: Sequence[Whatsapp] = (),
        providers: Mapping[str, Provider] | None = None,
    ) -> None:
        self._network = network
        self._modems = modems
        self._phones = phones
        self._whatsapps = whatsapps
        self._providers = providers or {}
        self.path = path
        self._tasks = Tasks("virtual control")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._commands: dict[str, Callable[[Request], Answer]] = {
            "numbers": self._numbers,
            "receive": self._receive,
            "rules": lambda request: adjust(self._network.rules, _but(request)),
            "faults": lambda request: adjust(self._modem(request).faults, _but(request, "modem")),
            "blackout": self._black_out,
            "catalogue": lambda _: catalogue(),
            "phone": self._steer_phone,
            "whatsapp": self._steer_whatsapp,
            "provider": self._steer_provider,
        }

    async def start(self) -> None:
        """Listen. Raises OSError when that is not possible at this path."""
        with address(self.path) as short:
            self._server = await asyncio.start_unix_server(self._connected, short, limit=MAX_REQUEST)

    async def close(self) -> None:
        """Hang up on everybody. Harmless when repeated."""
        server, self._server = self._server, None
        if server is None:
            return
        # accept no more, and let a connection just accepted get a transport: asyncio of Python 3.11 loses the socket
        # of one who comes between the two when the server closes
        for listener in server.sockets:
            asyncio.get_running_loop().remove_reader(listener.fileno())
        await asyncio.sleep(0)
        server.close()
        await self._tasks.close()
        for writer in list(self._writers):
            await self._hang_up(writer)
        await server.wait_closed()
        self.path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:
            writer.close()  # it came while we closed
            return
        self._writers.add(writer)
        self._tasks.start(self._serve(reader, writer), "connection")

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                async for answer in self._answers(line):
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except (ConnectionError, ValueError):
            pass  # it left, or its line has no end
        finally:
            await self._hang_up(writer)

    # -- answering --------------------------------------------------------------------------------
    async def _answers(self, line: bytes) -> AsyncIterator[Answer]:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise NotDone("a request is an object")
            if request.get("command") == "handset":
                async for answer in self._handset(request):
                    yield answer
            else:
                yield self._answer(request)
        except NotDone as reason:
            yield {"error": str(reason)}
        except KeyError as missing:
            yield {"error": f"{missing.args[0]} is missing"}
        except (TypeError, ValueError) as wrong:
            yield {"error": str(wrong)}

    def _answer(self, request: Request) -> Answer:
        name = request["command"]
        known = self._commands.get(name)
        return known(request) if known is not None else self._steer(name, request)

    def _numbers(self, _request: Request) -> Answer:
        lines = [
            {
                "number": modem.number,
                "port": modem.port,
                "plugged": modem.plugged,
                "profile": modem.state.profile.name,
                "held": self._network.held(modem.number),
            }
            for modem in self._modems
        ]
        phones = [
            {
                "number": phone.number,
                "address": phone.address,
                "plugged": phone.plugged,
                "sdk": phone.state.sdk,
                "profile": phone.profile.name,
                "held": self._network.held(phone.number),
            }
            for phone in self._phones
        ]
        ours = {modem.number for modem in self._modems} | {sim.number for one in self._phones for sim in one.sims}
        handsets = [number for number in self._network.numbers if number not in ours]
        whatsapps = [
            {"number": each.number, "url": each.url, "plugged": each.plugged, "callback": each.webhooks.url}
            for each in self._whatsapps
        ]
        providers = [
            {"name": name, "url": each.url, "plugged": each.plugged, "callback": each.pushes.url}
            for name, each in self._providers.items()
        ]
        return {
            "lines": lines, "phones": phones, "whatsapps": whatsapps, "providers": providers, "handsets": handsets,
        }  # fmt: skip

    def _black_out(self, request: Request) -> Answer:
        self._network.outage(float(request["seconds"]), int(request.get("cause", NO_SERVICE)))
        return shown(self._network.rules)

    def _receive(self, request: Request) -> Answer:
        number = request.get("from", CUSTOMER)
        if (platform := next((each for each in self._whatsapps if each.number == request.get("to")), None)) is not None:
            platform.handset(number).send(request["text"])
            return {"from": number, "to": platform.number}
        sender = self._network.handset(number)
        recipient = request.get("to") or self._modem(request).number
        sender.send(recipient, request["text"])
        return {"from": sender.number, "to": recipient}

    async def _handset(self, request: Request) -> AsyncIterator[Answer]:
        by_whatsapp = request.get("by") == "whatsapp"
        network = self._whatsapp(request) if by_whatsapp else self._network
        handset = network.handset(request["number"])
        count = int(request.get("count", 0))
        try:
            received = await handset.wait(count, float(request.get("timeout", WAIT)))
        except TimeoutError:
            raise NotDone(f"{handset.number} received {len(handset.received)} of {count}") from None
        yield {"number": handset.number, "received": [_told(sms) for sms in received]}
        seen = len(received)
        while request.get("follow"):
            received = await handset.wait(seen + 1, None)
            yield {"number": handset.number, "received": [_told(sms) for sms in received[seen:]]}
            seen = len(received)

    # -- one modem --------------------------------------------------------------------------------
    def _modem(self, request: Request) -> Modem:
        wanted = request.get("modem", 0)
        for place, modem in enumerate(self._modems):
            if wanted in (*_names("modem", place), modem.number):
                return modem
        raise _unknown("modem", wanted, self._modems)

    def _steer(self, name: str, request: Request) -> Answer:
        modem = self._modem(request)
        event = MODEM.get(name)
        if event is None:
            raise NotDone(f"no command {name}")
        event.happen(modem, request)
        return {"number": modem.number, "port": modem.port, "plugged": modem.plugged}

    # -- one phone --------------------------------------------------------------------------------
    def _phone(self, request: Request) -> Phone:
        wanted = request.get("phone", 0)
        for place, phone in enumerate(self._phones):
            if wanted in (*_names("phone", place), phone.number, *(sim.number for sim in phone.sims)):
                return phone
        raise _unknown("phone", wanted, self._phones)

    def _steer_phone(self, request: Request) -> Answer:
        phone = self._phone(request)
        what = request.get("do")
        if what is None:
            return adjust(phone.faults, _but(request, "phone"))
        event = PHONE.get(what)
        if event is None:
            raise NotDone(f"no phone can {what}")
        event.happen(phone, request)
        return {"number": phone.number, "address": phone.address, "plugged": phone.plugged}

    # -- one number of WhatsApp -------------------------------------------------------------------
    def _whatsapp(self, request: Request) -> Whatsapp:
        wanted = request.get("whatsapp", 0)
        for place, each in enumerate(self._whatsapps):
            if wanted in (*_names("whatsapp", place), each.number):
                return each
        raise _unknown("number of WhatsApp", wanted, self._whatsapps)

    def _steer_whatsapp(self, request: Request) -> Answer:
        platform = self._whatsapp(request)
        what = request.get("do")
        if what is None:
            return adjust(platform.faults, _but(request, "whatsapp"))
        event = WHATSAPP.get(what)
        if event is None:
            raise NotDone(f"no number of WhatsApp can {what}")
        event.happen(platform, request)
        return {"number": platform.number, "url": platform.url, "plugged": platform.plugged}

    # -- a cloud provider -------------------------------------------------------------------------
    def _steer_provider(self, request: Request) -> Answer:
        name = request.get("provider") or next(iter(self._providers), "")
        if name not in self._providers:
            raise NotDone(f"no provider {name or 'here'}")
        provider, what = self._providers[name], request.get("do")
        if what is None:
            return adjust(provider.faults, _but(request, "provider"))
        event = PROVIDER.get(what)
        if event is None:
            raise NotDone(f"no provider can {what}")
        event.happen(provider, request)
        return {"number": name, "url": provider.url, "plugged": provider.plugged}


def catalogue() -> Answer:
    """Everything that can be done to a virtual network. A field of `faults` or `rules` is [type, value when new]."""
    return {
        "profiles": list(PROFILES),
        "sdks": list(RELEASES),
        "rules": _described(Rules()),
        "modem": {
            "commands": sorted(COMMANDS),
            "faults": _described(ModemFaults()),
            "events": {name: event.described() for name, event in MODEM.items()},
        },
        "phone": {
            "profiles": list(PHONE_PROFILES),
            "faults": _described(PhoneFaults()),
            "events": {name: event.described() for name, event in PHONE.items()},
        },
        "whatsapp": {
            "faults": _described(WhatsappFaults()),
            "events": {name: event.described() for name, event in WHATSAPP.items()},
        },
        "provider": {
            "faults": _described(ProviderFaults()),
            "events": {name: event.described() for name, event in PROVIDER.items()},
        },
    }


def _described(fresh: Any) -> Answer:
    now = shown(fresh)
    return {name: [kind, now[name]] for name, kind in kinds(type(fresh)).items()}


def _but(request: Request, *names: str) -> Answer:
    """Without what says where it goes."""
    return {key: value for key, value in request.items() if key not in ("command", *names)}


def _told(message: Sms | Message) -> Answer:
    told = {"from": message.sender, "text": message.text, "at": message.at}
    return {**told, "media": message.media} if isinstance(message, Message) and message.media else told


def _names(kind: str, place: int) -> tuple[int | str, ...]:
    """How a device may be called beside by its number: its place, or what a demo's line of it is called."""
    return place, str(place), f"{kind}{place}"


def _unknown(kind: str, wanted: object, there: Sequence[Modem | Phone | Whatsapp]) -> NotDone:
    return NotDone(f"no {kind} {wanted}; there are: {', '.join(each.number for each in there) or 'none'}")
