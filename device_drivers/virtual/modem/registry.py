"""The table of AT commands, in which the module of each subject registers its own."""

from collections.abc import Callable

from bridge.dataclass import dataclass
from device_drivers.virtual.modem.answers import Reply
from device_drivers.virtual.modem.state import ModemState
from device_drivers.virtual.modem.syntax import Command

Handler = Callable[[ModemState, Command], Reply]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command the modem knows."""

    handler: Handler
    #: "CMS" or "CME": how it is refused
    family: str
    #: it works only with a usable SIM
    sim: bool


COMMANDS: dict[str, Entry] = {}


def command(*names: str, family: str = "CME", sim: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of some commands.

    A handler returns information lines, a Prompt or a Pending, and raises Refused; a ValueError or KeyError stands
    for parameters that are none.
    """

    def register(handler: Handler) -> Handler:
        for name in names:
            COMMANDS[name] = Entry(handler, family, sim)
        return handler

    return register
