"""What `doctor` learns from its caller and from the running bridge."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bridge.config.role import Role
from bridge.dataclass import dataclass
from bridge.host.control_file import Control
from bridge.model.scope import Key
from bridge.model.webhook import Endpoint
from bridge.ports.clock import Clock
from bridge.ports.driver import Device


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Functions and facts that the caller of `doctor` provides."""

    #: the command that starts the bridge
    start: str
    clock: Clock
    #: raises BadRequest when no webhook may go to a URL
    check_url: Callable[[str], Awaitable[None]]
    #: of all accounts, out of the store
    endpoints: Callable[[], Awaitable[Sequence[Endpoint]]]
    #: the device with what its driver put into the store, where there is one
    remembering: Callable[[Device], Awaitable[Device]]
    #: the named keys of all accounts, out of the store
    keys: Callable[[], Awaitable[Sequence[Key]]]
    #: of systemd, by which this bridge runs as a service; "" when it is another one's configuration
    unit: str = ""
    #: of a process that does not run; one that does tells its own
    role: Role = Role.ALL

    def role_beside(self, told: "Told | None") -> str:
        """The role of the process that is looked at."""
        return self.role if told is None else told.control.role


@dataclass(frozen=True, slots=True)
class Told:
    """What a running bridge reports about itself."""

    control: Control
    start: str
    #: it answers
    well: bool = False
    lines: Sequence[Mapping[str, Any]] = ()
    endpoints: Sequence[Endpoint] = ()
