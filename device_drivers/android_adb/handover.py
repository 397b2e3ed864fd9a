"""Hands a message over in one shell session: read the state before, wait for a go, send.

The shell says which row is the newest, where its radio log ends and which SIMs are in, and waits. Only when that is as
it should be, and what will prove the message is on disk, does it hear the word; without it, it does nothing more. So a
visit that ends before it has handed nothing over, for certain.
"""

import secrets
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost
from device_drivers.android_adb import batch, facts, isms, radiolog, subscriptions
from device_drivers.android_adb.rows import Garbled
from device_drivers.android_adb.shell import Shell
from device_drivers.android_adb.store import Store
from device_drivers.android_adb.subscriptions import Sim


@dataclass(frozen=True, slots=True)
class Before:
    """The state of the phone right before sending."""

    #: number of the newest row that the shell sees
    newest: int
    #: the last line of the radio log
    log_end: str
    #: None where the phone does not tell
    sims: tuple[Sim, ...] | None
    #: of each slot: LOADED, ABSENT …
    sim_states: tuple[str, ...] = ()

    def has(self, sim: Sim) -> bool:
        """Whether the SIM is still in its slot, as far as the phone reports."""
        if self.sims is not None:
            return any(each.identity == sim.identity for each in self.sims)
        return len(self.sim_states) < sim.slot or self.sim_states[sim.slot - 1] != "ABSENT"


class HandOver:
    """Hands messages to one phone. `talks`: its shell reads standard input, so one session suffices."""

    def __init__(self, shell: Shell, store: Store, talks: bool) -> None:
        self._shell = shell
        self._store = store
        self._talks = talks

    async def __call__(self, argv: Sequence[str], ready: Callable[[Before], Awaitable[None]]) -> isms.Reply:
        """Send after `ready` returns; returns the SMS service's reply.

        Raises what `ready` raises, and Unheard, `handed` if the phone may have the message.
        """
        asked = {
            "sims": "dumpsys isub",
            "states": "getprop gsm.sim.state",
            "store": shlex.join(self._store.newest_query()),
            "log": shlex.join(radiolog.command(1)),
        }
        # errors of the service are part of its answer
        command = f"{shlex.join(argv)} 2>&1"
        if self._talks:
            return await self._in_one(asked, command, ready)
        await ready(self._before(await batch.run(self._shell, asked)))
        return isms.reply((await self._shell.script(command, self._shell.patience)).out)

    async def _in_one(
        self, asked: Mapping[str, str], command: str, ready: Callable[[Before], Awaitable[None]]
    ) -> isms.Reply:
        nonce = secrets.token_hex(8)
        waiting = f'echo; echo {nonce}:waiting; read -r word; [ "$word" = {nonce} ] || exit 1'
        steps = [*batch.steps(asked, nonce), waiting, *batch.steps({"reply": command}, nonce)]
        mark, patience = f"\n{nonce}:waiting\n", 2 * self._shell.patience
        async with self._shell.dialogue("\n".join(steps), mark, patience) as dialogue:
            if dialogue.over:
                raise DeviceLost("the phone's shell does not wait for what it is to hear")
            await ready(self._before(batch.split(dialogue.answer.out, nonce, {**asked, "waiting": ""})))
            answer = await dialogue.go_on(f"{nonce}\n", self._shell.patience)
        return isms.reply(batch.split(answer.out, nonce, {**asked, "waiting": "", "reply": ""})["reply"])

    def _before(self, said: Mapping[str, str]) -> Before:
        """Parse the state. Raises DeviceLost when the store cannot be read, as nothing could prove the message then."""
        try:
            newest = self._store.read_newest(said["store"])
        except Garbled as error:
            raise DeviceLost(f"the phone's SMS store cannot be read: {error}") from error
        if newest is None:
            raise DeviceLost("the phone does not let its shell read SMS any more")
        listed = subscriptions.is_dump(said["sims"])
        return Before(
            newest,
            radiolog.last(said["log"]),
            subscriptions.parse(said["sims"]) if listed else None,
            facts.sim_states(said["states"]),
        )
