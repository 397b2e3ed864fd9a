"""A whole virtual network in one object: modem, phone and WhatsApp lines, customers' phones and the control socket."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from device_drivers.virtual.cloud.providers import PROVIDERS
from device_drivers.virtual.control import Control
from device_drivers.virtual.customers import Customers
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import GENERIC, Profile
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import Phone
from device_drivers.virtual.phone.profile import GENERIC as PLAIN_PHONE
from device_drivers.virtual.phone.profile import Profile as PhoneProfile
from device_drivers.virtual.whatsapp.platform import NUMBER_ID, Whatsapp

#: fictional numbers: +1 555 01xx; modems, numbers of WhatsApp, then phones are the first half, customers the second
FIRST_LINE, FIRST_WHATSAPP, FIRST_PHONE, FIRST_CUSTOMER, NUMBERS = 15550100, 15550135, 15550140, 15550150, 50
WHATSAPPS = FIRST_PHONE - FIRST_WHATSAPP
PHONES = FIRST_CUSTOMER - FIRST_PHONE


class World:
    """Modems under `directory/modem0`…, phones at their `address`, and `directory/virtual.sock` to steer them.

    Phones listen from `first_port` on, or wherever a port is free. `first` is how many devices other networks have:
    none of these has the IMEI, SIM or serial number of one of those, though the numbers are the same. Use it as an
    async context.
    """

    def __init__(  # noqa: PLR0913 - what one network has of each
        self,
        directory: Path,
        modems: int | Sequence[Profile] = 1,
        customers: int = 10,
        seed: int = 0,
        phones: int | Sequence[PhoneProfile] = 0,
        *,
        whatsapps: int = 0,
        providers: Sequence[str] = (),
        first_port: int = 0,
        first: int = 0,
    ) -> None:
        profiles = [GENERIC] * modems if isinstance(modems, int) else list(modems)
        makes = [PLAIN_PHONE] * phones if isinstance(phones, int) else list(phones)
        room = NUMBERS - PHONES if makes else NUMBERS
        room = min(room, FIRST_WHATSAPP - FIRST_LINE) if whatsapps else room
        if len(profiles) > room or len(makes) > PHONES or customers > NUMBERS or whatsapps > WHATSAPPS:
            raise ValueError(f"there are fictional numbers for {room} modems, {PHONES} phones and {NUMBERS} customers")
        self.directory = directory
        self.network = Network(seed)
        self.modems = [_modem(self.network, place, first, profile, directory) for place, profile in enumerate(profiles)]
        self.customers = [f"+{FIRST_CUSTOMER + place}" for place in range(customers)]
        self.phones = [
            _phone(self.network, place, first, make, first_port + place if first_port else 0)
            for place, make in enumerate(makes)
        ]
        self.whatsapps = [
            _whatsapp(place, first_port + PHONES + place if first_port else 0) for place in range(whatsapps)
        ]
        ports = range(first_port + PHONES + WHATSAPPS, first_port + NUMBERS) if first_port else [0] * len(PROVIDERS)
        self.providers = {
            name: PROVIDERS[name](port) for name, port in zip(PROVIDERS, ports, strict=False) if name in providers
        }
        lines = [each.number for each in self.modems] + [sim.number for each in self.phones for sim in each.sims]
        #: everybody else's phones
        self.others = Customers(self.network, lines, self.whatsapps)
        self.control = Control(
            self.network, self.modems, directory / "virtual.sock", self.phones, self.whatsapps, self.providers
        )

    async def start(self) -> None:
        """Plug everything in and listen. Raises OSError when the directory will not do."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for number in self.customers:
            self.network.handset(number)
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            for modem in self.modems:
                await modem.start()
            for phone in self.phones:
                await phone.start()
            for whatsapp in self.whatsapps:
                await whatsapp.start()
            for provider in self.providers.values():
                await provider.start()
            await self.control.start()
            undo.pop_all()

    async def close(self) -> None:
        """Unplug everything. Harmless when repeated."""
        await self.control.close()
        for modem in self.modems:
            await modem.close()
        for phone in self.phones:
            await phone.close()
        for whatsapp in self.whatsapps:
            await whatsapp.close()
        for provider in self.providers.values():
            await provider.close()
        self.network.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _modem(network: Network, place: int, first: int, profile: Profile, directory: Path) -> Modem:
    return Modem(
        network,
        f"+{FIRST_LINE + place}",
        imei=_with_check_digit(f"49015420{323700 + first + place:06d}"),
        imsi=f"00101{123456700 + first + place:010d}",
        iccid=_with_check_digit(f"890010112345{678900 + first + place:06d}"),
        link_path=directory / f"modem{place}",
        profile=profile,
    )


def _phone(network: Network, place: int, first: int, make: PhoneProfile, port: int) -> Phone:
    return Phone(network, [f"+{FIRST_PHONE + place}"], serial=f"VIRTUAL{first + place:04}", profile=make, port=port)


def _whatsapp(place: int, port: int) -> Whatsapp:
    return Whatsapp(f"+{FIRST_WHATSAPP + place}", number_id=str(int(NUMBER_ID) + place), port=port)


def _with_check_digit(digits: str) -> str:
    """Luhn's check digit behind them, as IMEIs (3GPP TS 23.003 annex B) and ICCIDs (ITU-T E.118) have it."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return f"{digits}{-sum(value // 10 + value % 10 for value in doubled) % 10}"
