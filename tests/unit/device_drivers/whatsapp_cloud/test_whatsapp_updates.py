"""What Meta's webhooks tell, and whether they are Meta's."""

import json
from typing import Any

import pytest

from bridge.model.line import Channel
from bridge.model.message import State
from bridge.model.radio import InboundPart
from device_drivers.whatsapp_cloud.updates import Status, is_signed, numbers_in, read

NUMBER = "106540352242922"
SECRET = "test-app-secret"


def webhook(*values: dict[str, Any], number: str = NUMBER) -> bytes:
    changes = [{"field": "messages", "value": {"metadata": {"phone_number_id": number}, **value}} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()


def message(**told: Any) -> dict[str, Any]:
    return {"messages": [{"from": "41791234567", "id": "wamid.1", "timestamp": "1749416383", **told}]}


@pytest.mark.parametrize(
    ("body", "digest"),
    [
        (
            b'{"object":"whatsapp_business_account","entry":[]}',
            "c84a394cc475525991e78ff16e430b02e47f953877d2af0ade26956ce6f384dc",
        ),
        (b'{"t":"\\u00e4\\u00f6"}', "d262f1df5288e46c784794926c3b135afd1130fbbcc86f0b74574f8c0f541a03"),
    ],
)
def test_a_signature_is_of_the_bytes_as_they_came(body: bytes, digest: str) -> None:
    assert is_signed(body, f"sha256={digest}", SECRET)
    assert not is_signed(body + b" ", f"sha256={digest}", SECRET)
    assert not is_signed(json.dumps(json.loads(body), ensure_ascii=False).encode(), f"sha256={digest}", SECRET)
    for wrong in (digest, f"sha256={digest.upper()}", f"sha1={digest}", "", "sha256=", "sha256=ä", "sha256=\udce4"):
        assert not is_signed(body, wrong, SECRET)


def test_a_text_comes_with_sender_and_moment() -> None:
    (told,) = read(webhook(message(type="text", text={"body": "Grüß Gott"})), NUMBER, "shop")
    assert told == InboundPart(
        "shop", "20250608:wamid.1", "+41791234567", "Grüß Gott", sent_at=1749416383000, received_at=1749416383000,
        channel=Channel.WHATSAPP,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "image", "image": {"id": "1", "caption": "look"}}, "[image] look"),
        ({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}, "[document] a.pdf"),
        ({"type": "audio", "audio": {"id": "1", "voice": True}}, "[voice message]"),
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes"),
        ({"type": "interactive", "interactive": {"list_reply": {"id": "1", "title": "Monday"}}}, "Monday"),
        ({"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Shop"}}, "[location] 1.5, 2 Shop"),
        ({"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}, "[reaction] 👍"),
        ({"type": "reaction", "reaction": {"message_id": "w"}}, "[reaction] taken back"),
        ({"type": "contacts", "contacts": [{"name": {}}]}, "[contacts]"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "[unsupported]"),
        ({"type": "hologram", "hologram": {"id": 1}}, "[hologram]"),
        ({}, "[empty message]"),
    ],
)
def test_every_type_is_kept_with_words_for_it(content: dict[str, Any], text: str) -> None:
    (told,) = read(webhook(message(**content)), NUMBER, "shop")
    assert isinstance(told, InboundPart)
    assert told.text == text


def test_what_came_with_a_text_is_named_by_its_kind_and_id() -> None:
    contents: list[dict[str, Any]] = [
        {"type": "audio", "audio": {"id": "5", "voice": True}},
        {"type": "image", "image": {"id": "6"}},
        {"type": "text", "text": {"body": "x"}},
    ]
    told = read(webhook(*(message(**content) for content in contents)), NUMBER, "shop")
    assert [each.media for each in told if isinstance(each, InboundPart)] == ["voice 5", "image 6", ""]


def test_who_shows_no_number_is_known_by_an_id() -> None:
    (told,) = read(
        webhook(message(**{"from": None, "from_user_id": "CH.1349", "type": "text", "text": {"body": "a"}})),
        NUMBER,
        "shop",
    )
    assert isinstance(told, InboundPart)
    assert told.sender == "CH.1349"


def test_several_updates_come_in_their_order() -> None:
    text = {"type": "text", "text": {"body": "a"}}
    body = webhook(message(**text), {"statuses": [{"id": "w", "status": "sent"}]}, message(**{**text, "id": "wamid.2"}))
    assert [type(each) for each in read(body, NUMBER, "shop")] == [InboundPart, Status, InboundPart]


@pytest.mark.parametrize(
    ("word", "state"),
    [("sent", State.SENT), ("delivered", State.DELIVERED), ("read", State.DELIVERED), ("played", State.DELIVERED)],
)
def test_a_status_says_what_became_of_a_message(word: str, state: State) -> None:
    told = {"id": "wamid.1", "status": word, "timestamp": "1750030073", "recipient_id": "41791234567"}
    (status,) = read(webhook({"statuses": [{**told, "biz_opaque_callback_data": "ours"}]}), NUMBER, "shop")
    assert isinstance(status, Status)
    assert (status.state, status.ours, status.recipient, status.at) == (state, "ours", "+41791234567", 1750030073000)


@pytest.mark.parametrize("code", [131047, "131047"])
def test_a_failure_says_why(code: object) -> None:
    told = {"id": "wamid.1", "status": "failed", "errors": [{"code": code, "title": "Re-engagement message"}]}
    (status,) = read(webhook({"statuses": [told]}), NUMBER, "shop")
    assert isinstance(status, Status)
    assert status.state is State.FAILED
    assert "131047" in status.detail
    assert "template" in status.detail


def test_what_is_about_another_number_is_not_ours() -> None:
    body = webhook(message(type="text", text={"body": "a"}), number="999")
    assert list(read(body, NUMBER, "shop")) == []
    assert numbers_in(body) == {"999"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"object":"page"}', b"\xff", b"[" * 100_000])
def test_what_is_no_webhook_of_whatsapp_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        list(read(body, NUMBER, "shop"))


@pytest.mark.parametrize(
    "value",
    [
        {"messages": "x"},
        {"messages": [1, None]},
        {"messages": [{"type": "text", "text": "x", "timestamp": "x", "id": 5}]},
        {"statuses": [{"status": "sent"}, {"id": "w", "status": "unheard-of"}, 7]},
        {"metadata": 5},
    ],
)
def test_what_has_an_unknown_shape_never_fails(value: dict[str, Any]) -> None:
    list(read(webhook(value), NUMBER, "shop"))
