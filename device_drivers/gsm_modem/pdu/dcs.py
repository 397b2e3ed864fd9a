"""The data coding scheme TP-DCS, all its groups (3GPP TS 23.038 §4)."""

GSM7, EIGHT_BIT, UCS2 = "gsm7", "8bit", "ucs2"

#: DCS octets that this codec writes
DCS_GSM7, DCS_EIGHT_BIT, DCS_UCS2 = 0x00, 0x04, 0x08
#: general group with a message class in the lowest bits
DCS_HAS_CLASS = 0x10

_ALPHABETS = (GSM7, EIGHT_BIT, UCS2, GSM7)


def coding(dcs: int) -> tuple[str, int | None]:
    """The coding of the user data, and the message class.

    Reserved codings count as the default alphabet, as the standard demands. Compressed text (TS 23.042) is beyond
    us: its octets are handed on like 8-bit data.
    """
    group = dcs >> 4
    if group < 0x8:
        kind = EIGHT_BIT if dcs & 0x20 else _ALPHABETS[(dcs >> 2) & 3]
        return kind, dcs & 3 if dcs & DCS_HAS_CLASS else None
    if group == 0xE:
        return UCS2, None
    if group == 0xF:
        return EIGHT_BIT if dcs & 0x04 else GSM7, dcs & 3
    return GSM7, None
