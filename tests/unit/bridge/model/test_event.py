"""What events say: everything a webhook needs, as JSON, and nothing that changes later."""

import json

import pytest

from bridge.model import event as events
from bridge.model.event import FOR_OPERATORS, NAMES, call_data, message_data, received_data, typed_data
from bridge.model.inbox import CallKind, LoggedCall, Received, TypedMessage
from bridge.model.message import State
from tests.support.store_rows import NOW, message

SMS = Received("r1", "office", "office", "+15550150", "Grüße 😀", NOW, NOW + 1)
TYPED = TypedMessage("t1", "duo:1", "duo", "+15550124", "On my way", NOW, NOW + 1)
CALL = LoggedCall("c1", "duo:1", "duo", CallKind.MISSED, "+15550125", "Taylor", NOW, 0, NOW + 1)


def test_every_name_has_its_sentence_for_the_documentation() -> None:
    constants = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    assert constants == NAMES.keys()
    assert all(NAMES.values())
    assert set(FOR_OPERATORS) <= NAMES.keys()


@pytest.mark.parametrize(
    "data", [message_data(message(1)), received_data(SMS), typed_data(TYPED), call_data(CALL)], ids=str
)
def test_a_snapshot_goes_through_json_unchanged(data: dict[str, object]) -> None:
    assert json.loads(json.dumps(data)) == data


def test_a_message_tells_the_state_in_our_words_and_what_its_caller_gave_it() -> None:
    told = message_data(message(1, state=State.UNKNOWN, client_ref="order-1", tag="spring", error="no answer"))
    assert (told["state"], told["client_ref"], told["tag"], told["error"]) == (
        "unknown",
        "order-1",
        "spring",
        "no answer",
    )
    assert (told["to"], told["written"]) == (message(1).recipient, message(1).written)


def test_a_received_sms_tells_whose_it_is_and_what_is_missing() -> None:
    told = received_data(SMS)
    assert (told["from"], told["text"], told["sent_at"], told["received_at"]) == ("+15550150", "Grüße 😀", NOW, NOW + 1)
    assert (told["partial"], told["data"], told["error"]) == (False, "", "")
