"""What a message's state at a site means here."""

import pytest

from bridge.model.message import State
from device_drivers.bridge_remote.fates import STAND_IN, Fate, evidence_of, fate, went_in_part, why

AT = "2026-11-20T22:48:32.123Z"


@pytest.mark.parametrize(
    ("state", "sent_at", "found"),
    [
        ("scheduled", None, Fate.WAITING),
        ("queued", None, Fate.WAITING),
        ("sending", None, Fate.ON_AIR),
        ("sent", AT, Fate.SENT),
        ("delivered", AT, Fate.DELIVERED),
        ("failed", None, Fate.REFUSED),
        ("failed", AT, Fate.UNDELIVERED),
        ("expired", None, Fate.WITHDRAWN),
        ("expired", AT, Fate.SENT),
        ("cancelled", None, Fate.WITHDRAWN),
        ("unknown", None, Fate.UNKNOWN),
    ],
)
def test_each_state_has_its_fate(state: str, sent_at: str | None, found: Fate) -> None:
    assert fate({"state": state, "sent_at": sent_at}) is found


def test_every_state_of_the_model_has_one() -> None:
    assert all(fate({"state": state.value}) for state in State)


@pytest.mark.parametrize("state", list(State))
def test_a_stand_in_is_never_sent(state: State) -> None:
    assert fate({"state": state.value, "tag": STAND_IN}) is Fate.WITHDRAWN


def test_only_what_is_certain_is_evidence() -> None:
    proved = {found: evidence_of(found) for found in Fate}
    assert [found for found, state in proved.items() if state is None] == [Fate.WAITING, Fate.ON_AIR, Fate.UNKNOWN]
    assert proved[Fate.WITHDRAWN] is State.QUEUED


def test_the_cause_is_the_sites_own() -> None:
    assert why({"state": "failed", "error": "+CMS ERROR: 1"}) == "+CMS ERROR: 1"
    assert why({"state": "cancelled", "error": ""}) == "it is cancelled at the site"


@pytest.mark.parametrize(
    ("states", "part"), [([], False), (["queued"], False), (["sent", "queued"], True), (["unknown"], True)]
)
def test_what_went_in_part_is_told(states: list[str], part: bool) -> None:
    assert went_in_part({"tried": [{"state": state} for state in states]}) is part
