"""What can be wrong with a phone on purpose, so that a driver can be seen to cope."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Faults:
    """Set fields at any time; each takes effect at once. Counters and sets are used up."""

    #: the person has accepted this computer's key; False leaves adb at `unauthorized`
    authorized: bool = True
    #: adbd took the connection and says nothing: adb shows `offline`
    offline: bool = False
    #: after a restart the storage stays locked until somebody enters the PIN
    has_pin: bool = False
    #: the system is still starting: `sys.boot_completed` is empty
    booting: bool = False
    #: what is typed goes out as a chat and is no SMS
    rcs: bool = False
    #: without a working SMS app nobody stores what comes in
    default_sms_app: bool = True
    no_sim: bool = False
    airplane: bool = False
    #: mA that the port gives
    usb_power: int = 500
    charging: bool = True
    #: percent
    battery: int = 80
    #: the provider takes column names only: other projections find nothing
    refuse_expressions: bool = False
    #: AppOp READ_SMS is ignored: every query finds nothing
    deny_read_sms: bool = False
    #: the shell holds no permission for SMS
    permission_denied: bool = False
    #: commands of these names hang, once each
    hang_next: set[str] = field(default_factory=set)
    #: so many of the next sends fail after the radio tried
    fail_next: int = 0
    #: so many of the next sends are accepted and never heard of again, though the network has them
    silent_next: int = 0
    #: ms that the phone's clock is ahead
    clock_offset: int = 0
    #: the shell may read the call log; None for as the release has it
    call_log_granted: bool | None = None
    #: there is no service isms (a tablet)
    isms_missing: bool = False
    #: the transaction codes are not those of the release
    wrong_code_table: bool = False
    #: a maker that guards settings and app ops on its own
    miui: bool = False
    #: seconds from a failed send's row appearing as sent to its being marked as failed
    failed_after: float = 0.05

    def watch(self, changed: Callable[[str], None]) -> None:
        """`changed` hears the name of each field that is set from now on."""
        object.__setattr__(self, "_changed", changed)

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__.get(name)
        object.__setattr__(self, name, value)
        changed = self.__dict__.get("_changed")
        if changed is not None and before != value:
            changed(name)
