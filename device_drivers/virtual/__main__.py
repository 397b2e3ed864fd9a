"""A virtual network as its own process: `python -m device_drivers.virtual --dir D --modems 2`.

Prints one line of JSON (numbers, ports, phones, control, customers) when it is ready; ends with SIGTERM or SIGINT.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from device_drivers.virtual.modem.profile import PROFILES
from device_drivers.virtual.world import World


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m device_drivers.virtual", description="A virtual SMS network.")
    parser.add_argument("--dir", type=Path, required=True, help="where the ports and the control socket appear")
    parser.add_argument("--modems", type=int, default=1, help="how many (default 1)")
    parser.add_argument("--phones", type=int, default=0, help="how many Android phones for adb to connect (default 0)")
    parser.add_argument("--customers", type=int, default=10, help="how many phones of other people (default 10)")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="generic", help="the make of the modems")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds the network takes for a message")
    parser.add_argument("--first", type=int, default=0, help="how many devices other networks have (default 0)")
    parser.add_argument("--seed", type=int, default=0, help="of what happens by chance")
    return parser.parse_args()


async def _run(given: argparse.Namespace) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    profiles = [PROFILES[given.profile]] * given.modems
    async with World(
        given.dir.absolute(), profiles, given.customers, given.seed, given.phones, first=given.first
    ) as world:
        world.network.rules.send_latency = given.latency
        ready = {
            "numbers": [modem.number for modem in world.modems],
            "ports": [modem.port for modem in world.modems],
            "phones": [{"number": phone.number, "address": phone.address} for phone in world.phones],
            "control": str(world.control.path),
            "customers": world.customers,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await over.wait()


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
