"""The AT engine: runs a command line command by command, joins the answers and stops at the first error."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from device_drivers.virtual.modem.answers import Lines, NoAnswer, Outcome, Pending, Prompt, Refused, Reply, cme, cms
from device_drivers.virtual.modem.commands import COMMANDS, Entry
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import EXTENDED, Command, parse

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
        if len(commands) > 1 and not _takes(self._state, commands):
            self._state.terminal.answer([], "ERROR")
            return
        _Execution(self._state, commands).advance()

    def obey_elsewhere(self, line: str) -> None:
        """Do what another program types at another port of this modem: `AT+CMGF=1`. Raises ValueError."""
        for command in parse(line.upper().removeprefix("AT")):
            _perform(self._state, command)


def _takes(state: ModemState, commands: list[Command]) -> bool:
    """Whether this make takes these commands in one line."""
    if state.faults.sends_alone and any(command.name == "+CMGS" for command in commands):
        return False
    # those of one letter, as in ATE0V1, go together on every make (V.250 §5.2.4)
    return not state.faults.no_chaining or not any(command.name[0] in EXTENDED for command in commands)


class _Execution:
    """A command line under way."""

    def __init__(self, state: ModemState, commands: list[Command]) -> None:
        self._state = state
        self._commands = deque(commands)
        self._current = Command("")
        #: what was said so far, in the pieces that it comes in
        self._said: list[list[str]] = []
        self._behind: list[str] = []
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
        faults, terminal = self._state.faults, self._state.terminal

        def entered(text: str | None) -> None:
            if faults.after_text:
                terminal.interject(faults.after_text.pop(0))
            self._go_on([] if text is None else _guard(prompt.take, text))

        if faults.before_prompt:
            self._said.append([faults.before_prompt.pop(0)])
        said, self._said = self._said, []
        sign = self._state.profile.prompt if faults.prompt is None else faults.prompt
        terminal.prompt(entered, sign, said, faults.after_prompt)

    def _settled(self, outcome: Outcome) -> None:
        if self._abandoned:
            return
        faults, timers = self._state.faults, self._state.timers
        if late := faults.lateness(self._current.name):
            self._state.terminal.lose_answer()
            timers.after(late, self._say_late, outcome)
        elif delay := faults.delays.get(self._current.name, 0.0):
            timers.after(delay, self._say, outcome)
        else:
            self._say(outcome)

    def _say_late(self, outcome: Outcome) -> None:
        """The result of a command that the modem was through with long ago."""
        if not isinstance(outcome, NoAnswer):
            lines, final = self._result(outcome)
            self._state.terminal.interject("\r\n\r\n".join([*lines, final or "OK"]))

    def _say(self, outcome: Outcome) -> None:
        if self._abandoned:
            return
        name, faults = self._current.name, self._state.faults
        if isinstance(outcome, NoAnswer) or faults.silence(name):
            self._state.terminal.lose_answer()
            return
        lines, final = self._result(outcome)
        self._said += faults.broken_in(lines, name)
        self._behind += faults.behind_final(name)
        if final is None:
            self.advance()
        else:
            self._end(final)

    def _result(self, outcome: Lines | Refused) -> tuple[list[str], str | None]:
        """The information lines of a command, and the final line where it ends the command line."""
        instead = self._state.faults.result(self._current.name)
        if instead is not None:
            return [], instead
        if isinstance(outcome, Refused):
            return [], outcome.line(self._state.settings.detail)
        return self._state.faults.information(self._current.name, list(outcome)), None

    def _end(self, final: str) -> None:
        self._state.terminal.answer(self._said, final, self._behind)


def _perform(state: ModemState, command: Command) -> Reply | Outcome:
    """Do one command, behind what another program has typed at another port."""
    if typed := state.faults.typed_elsewhere.get(command.name):
        with suppress(ValueError):
            for other in parse(typed.pop(0).upper().removeprefix("AT")):
                _perform(state, other)
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
    """Call, with what it raises as its outcome; invalid parameters are refused with ERROR."""
    try:
        return call(argument)
    except (Refused, NoAnswer) as outcome:
        return outcome
    except (ValueError, LookupError):
        return Refused()
