"""Examines each device through the running bridge that has it, else through its driver."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.config.role import Role
from bridge.config.schema import Config
from bridge.doctor.surroundings import Surroundings, Told
from bridge.errors import BridgeError
from bridge.host.client import Client
from bridge.model.finding import Finding
from bridge.model.line import LineState
from bridge.ports.driver import Device, Driver, Surveying

#: seconds for the bridge to examine a device: one that is busy with a long message takes long
PATIENCE = 60.0

#: how bad a line's state is, when the bridge has the device in hand
_LEVELS: Mapping[str, str] = {
    LineState.READY: "ok",
    LineState.CONNECTING: "warn",
    LineState.OUT_OF_SERVICE: "warn",
    LineState.PARKED: "fail",
    LineState.ABSENT: "fail",
}


async def look(
    config: Config, drivers: Mapping[str, Driver], surroundings: Surroundings, told: Told | None
) -> list[Finding]:
    """Examine all devices at once; those in the configuration are others' where this process has none."""
    if surroundings.role_beside(told) == Role.API:
        return [Finding("ok", "devices", "left out, for a process of role api has none")]
    if told is not None and told.well:
        mine = [line for line in told.lines if line.get("bridge", "") in ("", config.store.name)]
        known = {str(line["device"]) for line in mine} - config.devices.keys()
        work = [_asked(device, drivers[device.driver], told) for device in config.devices.values()]
        # of a demo, or of a configuration that the bridge has read and that was changed since
        work += [_told(name, told) for name in sorted(known)]
    else:
        work = [_examined(device, drivers[device.driver], surroundings) for device in config.devices.values()]
    if not work:
        return [Finding("warn", "devices", "none is configured, so nothing can be sent", "sms-bridge devices")]
    return [finding for some in await asyncio.gather(*work) for finding in some]


async def _examined(device: Device, driver: Driver, surroundings: Surroundings) -> Sequence[Finding]:
    """Examine a device that no bridge has open."""
    try:
        return await driver.examine(await surroundings.remembering(device))
    except BridgeError as error:  # of the store, when it is to remember something
        return [Finding("fail", f"devices.{device.name}", error.message)]


async def _asked(device: Device, driver: Driver, told: Told) -> Sequence[Finding]:
    """Examine a device through the running bridge, and what only this user (perhaps root) can see."""
    ours = [told.control.pid]
    outside = await driver.survey(device, ours) if isinstance(driver, Surveying) else ()
    inside = await _told(device.name, told)
    said = {finding.message for finding in outside}
    return [*outside, *(finding for finding in inside if finding.message not in said)]


async def _told(name: str, told: Told) -> list[Finding]:
    lines = [line for line in told.lines if line["device"] == name]
    if not lines:
        subject = f"devices.{name}"
        reload = told.start.replace("sms-bridge serve", "sms-bridge reload", 1)
        return [Finding("warn", subject, "the running bridge does not know this device", f"let it know: {reload}")]
    try:
        answer = await Client(told.control, told.start).get(f"/v1/devices/{name}/examination", patience=PATIENCE)
        found = [Finding(**each) for each in answer["findings"]]
    except BridgeError:
        found = []  # it ended meanwhile, or is of an older release
    return [*([_line(line) for line in lines] if not found else ()), *found]


def _line(line: Mapping[str, Any]) -> Finding:
    """What is known of a line without an examination."""
    state = str(line["state"])
    reason = str(line["reason"]).rstrip(".")
    words = (
        f"{state.replace('_', ' ')}{f': {reason}' if reason else ''} (says the running bridge, which has the device)"
    )
    remedy = "" if state == LineState.READY else "do as it says, then look again; stop the bridge to examine the device"
    return Finding(_LEVELS[state], f"line {line['name']}", words, remedy)
