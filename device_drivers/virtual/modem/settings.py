"""The settings made by AT commands, which are lost when the modem loses power."""

from dataclasses import field, fields

from bridge.dataclass import dataclass
from device_drivers.virtual.modem.profile import Profile
from device_drivers.virtual.network.message import SERVICE_CENTRE


@dataclass(slots=True)
class Settings:
    """Named for the commands that set them."""

    #: +CMEE: 0 bare ERROR, 1 codes, 2 words
    detail: int = 0
    #: +CMGF
    text_mode: bool = False
    #: +CSCS
    charset: str = "GSM"
    #: +CSMS: with 1 what is handed over directly wants +CNMA
    service: int = 0
    #: +CSMP: first octet, validity, PID, DCS
    parameters: tuple[str, ...] = ("17", "167", "0", "0")
    #: +CSCA
    service_centre: str = SERVICE_CENTRE
    #: +CNMI: mode, mt, bm, ds, bfr
    announce: list[int] = field(default_factory=lambda: [0, 0, 0, 0, 0])
    #: +CPMS: memories to read from, write to and receive into
    memories: list[str] = field(default_factory=list)
    #: +CREG, +CGREG, +CEREG: 0 quiet, 1 tell of changes, 2 and where
    registration: dict[str, int] = field(default_factory=dict)
    #: +COPS format: 0 long name, 1 short, 2 number
    operator_format: int = 0
    #: +CLIP and +CRC
    caller_id: bool = False
    extended_ring: bool = False
    #: whatever else is set and read back, by command
    other: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile) -> "Settings":
        """Those a modem of this make starts with."""
        start = cls(detail=profile.detail, memories=[names[0] for names in profile.memories])
        start.announce = [allowed[0] for allowed in profile.cnmi]
        return start

    def restore(self, profile: Profile) -> None:
        """Start anew, in place: everything that works with these settings goes on with them."""
        fresh = Settings.of(profile)
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))
