"""Texts of others as a log and a terminal may show them. Pure."""

#: not printable by themselves, and yet part of many emoji and of some scripts
_JOINERS = "\u200c\u200d"


def plain(text: str) -> str:
    """Remove terminal control characters, which a received SMS may contain."""
    return "".join(each if each.isprintable() or each in _JOINERS else "\N{REPLACEMENT CHARACTER}" for each in text)
