"""USB ids of modems: which interface speaks AT, and which sticks are not in modem mode yet.

The one table: discovery, the udev rules (`device_drivers.gsm_modem.rules`) and `doctor` read it here. Ids are
`vendor:product` in lower-case hexadecimal, interfaces are sysfs's bInterfaceNumber. They are public facts: what
makers print in their manuals, and Linux, ModemManager and usb_modeswitch know as well.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class AtPorts(NamedTuple):
    """The interface for AT commands and notifications."""

    #: the interface to use
    primary: str
    #: others that answer AT, perhaps without the news
    secondary: tuple[str, ...] = ()


# vendor, primary, secondary (- for none), products
_TABLE = """
0421 01 - 060d 0611 061a 061b 061f 0620 0623 0624 0625 062a 062e 062f
0421 03 - 0619
0489 02 03 e0b4 e0b5
05c6 01 02 908b
07d1 02 03 7e11
0b3c 05 00,01,02,03,06 c005
0e8d 00 01 00a1 00a2
0e8d 00 02 00a4
0e8d 02 03 0023 00a5 00a7
1199 00 - c001
1199 03 - 68c0 9071 9079 9091
1508 01 02,03 1001
1782 00 05,06 4d10
1782 02 07,08 4d11
19d2 00 01 0003 0004 0005 0006 0007 0008 0009 000a
19d2 00 02 0001 1515
19d2 01 03 0015 0030 0054
19d2 02 00 0064
19d2 02 01 0016 0017 0018 0019 0117 0156
19d2 02 04 0002 0012 0024 0025 0055
19d2 03 01 0021 0031 0037 0039 0042 0052 0057 0058 0061 0063 0066 0078 0082 0104 0106 0108 0122 0123 1007 1008 1010
19d2 03 01 1254 1268 2002 2003
19d2 03 02 0043
19d2 04 01 0033 0091 0113 0118 0121 0124 0126 0128
19d2 04 02 0048 0049
19d2 05 01 0125
1bbb 01 02 022c
1bbb 03 01,00,02 0000
1bbb 04 00,03 00b7
1bbb 05 00,01,02,03 0017
1bc7 00 02 1003 1006
1bc7 00 03 1004 1005
1bc7 01 - 1011 10a9 10c8 3001
1bc7 01 02 1031 1033 10a4 10c4 1101 110a
1bc7 02 - 10a0 10aa 10c0 10c9 3000
1bc7 02 03 10a7 10b0 10c6 10d0
1bc7 03 - 10a2 10c2
1bc7 03 02 1010
1bc7 03 04 10b1 10d1
1bc7 04 03 7010 7011
1bc7 04 05 1040 1050 1060 1070 1201
1bc7 05 06 1041 1051 1061 1071 1204
1bc7 06 02 7020 7021
1c9e 00 01 3197
1c9e 00 01,02 9602
1c9e 00 02 6000 6060 6061
1c9e 01 00 9004 9005
1c9e 02 00,01 9001 9002 9012 9022 9603
1c9e 02 00,03 7001
1c9e 02 00,03,04 7002
1c9e 03 00,01 9010 9020 9604
1c9e 03 00,01,02 9003 9605
1c9e 03 01 9000
1c9e 04 00,01,02 9606
1c9e 04 00,01,02,03 9607
1c9e 04 00,02 8001 8002
1c9e 04 00,05 7101
1c9e 04 00,05,06 7102
1c9e 05 00,02 8000
1e0e 02 - 9205 9206
1e0e 02 00,01 cefe
1e0e 02 03 9001
1e0e 03 01 9100 9200
1e0e 04 - 9011
1e2d 00 02 005b 005d 0069 006f
1e2d 02 - 0061 00b3 00f1
2001 00 01 7d00
2001 01 02 7e35
201e 03 - 10f8
2020 01 02,03 2060
230d 03 - 0001
2357 03 - 9000
2c7c 02 03 0121 0125 0191 0195 0296 0306 0512 0800 0801
2c7c 05 - 0128
2cb7 00 01 010a
2cb7 01 02 0104 0106
2cb7 02 - 01a2
2cb7 02 03 01a0
2cb7 02 06 0007
2cb7 03 - 0115 01a4
305a 01 02 1405
33f8 01 02 0104
33f8 02 - 01a2 0301 0302
33f8 03 - 01a4 01a8 01a9
33f8 04 - 0115 1003
3731 05 - 0100 0101 0106 010a 010b 010c 010d 0111 0112 0113 0115 0116
413c 02 03 81d7 81e0
8087 00 04 095a
"""


def _at_ports() -> Iterator[tuple[str, AtPorts]]:
    for row in _TABLE.split("\n")[1:-1]:
        vendor, primary, secondary, *products = row.split()
        places = AtPorts(primary, () if secondary == "-" else tuple(secondary.split(",")))
        yield from ((f"{vendor}:{product}", places) for product in products)


#: id → where it speaks AT
AT_PORTS: Mapping[str, AtPorts] = dict(_at_ports())

#: whose interfaces say by their protocol what they are, whatever the product
HUAWEI = "12d1"
#: bInterfaceProtocol of Huawei's vendor-specific interfaces (class ff, subclass 01 to 03): AT with news
HUAWEI_AT = ("02", "12")
#: the same for dialling up, which answers AT but gives no news
HUAWEI_DIAL = ("01", "10")

#: how the names in /dev/sms begin that the rules give by themselves; a person's do not
AUTOMATIC = "usb-"

#: vendor id → whose it is; some of them make other things too
MAKERS: Mapping[str, str] = {
    "0421": "Nokia",
    "0489": "Foxconn",
    "05c6": "Qualcomm",
    "0681": "Cinterion",
    "07d1": "D-Link",
    "0af0": "Option",
    "0b3c": "Olivetti",
    "0e8d": "MediaTek",
    "1199": "Sierra",
    "12d1": "Huawei",
    "1410": "Novatel",
    "1508": "Fibocom",
    "1546": "u-blox",
    "1782": "Unisoc",
    "19d2": "ZTE",
    "1bbb": "Alcatel",
    "1bc7": "Telit",
    "1c9e": "Longcheer",
    "1e0e": "SIMCom",
    "1e2d": "Cinterion",
    "2001": "D-Link",
    "201e": "Haier",
    "2020": "BroadMobi",
    "230d": "Linktop",
    "2357": "TP-Link",
    "2c7c": "Quectel",
    "2cb7": "Fibocom",
    "305a": "GosunCn",
    "33f8": "Rolling Wireless",
    "413c": "Dell",
    "8087": "Intel",
}

#: a guess for products of these makers that are not in the table
VENDOR_GUESS: Mapping[str, AtPorts] = {
    "2c7c": AtPorts("02", ("03",)),
    "1e0e": AtPorts("02", ("03", "04")),
    "1199": AtPorts("03", ("02",)),
}

_SWITCH = (
    "it shows itself as a CD-ROM with its Windows software: `sudo apt install usb-modeswitch`, then pull it out and "
    "plug it in again, and it comes back as a modem"
)
_SWITCH_HILINK = f"{_SWITCH} (or, with HiLink firmware, as a network card without SMS for us)"
_HILINK = (
    "it has HiLink firmware: a network card with a web page, no AT port and no SMS for us; put stick firmware on it "
    "(version 21 on an E3372), or take another modem"
)
_NETWORK = "in this mode it is a network card with a web page, no AT port and no SMS for us: take another modem"

#: id before a mode switch, with the remedy in words; ids that are modems as well are left out
STORAGE_FIRST: Mapping[str, str] = {
    **dict.fromkeys(("12d1:1f01", "12d1:157d"), _SWITCH_HILINK),
    **dict.fromkeys(
        (
            *("12d1:1446", "12d1:1449", "12d1:14d1", "12d1:14fe", "12d1:1505", "12d1:1520", "12d1:1521", "12d1:1526"),
            *("12d1:1553", "12d1:155b", "12d1:15ca", "12d1:15cd"),
            *("19d2:0053", "19d2:0101", "19d2:0103", "19d2:0115", "19d2:0146", "19d2:0149", "19d2:0150"),
            *("19d2:0154", "19d2:0166", "19d2:1224", "19d2:2000"),
            *("1bbb:f000", "1bbb:f017", "1c9e:f000", "2001:a80b", "2357:f000"),
        ),
        _SWITCH,
    ),
}

#: id of what will never be a modem for us as it is, with the remedy in words
NETWORK_ONLY: Mapping[str, str] = {
    **dict.fromkeys(("12d1:14db", "12d1:14dc"), _HILINK),
    "19d2:1405": _NETWORK,
}

#: what makers who give no serial numbers write in their place; also patterns of udev and of `fnmatch`
NO_SERIALS = (
    *("0123456789ABCDEF", "0123456789abcdef", "1234567890ABCDEF", "1234567890abcdef", "123456789ABCDEF", "12345678"),
    *("0", "1", "00000000*", "FFFFFFFF*", "ffffffff*", "*ZTED*"),
)
