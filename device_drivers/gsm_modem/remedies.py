"""Recovers a modem from outside its port: USB reset, or an operator's command."""

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from device_drivers.gsm_modem.ports import UsbPort

log = logging.getLogger(__name__)

#: _IO('U', 20) of linux/usbdevice_fs.h: the device is reset and set up again, and keeps its place if it can
USBDEVFS_RESET = ord("U") << 8 | 20
#: seconds that the command may take
COMMAND_TIMEOUT = 30.0
#: characters of its output that go to the log
_SHOWN = 500
_NODES = Path("/dev/bus/usb")
#: what the command gets of our environment: no secrets, which may be there
_ENVIRONMENT = ("PATH", "HOME", "LANG")


def reset_usb(port: UsbPort, nodes: Path = _NODES) -> str:
    """Reset the USB device behind a port; returns why that was impossible, "" when done."""
    if not port.device:
        return "it is not a USB device"
    try:
        bus, device = (int((Path(port.device) / name).read_text()) for name in ("busnum", "devnum"))
        node = os.open(nodes / f"{bus:03}" / f"{device:03}", os.O_WRONLY | os.O_CLOEXEC)
    except PermissionError as error:
        return f"no permission to open {error.filename}: docs/modem.md has the udev rule that gives it"
    except (OSError, ValueError) as error:
        return f"its USB device cannot be opened: {error}"
    try:
        fcntl.ioctl(node, USBDEVFS_RESET, 0)
    except OSError as error:
        return f"the kernel did not reset it: {error}"
    finally:
        os.close(node)
    return ""


async def run_command(
    command: Sequence[str], device: str, port: UsbPort, secrets: Sequence[str] = (), timeout: float = COMMAND_TIMEOUT
) -> bool:
    """Run the operator's command without a shell; returns whether it succeeded. Its output is logged, without secrets.

    It finds SMS_DEVICE, SMS_PORT and SMS_USB (such as `1-1.4`, "" without USB) in its environment.
    """
    place = Path(port.device).name if port.device else ""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    told = kept | {"SMS_DEVICE": device, "SMS_PORT": port.path, "SMS_USB": place}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=told,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        log.error("%s: recovery_command could not be started: %s", device, error)
        return False
    output = bytearray()
    ended = await _end_within(process, output, timeout)
    if not ended:
        log.error("%s: recovery_command took more than %g s and was ended", device, timeout)
    words = _shown(output, secrets)
    log.log(
        logging.INFO if process.returncode == 0 else logging.ERROR,
        "%s: recovery_command ended with %s%s",
        device,
        process.returncode,
        f": {words}" if words else "",
    )
    return ended and process.returncode == 0


async def _end_within(process: asyncio.subprocess.Process, output: bytearray, timeout: float) -> bool:
    """Read a process until it ends; False for one that was killed after `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            await _read(process, output)
            await process.wait()
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with all that it started
            await process.wait()
    return True


async def _read(process: asyncio.subprocess.Process, output: bytearray) -> None:
    """Read all output so that the process never blocks; keep what is logged."""
    while process.stdout is not None and (chunk := await process.stdout.read(4096)):
        output += chunk[: max(0, 4 * _SHOWN - len(output))]


def _shown(output: bytes | bytearray, secrets: Sequence[str]) -> str:
    words = " ".join(output.decode(errors="replace").split())
    for secret in filter(None, secrets):
        words = words.replace(secret, "****")
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]} …"
