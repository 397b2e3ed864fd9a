"""How makes of modem differ from each other, as data."""

from collections.abc import Mapping
from dataclasses import field, replace

from bridge.dataclass import dataclass
from device_drivers.virtual.modem.terminal import PROMPT

#: commands no modem of these is without; more come from the profile
Range = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A make of modem. The defaults are the generic one: all by the book."""

    name: str = "generic"
    manufacturer: str = "Virtual"
    model: str = "Virtual Modem"
    revision: str = "1.0"
    #: places per memory
    sizes: Mapping[str, int] = field(default_factory=lambda: {"ME": 255, "SM": 50, "SR": 100})
    #: what +CPMS takes as memory 1 (read), 2 (write) and 3 (receive); the first of each is the default
    memories: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = (
        ("ME", "SM", "SR"),
        ("ME", "SM"),
        ("ME", "SM"),
    )
    #: where stored status reports go
    report_memory: str = "SR"
    #: number of the first place in a memory
    first_index: int = 1
    #: seconds until +CPMS counts a new message
    counter_lag: float = 0.0
    #: +CNMI's mode, mt, bm, ds and bfr
    cnmi: tuple[Range, Range, Range, Range, Range] = ((0, 1, 2), (0, 1, 2, 3), (0, 2), (0, 1, 2), (0, 1))
    #: where it registers: calls (+CREG), GPRS, LTE, 5G; others are not registered
    domains: tuple[str, ...] = ("+CREG", "+CGREG", "+CEREG")
    #: +CMEE when it is switched on
    detail: int = 0
    #: commands it answers with `unsupported_answer`
    unsupported: frozenset[str] = frozenset({"+WIND", "+ZPAS", "+DDET", "^CVOICE", "^USSDMODE", "^DTMF", "^CURC"})
    unsupported_answer: str = "ERROR"
    #: commands of its maker that it takes with an OK
    extra: frozenset[str] = frozenset()
    prompt: bytes = PROMPT
    #: what it says after power-up: seconds, line
    startup: tuple[tuple[float, str], ...] = ()
    #: seconds after power-up in which messages are refused with 515
    settling: float = 0.0
    #: what it says unasked every `noise_every` seconds
    noise: tuple[str, ...] = ()
    noise_every: float = 0.0
    #: said when a memory has no room left; {memory} is its name
    full: str = ""
    #: a message read from a memory comes without its <stat>
    omits_status: bool = False
    #: +CMGS tells the service centre's time too when +CSMS=1
    stamps_sends: bool = False
    #: says SM in +CMTI whatever memory took the message
    misnames_memory: bool = False
    #: what lies behind a place that is emptied moves up by one
    renumbers: bool = False

    def supports(self, name: str) -> bool:
        """Whether it knows a command."""
        return name not in self.unsupported and (name != "+C5GREG" or name in self.domains)


GENERIC = Profile()

HUAWEI = Profile(
    name="huawei",
    manufacturer="huawei",
    model="E3372",
    revision="21.180.01.00.00",
    sizes={"SM": 50, "ME": 100},
    memories=(("SM", "ME"), ("SM", "ME"), ("SM", "ME")),
    report_memory="SM",
    first_index=0,
    counter_lag=0.5,
    unsupported=frozenset({"+WIND", "+ZPAS", "+DDET", "+CMMS", "+CBC", "+MODE"}),
    unsupported_answer="COMMAND NOT SUPPORT",
    extra=frozenset({"^CVOICE", "^USSDMODE", "^DTMF", "^CURC", "^PORTSEL", "^RESET"}),
    noise=("^RSSI:17", '^HCSQ:"LTE",44,38,111,18', "^BOOT:20458016,0,0,0,20", "^RSSI:18"),
    noise_every=1.0,
    full='^SMMEMFULL: "{memory}"',
)

SIMCOM = Profile(
    name="simcom",
    manufacturer="SIMCOM_Ltd",
    model="SIMCOM_SIM800L",
    revision="Revision:1418B05SIM800L24",
    sizes={"SM": 50, "ME": 50},
    memories=(("SM", "ME"), ("SM", "ME"), ("SM", "ME")),
    report_memory="SM",
    cnmi=((0, 1, 2), (0, 1, 2, 3), (0, 2), (0, 1), (1,)),
    unsupported=frozenset({"+WIND", "+ZPAS", "+CLAC", "^CVOICE", "^USSDMODE", "^DTMF", "^CURC"}),
    extra=frozenset({"+DDET"}),
    startup=((0.0, "RDY"), (0.05, "+CFUN: 1"), (0.1, "+CPIN: READY"), (0.2, "Call Ready"), (0.3, "SMS Ready")),
    settling=0.3,
    full="+SMS FULL",
)

QUECTEL = Profile(
    name="quectel",
    manufacturer="Quectel",
    model="EC25",
    revision="EC25EFAR06A04M4G",
    sizes={"SM": 50, "ME": 255, "SR": 100},
    memories=(("ME", "MT", "SM", "SR"), ("ME", "MT", "SM"), ("ME", "MT", "SM")),
    unsupported=frozenset({"+WIND", "+ZPAS", "+DDET", "^CVOICE", "^USSDMODE", "^DTMF", "^CURC"}),
    extra=frozenset({"+QURCCFG", "+QCFG", "+QINDCFG"}),
    startup=((0.0, "RDY"), (0.05, "+CFUN: 1"), (0.1, "+CPIN: READY"), (0.15, "+QUSIM: 1"), (0.2, "+QIND: SMS DONE")),
    stamps_sends=True,
    full='+QIND: "smsfull","{memory}"',
)

ZTE = Profile(
    name="zte",
    manufacturer="ZTE INCORPORATED",
    model="MF180",
    revision="BD_MF180V1.0.0B01",
    sizes={"SM": 30, "ME": 100, "SR": 50},
    memories=(("ME", "MT", "SM", "SR"), ("ME", "MT", "SM"), ("ME", "MT", "SM")),
    report_memory="SR",
    first_index=0,
    unsupported=frozenset({"+WIND", "+DDET", "^CVOICE", "^USSDMODE", "^DTMF", "^CURC"}),
    extra=frozenset({"+ZCDRUN", "+ZOPRT", "+ZPAS"}),
    noise=("+ZUSIMR:2",),
    noise_every=2.0,
    omits_status=True,
)

#: AT engines that say what went wrong in words, name the wrong memory and prompt without a space
SIM7600 = Profile(
    name="sim7600",
    manufacturer="SIMCOM INCORPORATED",
    model="SIMCOM_SIM7600E-H",
    revision="+CGMR: LE20B04SIM7600M22",
    sizes={"SM": 50, "ME": 100, "SR": 50},
    memories=(("ME", "MT", "SM", "SR"), ("ME", "MT", "SM"), ("ME", "MT", "SM")),
    first_index=0,
    detail=2,
    unsupported=frozenset({"+WIND", "+ZPAS", "+DDET", "^CVOICE", "^USSDMODE", "^DTMF", "^CURC"}),
    prompt=b"\r\n>",
    startup=((0.0, "RDY"), (0.05, "+CPIN: READY"), (0.1, "SMS DONE"), (0.15, "PB DONE")),
    misnames_memory=True,
    full="+SMS FULL",
)

#: in a network with 5G alone
RM500Q = replace(
    QUECTEL,
    name="rm500q",
    model="RM500Q-GL",
    revision="RM500QGLABR11A06M4G",
    domains=("+C5GREG",),
)

#: phones that serve as modems close the gap when an SMS is deleted
RENUMBERING = Profile(name="renumbering", model="Virtual Phone", sizes={"ME": 100, "SM": 20, "SR": 100}, renumbers=True)

MAKES = (GENERIC, HUAWEI, SIMCOM, QUECTEL, ZTE, SIM7600, RM500Q, RENUMBERING)
PROFILES = {profile.name: profile for profile in MAKES}
