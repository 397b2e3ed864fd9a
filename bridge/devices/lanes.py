"""The lines of all devices: what they share, and how those of one device end with its link."""

import asyncio
from collections.abc import Mapping

from bridge.dataclass import dataclass
from bridge.devices.idle import IdleLines
from bridge.devices.sender import LineSender
from bridge.devices.twins import Twins
from bridge.tasks import Tasks

Lanes = Mapping["asyncio.Task[None]", LineSender | None]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the devices of one supervisor share."""

    idle: IdleLines
    twins: Twins
    #: of lines: one that the store keeps waiting outlives its link, and its device in the configuration
    tasks: Tasks


async def end_receiving(task: "asyncio.Task[None]", patience: float) -> None:
    """Let what a link gave out before it was closed be committed, for so many seconds: it may be nowhere else."""
    try:
        await asyncio.wait([task], timeout=patience)
    finally:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def end_lanes(lanes: Lanes, on_air: float, others: float) -> None:
    """Let senders that were told to stop end by themselves, for a limited time; then cancel them.

    `on_air`: seconds for those whose device has a part in its hands, `others` for the rest. One that the store keeps
    waiting is left to itself: it has what nobody else knows of, an outcome or a claim.
    """
    flying = {task for task, lane in lanes.items() if lane is not None and lane.on_air}
    waits = [(flying, on_air), (set(lanes) - flying, others)]
    try:
        await asyncio.gather(*(asyncio.wait(tasks, timeout=patience) for tasks, patience in waits if tasks))
    finally:
        cut = [task for task, lane in lanes.items() if lane is None or not lane.is_storing]
        for task in cut:
            task.cancel()
    if cut:  # what they had in hand is written down
        await asyncio.wait(cut, timeout=others)
