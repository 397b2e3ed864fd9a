"""The virtual network that demos and simulations run, and the way to steer it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import BadRequest, BridgeError

if TYPE_CHECKING:
    from bridge.ports.driver import Device
    from device_drivers.virtual.world import World

#: where phones of a network on its own answer adb, so that a configuration can name them
PHONE_PORT = 15_555


@asynccontextmanager
async def stage(directory: Path) -> AsyncGenerator[tuple["World", dict[str, "Device"], str], None]:
    """Run a virtual network with a modem, a WhatsApp number and, where adb exists, a phone; yields it with the devices
    and why a phone is missing.
    """
    from bridge.ports.driver import Device
    from device_drivers.virtual.phone.server import AdbServer, NoServer
    from device_drivers.virtual.world import World

    async with World(directory, phones=1, whatsapps=1) as world, AsyncExitStack() as stack:
        devices = {
            "modem0": Device("modem0", "gsm_modem", {"port": world.modems[0].port}),
            "whatsapp0": Device("whatsapp0", "whatsapp_cloud", world.whatsapps[0].options),
        }
        missing = ""
        server = AdbServer(directory / "adb")
        stack.push_async_callback(server.close)
        try:
            await server.start()
            address = world.phones[0].address
            await server.connect(address)
            number = world.phones[0].number
            options = {
                "serial": address, "adb_port": server.port, "numbers": [number], "poll_interval": 1.0, "settle": 0.5,
            }  # fmt: skip
            devices["phone0"] = Device("phone0", "android_adb", options)
        except (NoServer, OSError) as error:
            missing = str(error)
        yield world, devices, missing


@asynccontextmanager
async def network(
    directory: Path,
    modems: int,
    phones: int,
    make: str,
    modem_make: str,
    whatsapps: int = 0,
    providers: Sequence[str] = (),
) -> AsyncGenerator["World", None]:
    """Run a virtual network in which every number has a phone. Raises BadRequest for an unknown make, OSError for an
    unusable directory.
    """
    from device_drivers.virtual.modem.profile import PROFILES as MODEMS
    from device_drivers.virtual.phone.profile import PROFILES
    from device_drivers.virtual.world import World

    if make not in PROFILES:
        raise BadRequest(f"no phone is called {make}; there are {', '.join(PROFILES)}")
    if modem_make not in MODEMS:
        raise BadRequest(f"no modem is called {modem_make}; there are {', '.join(MODEMS)}")
    sticks, makes = [MODEMS[modem_make]] * modems, [PROFILES[make]] * phones
    carriers: dict[str, Any] = {"whatsapps": whatsapps, "providers": providers}
    async with World(directory, modems=sticks, phones=makes, **carriers, first_port=PHONE_PORT) as world:
        world.network.rules.everybody = True
        yield world


async def steer(socket: Path, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Send a request to a running virtual network and yield its answers. Raises BridgeError."""
    from device_drivers.virtual.control import NotDone, follow

    try:
        async for answer in follow(socket, request):
            yield answer
    except NotDone as reason:
        raise BridgeError(f"the virtual network says: {reason}") from reason
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise BridgeError(f"no demo runs with its data in {socket.parent}; start it with: sms-bridge demo") from error
