"""One command line as it is carried out: its commands in order, their answers together, the first refusal ends it."""

from collections import deque
from typing import TYPE_CHECKING

from device_drivers.virtual.modem.answers import NoAnswer, Outcome, Pending, Prompt, Refused, Reply
from device_drivers.virtual.modem.faults import Place
from device_drivers.virtual.modem.syntax import Command

if TYPE_CHECKING:
    from device_drivers.virtual.modem.state import Stick


class Execution:
    """A command line under way."""

    def __init__(self, stick: "Stick", commands: list[Command]) -> None:
        self._stick = stick
        self._commands = deque(commands)
        self._current = Command("")
        self._lines: list[str] = []
        #: set when the modem lost its power meanwhile
        self.abandoned = False

    def advance(self) -> None:
        """Carry out the next command, or end with OK."""
        if not self._commands:
            self._end("OK")
            return
        self._current = self._commands.popleft()
        self._go_on(self._stick.perform(self._current))

    def _go_on(self, reply: Reply | Outcome) -> None:
        if isinstance(reply, Prompt):
            self._ask(reply)
        elif isinstance(reply, Pending):
            reply.then(self._settled)
        else:
            self._settled(reply)

    def _ask(self, prompt: Prompt) -> None:
        def entered(text: str | None) -> None:
            self._go_on([] if text is None else self._stick.guard(prompt.take, text))

        faults = self._stick.faults
        sign = self._stick.profile.prompt if faults.prompt is None else faults.prompt
        self._stick.terminal.prompt(entered, sign, faults.after_prompt)

    def _settled(self, outcome: Outcome) -> None:
        if self.abandoned:
            return
        delay = self._stick.faults.delays.get(self._current.name, 0.0)
        if delay > 0:
            self._stick.timers.after(delay, self._say, outcome)
        else:
            self._say(outcome)

    def _say(self, outcome: Outcome) -> None:
        if self.abandoned:
            return
        if isinstance(outcome, NoAnswer) or self._stick.faults.silence(self._current.name):
            self._stick.ended(self)
            self._stick.terminal.lose_answer()
        elif isinstance(outcome, Refused):
            self._end(outcome.line(self._stick.settings.detail))
        else:
            self._lines.extend(outcome)
            self.advance()

    def _end(self, final: str) -> None:
        faults, terminal, name = self._stick.faults, self._stick.terminal, self._current.name
        self._stick.ended(self)
        for line in faults.intrude(name, Place.BEFORE):
            terminal.unsolicited(line)
        terminal.answer(self._lines, final, faults.intrude(name, Place.INSIDE), faults.intrude(name, Place.AFTER))
