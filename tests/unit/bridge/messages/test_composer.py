"""Drafts become messages: checked before anything is kept, in the order they came, with ids that sort by time."""

import asyncio
from dataclasses import fields, replace

import pytest

from bridge.errors import BadRequest, InvalidNumber, InvalidText, UnknownLine, UnknownTemplate
from bridge.messages.composer import INLINE_DRAFTS, Composer, digest_of
from bridge.messages.validation import Limits
from bridge.model.account import Account, Terms, UnknownPolicy
from bridge.model.forms import Form
from bridge.model.line import Channel, Line
from bridge.model.message import Draft, State, other_leg
from bridge.tasks import Tasks
from tests.support.clocks import START, FakeClock

SHOP = Account("shop", terms=Terms(country="GB"), on_unknown=UnknownPolicy.FAIL)
DRAFT = Draft("+15550100", "hello")
HOUR, DAY = 3_600_000, 86_400_000  # ms


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def composer(clock: FakeClock) -> Composer:
    lines = [Line("office", "office", "gsm_modem"), Line("duo:2", "duo", "android_adb", slot=2)]
    return Composer(clock, lambda: lines, Limits(max_parts=3), expire_after_ms=2 * DAY)


async def test_a_draft_becomes_a_message_that_is_due_now_and_lives_as_long_as_configured(composer: Composer) -> None:
    (message,) = await composer.messages(SHOP, [DRAFT])
    assert (message.state, message.recipient, message.text, message.parts) == (State.QUEUED, "+15550100", "hello", 1)
    assert (message.created_at, message.due_at, message.expires_at) == (START, START, START + 2 * DAY)
    assert (message.account, message.on_unknown) == ("shop", UnknownPolicy.FAIL)


@pytest.mark.parametrize(
    ("changes", "due", "expires"),
    [
        ({"not_before": START + HOUR}, START + HOUR, START + HOUR + 2 * DAY),
        ({"not_before": START - HOUR}, START, START + 2 * DAY),
        ({"expires_at": START + 1}, START, START + 1),
        ({"ttl_ms": HOUR}, START, START + HOUR),
        ({"ttl_ms": HOUR, "not_before": START + DAY}, START + DAY, START + DAY + HOUR),
        ({"ttl_ms": HOUR, "expires_at": START + 1}, START, START + 1),
    ],
)
async def test_a_lifetime_begins_when_the_message_may_be_sent(
    composer: Composer, changes: dict[str, int], due: int, expires: int
) -> None:
    (message,) = await composer.messages(SHOP, [replace(DRAFT, **changes)])
    assert (message.due_at, message.expires_at) == (due, expires)
    assert message.state is (State.SCHEDULED if due > START else State.QUEUED)


async def test_a_drafts_wish_counts_more_than_the_accounts(composer: Composer) -> None:
    (message,) = await composer.messages(SHOP, [replace(DRAFT, on_unknown=UnknownPolicy.RESEND, slot=2, report=False)])
    assert (message.on_unknown, message.route, message.report) == (UnknownPolicy.RESEND, ":2", False)


async def test_a_number_without_a_country_is_of_the_accounts(composer: Composer) -> None:
    (message,) = await composer.messages(SHOP, [replace(DRAFT, recipient="07700 900123")])
    assert (message.recipient, message.written) == ("+447700900123", "07700 900123")


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"recipient": "nobody"}, InvalidNumber, "recipient"),
        ({"text": " "}, InvalidText, "text"),
        ({"text": "x" * 1000}, InvalidText, "text"),
        ({"route": "attic"}, UnknownLine, "line"),
        ({"expires_at": START - 1}, BadRequest, "expires_at"),
    ],
)
async def test_one_bad_draft_refuses_all_and_says_which(
    composer: Composer, changes: dict[str, object], error: type[BadRequest], field: str
) -> None:
    bad = replace(DRAFT, **changes)  # type: ignore[arg-type]
    with pytest.raises(error) as alone:
        await composer.messages(SHOP, [bad])
    assert alone.value.field == field
    with pytest.raises(error) as among:
        await composer.messages(SHOP, [DRAFT, bad])
    assert among.value.field == f"messages[1].{field}"
    with pytest.raises(error):
        composer.check(SHOP, bad)


async def test_ids_are_forty_hex_digits_that_sort_as_they_were_accepted(composer: Composer, clock: FakeClock) -> None:
    ids = []
    for _ in range(3):
        ids += [message.id for message in await composer.messages(SHOP, [DRAFT] * 50)]
        clock.at += 1
    assert ids == sorted(set(ids))
    assert all(len(each) == 40 and int(each, 16) for each in ids)
    assert len({each[18:] for each in ids}) == len(ids)  # what is random is random in each


async def test_many_drafts_leave_the_event_loop_free(composer: Composer) -> None:
    turns = 0

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.gather(go_on())
    messages = await composer.messages(SHOP, [DRAFT] * (20 * INLINE_DRAFTS))
    going.cancel()
    assert len(messages) == 20 * INLINE_DRAFTS
    assert turns  # how many depends on who gets the processor


def changed(value: object) -> object:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return UnknownPolicy.HOLD


async def test_the_digest_of_a_request_depends_on_every_field_and_on_the_order() -> None:
    drafts = [
        DRAFT,
        *(
            replace(DRAFT, **{each.name: changed(getattr(DRAFT, each.name))})
            for each in fields(Draft)
            if each.name != "country"
        ),
    ]
    digests = [await digest_of([draft]) for draft in drafts]
    assert len(set(digests)) == len(drafts)
    assert await digest_of(drafts[:2]) != await digest_of(drafts[1::-1])
    assert await digest_of([replace(DRAFT)]) == digests[0]


@pytest.mark.parametrize("step", [-10 * 365 * DAY, 3 * DAY], ids=["-10y", "+3d"])
async def test_a_clock_that_is_set_while_many_are_composed_makes_none_of_them_wait_or_expire(
    composer: Composer, clock: FakeClock, step: int
) -> None:
    drafts = [replace(DRAFT, ttl_ms=HOUR), replace(DRAFT, not_before=START - 1), *[DRAFT] * INLINE_DRAFTS]
    composing = Tasks("test").start(composer.messages(SHOP, drafts), "compose")
    await asyncio.sleep(0)  # they are on their way on another thread
    clock.step(step)
    made = await composing
    assert {message.due_at for message in made} == {START + step}
    assert [message.expires_at for message in made[:2]] == [START + step + HOUR, START + step + 2 * DAY]


# -- WhatsApp -------------------------------------------------------------------------------------
@pytest.fixture
def both(clock: FakeClock) -> Composer:
    lines = [Line("office", "office", "x"), Line("shop", "shop", "x", channel=Channel.WHATSAPP)]
    return Composer(clock, lambda: lines, Limits(max_parts=3), expire_after_ms=0)


BY_WHATSAPP = replace(DRAFT, channel=Channel.WHATSAPP)


async def test_a_message_by_two_channels_has_two_ids_that_know_each_other(both: Composer) -> None:
    sms, whatsapp, other = await both.messages(SHOP, [DRAFT, replace(BY_WHATSAPP, leg=True), BY_WHATSAPP])
    assert (sms.channel, whatsapp.channel) == (Channel.SMS, Channel.WHATSAPP)
    assert (other_leg(sms.id), other_leg(whatsapp.id)) == (whatsapp.id, sms.id)
    assert len({sms.id, whatsapp.id, other.id}) == 3


async def test_a_whatsapp_message_is_whole_however_long_it_is(both: Composer) -> None:
    (message,) = await both.messages(SHOP, [replace(BY_WHATSAPP, text="ж" * 4096)])
    assert message.parts == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"text": "x" * 4097}, InvalidText),
        ({"text": ""}, InvalidText),
        ({"text": "x" * 1025, "media": "https://files.example.com/a.png"}, InvalidText),
        ({"text": "a\x00b"}, InvalidText),
        ({"recipient": "12345"}, InvalidNumber),
        ({"channel": Channel.SMS, "media": "https://files.example.com/a.png"}, BadRequest),
    ],
)
async def test_what_cannot_go_by_its_channel_is_refused(
    both: Composer, changes: dict[str, str], error: type[BadRequest]
) -> None:
    with pytest.raises(error):
        await both.messages(SHOP, [replace(BY_WHATSAPP, **changes)])


async def test_media_need_no_text(both: Composer) -> None:
    (message,) = await both.messages(SHOP, [replace(BY_WHATSAPP, text="", media="https://files.example.com/a.png")])
    assert message.media == "https://files.example.com/a.png"


async def test_another_channel_or_other_media_make_another_request() -> None:
    drafts = [DRAFT, BY_WHATSAPP, replace(BY_WHATSAPP, media="https://files.example.com/a.png")]
    assert len({await digest_of([draft]) for draft in drafts}) == 3


# -- lines that carry approved texts alone ----------------------------------------------------------
@pytest.mark.parametrize(
    ("recipient", "text", "error"),
    [("+15550123", "Code 7", InvalidNumber), ("+8613800138000", "Good morning", UnknownTemplate)],
)
async def test_what_a_line_of_approved_texts_does_not_carry_is_refused_at_once(
    clock: FakeClock, recipient: str, text: str, error: type[BadRequest]
) -> None:
    cloud = Line("tencent", "tencent", "tencent", forms=(Form("1001", "Code {1}"),))
    composer = Composer(clock, lambda: (cloud,), Limits(), 0)
    with pytest.raises(error):
        await composer.messages(Account("clinic"), [Draft(recipient, text, "tencent")])
    (message,) = await composer.messages(Account("clinic"), [Draft("13800138000", "Code 7", "tencent")])
    assert (message.route, message.text, message.recipient) == ("tencent", "Code 7", "13800138000")
