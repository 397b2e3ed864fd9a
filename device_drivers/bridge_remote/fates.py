"""What has become of a message at the site, from what its API and its events tell. Pure."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from bridge.model.message import State
from device_drivers.bridge_remote import told

#: tag of what takes the place of a request that did not come (`doubts`): it is not sent
STAND_IN = "withdrawn"


class Fate(Enum):
    """What a message's state at the site means here."""

    #: it can be taken back
    WAITING = "waiting"
    #: a device there has it
    ON_AIR = "on air"
    #: the network took all of it
    SENT = "sent"
    DELIVERED = "delivered"
    #: a definite no, before it was sent
    REFUSED = "refused"
    #: it was sent, and the network gave up
    UNDELIVERED = "undelivered"
    #: taken back, or out of time, before it was sent
    WITHDRAWN = "withdrawn"
    #: the site itself does not know
    UNKNOWN = "unknown"


_FATES = {
    State.SCHEDULED: Fate.WAITING, State.QUEUED: Fate.WAITING, State.SENDING: Fate.ON_AIR, State.SENT: Fate.SENT,
    State.DELIVERED: Fate.DELIVERED, State.UNKNOWN: Fate.UNKNOWN,
}  # fmt: skip
#: the network took it
OUT = frozenset({Fate.SENT, Fate.DELIVERED, Fate.UNDELIVERED})


def read_message(message: object) -> Mapping[str, Any]:
    """A message as the API shows it, or the data of its event, bounded and legible. Raises ValueError for none."""
    found = told.shape(message)
    names = ("id", "to", "line", "client_ref", "created_at", "sent_at")
    read: dict[str, Any] = {key: told.name(found.get(key)) for key in names}
    read |= {key: told.words(found.get(key)) for key in ("error", "tag")}
    parts = found.get("tried")
    if parts:
        read["tried"] = [{"state": told.name(told.shape(part).get("state"))} for part in parts]
    return read | {"state": State(told.name(found.get("state"))).value}


def fate(message: Mapping[str, Any]) -> Fate:
    """Of a message as the API shows it, or of the data of its event."""
    if message.get("tag") == STAND_IN:
        return Fate.WITHDRAWN
    state = State(message["state"])
    if (known := _FATES.get(state)) is not None:
        return known
    if state is State.FAILED:
        return Fate.UNDELIVERED if message.get("sent_at") else Fate.REFUSED
    # expired after it was sent: no report came, which says nothing
    return Fate.SENT if message.get("sent_at") else Fate.WITHDRAWN


def evidence_of(fate: Fate) -> State | None:
    """What a fate proves of a part whose outcome was unknown here; None while it proves nothing."""
    return {
        Fate.SENT: State.SENT, Fate.DELIVERED: State.DELIVERED, Fate.REFUSED: State.FAILED,
        Fate.UNDELIVERED: State.FAILED, Fate.WITHDRAWN: State.QUEUED,
    }.get(fate)  # fmt: skip


def why(message: Mapping[str, Any]) -> str:
    """Why it was not sent, for people."""
    return str(message.get("error") or f"it is {message['state']} at the site")


def went_in_part(message: Mapping[str, Any]) -> bool:
    """Whether some of its parts went out, or may have: then it cannot go by another line as if nothing had happened."""
    safe = (State.QUEUED, State.FAILED)
    return any(part.get("state") not in safe for part in message.get("tried") or ())
