"""The AT engine: a command line is carried out command by command; their answers come together, a refusal ends it."""

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from device_drivers.virtual.modem.answers import NoAnswer, Outcome, Pending, Prompt, Refused, Reply, cme, cms
from device_drivers.virtual.modem.commands import COMMANDS, Entry
from device_drivers.virtual.modem.faults import Place
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command, parse

T = TypeVar("T")


class Engine:
    """Carries out what is typed at a modem's terminal."""

    def __init__(self, state: ModemState) -> None:
        self._state = state
        state.terminal.obey(self._execute)

    def _execute(self, line: str) -> None:
        try:
            commands = parse(line)
        except ValueError:
            self._state.terminal.answer([], "ERROR")
            return
        _Execution(self._state, commands).advance()


class _Execution:
    """A command line under way."""

    def __init__(self, state: ModemState, commands: list[Command]) -> None:
        self._state = state
        self._commands = deque(commands)
        self._current = Command("")
        self._lines: list[str] = []
        self._boot = state.boots

    @property
    def _abandoned(self) -> bool:
        """The modem lost its power meanwhile."""
        return self._state.boots != self._boot

    def advance(self) -> None:
        """Carry out the next command, or end with OK."""
        if not self._commands:
            self._end("OK")
            return
        self._current = self._commands.popleft()
        self._go_on(_perform(self._state, self._current))

    def _go_on(self, reply: Reply | Outcome) -> None:
        if isinstance(reply, Prompt):
            self._ask(reply)
        elif isinstance(reply, Pending):
            reply.then(self._settled)
        else:
            self._settled(reply)

    def _ask(self, prompt: Prompt) -> None:
        def entered(text: str | None) -> None:
            self._go_on([] if text is None else _guard(prompt.take, text))

        faults = self._state.faults
        sign = self._state.profile.prompt if faults.prompt is None else faults.prompt
        self._state.terminal.prompt(entered, sign, faults.after_prompt)

    def _settled(self, outcome: Outcome) -> None:
        if self._abandoned:
            return
        delay = self._state.faults.delays.get(self._current.name, 0.0)
        if delay > 0:
            self._state.timers.after(delay, self._say, outcome)
        else:
            self._say(outcome)

    def _say(self, outcome: Outcome) -> None:
        if self._abandoned:
            return
        if isinstance(outcome, NoAnswer) or self._state.faults.silence(self._current.name):
            self._state.terminal.lose_answer()
        elif isinstance(outcome, Refused):
            self._end(outcome.line(self._state.settings.detail))
        else:
            self._lines.extend(outcome)
            self.advance()

    def _end(self, final: str) -> None:
        faults, terminal, name = self._state.faults, self._state.terminal, self._current.name
        for line in faults.intrude(name, Place.BEFORE):
            terminal.unsolicited(line)
        terminal.answer(self._lines, final, faults.intrude(name, Place.INSIDE), faults.intrude(name, Place.AFTER))


def _perform(state: ModemState, command: Command) -> Reply | Outcome:
    """Do one command."""
    instead = state.faults.answer(command.name)
    if instead is not None:
        return Refused(text=instead)
    if command.name in state.profile.extra:
        return []
    entry = COMMANDS.get(command.name)
    if entry is None or not state.profile.supports(command.name):
        return Refused(text=state.profile.unsupported_answer)
    return _guard(lambda known: _carry_out(state, known, command), entry)


def _carry_out(state: ModemState, entry: Entry, command: Command) -> Reply:
    if entry.sim:
        state.sim.require(entry.family)
        if not state.settled:
            raise cms(515) if entry.family == "CMS" else cme(515)
    return entry.handler(state, command)


def _guard(call: Callable[[T], Reply], argument: T) -> Reply | Outcome:
    """Call, with what it raises as its outcome; parameters that are none are refused plainly."""
    try:
        return call(argument)
    except (Refused, NoAnswer) as outcome:
        return outcome
    except (ValueError, LookupError):
        return Refused()
