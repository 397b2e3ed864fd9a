"""What is posted to Meta, and what its answer says."""

from dataclasses import replace

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from bridge.model.radio import Outgoing
from device_drivers.whatsapp_cloud.options import Options
from device_drivers.whatsapp_cloud.requests import accepted, from_template, message, part_of, reference_of

HELLO = Outgoing("0a" * 20, "+15550150", "hello")


def test_a_text_goes_whole_and_with_our_reference() -> None:
    assert message(HELLO) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550150",
        "type": "text",
        "text": {"preview_url": False, "body": "hello"},
        "biz_opaque_callback_data": f"sms-bridge.{'0a' * 20}.1",
    }


def test_a_number_always_has_its_plus() -> None:
    assert message(replace(HELLO, recipient="15550150"))["to"] == "+15550150"


def test_a_reference_says_nothing_of_the_content_and_leads_back_to_the_part() -> None:
    assert part_of(reference_of(HELLO)) == (HELLO.message, 1)
    assert HELLO.text not in reference_of(HELLO)
    for other in ("", "order-7", "sms-bridge.", "sms-bridge.x", "sms-bridge.x.y", f"x{reference_of(HELLO)}"):
        assert part_of(other) is None


@pytest.mark.parametrize(
    ("url", "kind", "content"),
    [
        ("https://e.com/a.JPG?x=1", "image", {"link": "https://e.com/a.JPG?x=1", "caption": "hello"}),
        ("https://e.com/my%20menu.pdf", "document",
         {"link": "https://e.com/my%20menu.pdf", "caption": "hello", "filename": "my menu.pdf"}),
        ("https://e.com/a.mp4", "video", {"link": "https://e.com/a.mp4", "caption": "hello"}),
        ("https://e.com/a.ogg", "audio", {"link": "https://e.com/a.ogg"}),
    ],
)  # fmt: skip
def test_media_go_by_their_kind(url: str, kind: str, content: dict[str, str]) -> None:
    made = message(replace(HELLO, media=url))
    assert (made["type"], made[kind]) == (kind, content)


def test_a_picture_may_go_without_words() -> None:
    assert message(replace(HELLO, text="", media="https://e.com/a.png"))["image"] == {"link": "https://e.com/a.png"}


@pytest.mark.parametrize("url", ["https://e.com/a.zip", "https://e.com/a", "https://e.com/a.exe?b=.pdf"])
def test_what_whatsapp_does_not_carry_is_refused_for_good(url: str) -> None:
    with pytest.raises(SendRefused) as refused:
        message(replace(HELLO, media=url))
    assert refused.value.refusal is Refusal.PERMANENT


def test_a_template_takes_the_text_as_its_one_parameter_without_line_ends() -> None:
    made = from_template(replace(HELLO, text="a\n\nb\tc      d"), Options(template="note", template_language="de"))
    assert made["template"]["name"] == "note"
    assert made["template"]["language"] == {"code": "de"}
    assert made["template"]["components"][0]["parameters"] == [{"type": "text", "text": "a b c d"}]


def test_an_answer_gives_metas_id() -> None:
    assert accepted(b'{"messages": [{"id": "wamid.1", "message_status": "accepted"}]}') == "wamid.1"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"messages": []}', b'{"messages": [{"id": 5}]}', b"\xff"])
def test_a_success_without_an_id_says_nothing(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        accepted(body)
