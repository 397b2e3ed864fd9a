"""What to do about an answer of the bridge, where the command knows better than the API."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bridge.errors import NoSuchThing

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bridge.host.client import Client, Declined

#: more names than these do not help in a sentence
MOST_NAMES = 10
_NO_ACCOUNT = re.compile(r"(?:\S+: )?there is no account '(.*)'")


@contextmanager
def advising(words: str, status: int = 404) -> Iterator[None]:
    """Say what to do, too, where the bridge declines with this HTTP status. Raises NoSuchThing."""
    from bridge.host.client import Declined

    try:
        yield
    except Declined as declined:
        if declined.status != status:
            raise
        raise NoSuchThing(f"{declined.message}; {words}") from declined


async def check_account(
    declined: "Declined", acting_for: str, as_operator: "AbstractAsyncContextManager[Client]"
) -> None:
    """Where the bridge declined because it has no such account: raises NoSuchThing with those that it has."""
    from bridge.accounts.credentials import OPERATOR
    from bridge.host.client import ACCOUNT_HEADER

    found = _NO_ACCOUNT.fullmatch(declined.message)
    name = acting_for if acting_for and ACCOUNT_HEADER in declined.message else found[1] if found else ""
    if not name:
        return
    async with as_operator as bridge:
        rows = (await bridge.get("/v1/accounts"))["accounts"]
    names = [row["name"] for row in rows if row["name"] != OPERATOR]
    if name == OPERATOR:
        raise NoSuchThing("say for which account: --account NAME; see: sms-bridge account list") from declined
    hint = known(name, names, "sms-bridge account list") if names else "make one with: sms-bridge account add NAME"
    raise NoSuchThing(f"there is no account {name!r}; {hint}") from declined


async def with_line(bridge: "Client", query: Mapping[str, str | int], found: dict[str, Any]) -> dict[str, Any]:
    """Return what was found. Raises NoSuchThing when that is nothing because no line has the name that was asked for.

    What went over a line that was removed from the configuration is still found. Only a running bridge knows its lines.
    """
    asked = str(query.get("line", ""))
    if not asked or not _is_empty(found):
        return found
    lines = (await bridge.get("/v1/lines"))["lines"]
    if lines and not any(asked in (line["name"], line["device"]) for line in lines):
        names = [line["name"] for line in lines]
        raise NoSuchThing(f"there is no line {asked!r}; {known(asked, names, 'sms-bridge devices')}")
    return found


def known(word: str, names: Sequence[str], command: str) -> str:
    """The name that was meant, those that there are, or the command that lists them."""
    import difflib

    near = difflib.get_close_matches(word, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(sorted(names))}" if len(names) <= MOST_NAMES else f"see: {command}"


def _is_empty(found: Mapping[str, Any]) -> bool:
    if "totals" in found:
        return not (found["totals"]["accepted"] or found["totals"]["received"])
    return not any(isinstance(rows, list) and rows for rows in found.values())
