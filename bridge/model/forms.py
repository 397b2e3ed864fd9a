"""Forms: the texts that a provider's line carries, and no others, because templates of them were approved."""

import re
from typing import NamedTuple

#: of the country whose providers these are
HOME = "+86"
#: a mobile number there, as people write it
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


class Form(NamedTuple):
    """An approved text with places."""

    #: the provider's id of it
    id: str
    #: as the recipient reads it, places as in `bridge.messages.templates`, without the signature
    text: str
    #: for numbers of other countries than the provider's own
    abroad: bool = False


def with_code(recipient: str) -> str:
    """A number with its country code; "" where that cannot be told."""
    if _MOBILE.fullmatch(recipient):
        return HOME + recipient
    return recipient if recipient.startswith("+") else ""


def is_abroad(number: str) -> bool:
    """Whether a number with its country code is one of another country than the provider's."""
    return not number.startswith(HOME)
