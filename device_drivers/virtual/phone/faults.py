"""Faults of an emulated phone, to be switched on by tests."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass


@dataclass
class Faults:
    """Set fields at any time; each takes effect at once. Counters (`…_next`) and sets are used up."""

    # -- adb ---------------------------------------------------------------------------------------
    #: the person has accepted this computer's key; False leaves adb at `unauthorized`
    authorized: bool = True
    #: adbd took the connection and says nothing: adb shows `offline`
    offline: bool = False
    #: so many of the next connections are taken and never answered, and adb goes on showing `offline`
    offline_next: int = 0
    #: what the host writes into a shell does not arrive there
    stdin_lost: bool = False
    #: every program begins with a warning about libraries, as on phones of some makers
    linker_warns: bool = False
    #: seconds between the octets of what a shell says
    trickle: float = 0.0
    #: the stream is cut after a command of these names has run, before it has answered, once each
    cut_next: set[str] = field(default_factory=set)
    #: the shell is killed once a command of these names has answered, as when memory runs out, once each
    kill_next: set[str] = field(default_factory=set)
    #: commands of these names hang, once each
    hang_next: set[str] = field(default_factory=set)

    # -- the system --------------------------------------------------------------------------------
    #: after a restart the storage stays locked until somebody enters the PIN
    has_pin: bool = False
    #: the system is still starting: `sys.boot_completed` is empty
    booting: bool = False
    #: ms that the phone's clock is ahead
    clock_offset: int = 0
    #: a maker that guards settings and app ops on its own
    miui: bool = False
    #: mA that the port gives
    usb_power: int = 500
    charging: bool = True
    #: percent
    battery: int = 80
    no_sim: bool = False
    #: slot of the SIM that only the work profile has, from Android 14 on; 0 for none
    work_slot: int = 0
    airplane: bool = False
    #: the list of SIMs shows the whole of their ICCIDs, as builds for developers do
    whole_iccids: bool = False

    # -- the store ---------------------------------------------------------------------------------
    #: what is typed goes out as a chat and is no SMS
    rcs: bool = False
    #: without a working SMS app nobody stores what comes in
    default_sms_app: bool = True
    #: the provider takes column names only: other projections find nothing
    refuse_expressions: bool = False
    #: AppOp READ_SMS is ignored: every query finds nothing
    deny_read_sms: bool = False
    #: the shell holds no permission for SMS
    permission_denied: bool = False
    #: the shell may read the call log; None for as the release has it
    call_log_granted: bool | None = None
    #: so many of the next queries of the store find nothing, whatever is there
    store_empty_next: int = 0
    #: so many of the next queries of the call log find nothing, whatever is there
    calls_empty_next: int = 0
    #: so many of the next queries of the store end in the middle of a row
    store_garbled_next: int = 0
    #: seconds that each query of the store takes
    store_delay: float = 0.0
    #: seconds until what came in or went out is stored
    store_lag: float = 0.0
    #: seconds from a failed send's row appearing as sent to its being marked as failed
    failed_after: float = 0.05
    #: seconds after which somebody deletes what was stored as sent; None for nobody
    sent_deleted_after: float | None = None
    #: the store does not say which app wrote a row
    no_creators: bool = False
    #: recipients are stored as people of their country write them
    national_numbers: bool = False
    #: recipients are stored with blanks and brackets
    spaced_numbers: bool = False
    #: numbers are stored in the digits of Arabic
    arabic_digits: bool = False
    #: the SMS app stores the service centre's time as that of receipt
    network_dates: bool = False
    #: the SMS app does not store the service centre's time
    no_network_dates: bool = False

    # -- sending -----------------------------------------------------------------------------------
    #: there is no service isms (a tablet)
    isms_missing: bool = False
    #: the transaction codes are not those of the release
    wrong_code_table: bool = False
    #: so many of the next sends fail after the radio tried, and nobody says why
    fail_next: int = 0
    #: so many of the next parts fail at first and are sent again by Android itself
    retry_next: int = 0
    #: seconds until it does
    retry_after: float = 2.0
    #: so many of the next sends are accepted and never heard of again, though the network has them
    silent_next: int = 0
    #: so many of the next sends are taken and answered by a process that dies: "Broken pipe"
    reply_broken_next: int = 0
    #: so many of the next sends are taken and answered by an empty parcel
    reply_null_next: int = 0
    #: so many of the next sends are taken, and the command says nothing
    reply_lost_next: int = 0
    #: a reply begins with what the services noted on the way (AOSP Parcel.EX_HAS_NOTED_APPOPS_REPLY_HEADER)
    reply_header: bool = False
    #: so many of the next times that the network has taken a message, the phone process dies over it
    telephony_dies_next: int = 0
    #: so many of the next sends are accompanied by one of another app, which fails
    rival_fails_next: int = 0
    #: so many of the next sends are accompanied by the same text of another app to the same number
    rival_sends_next: int = 0
    #: the shell may not read the radio log
    log_denied: bool = False
    #: the radio log says nothing of SMS
    log_silent: bool = False
    #: the radio log says what builds for developers say beside the rest
    log_debug: bool = False

    def watch(self, changed: Callable[[str], None]) -> None:
        """`changed` hears the name of each field that is set from now on."""
        object.__setattr__(self, "_changed", changed)

    def use_up(self, name: str) -> bool:
        """Whether it is to happen now; one time less is left then."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__.get(name)
        object.__setattr__(self, name, value)
        changed = self.__dict__.get("_changed")
        if changed is not None and before != value:
            changed(name)
