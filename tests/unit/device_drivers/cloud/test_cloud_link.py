"""What becomes of messages without an answer, and what comes by pull: links to emulated providers."""

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, InboundPart, InboundReport, Outgoing, Sent
from device_drivers._cloud.news import reference_of
from device_drivers.virtual.network.message import now
from tests.support.cloud_site import TEXT, LinkSite, linked
from tests.support.waiting import until

ANA, BOB = "+8613800138000", "+15550150"
SOON = (0.05, 0.1, 0.2, 0.4)
NEVER: tuple[float, ...] = ()
#: not before `ask` is called
LATER = (3600.0,)
ASK = {"tencent": "PullSmsSendStatusByPhoneNumber", "aliyun": "QuerySendDetails"}
both = pytest.mark.parametrize("name", ["tencent", "aliyun"])


async def send(site: LinkSite, message: str = "m1", to: str = ANA, text: str = TEXT) -> Sent:
    return await site.link.send(site.link.lines[0].name, Outgoing(message, to, text))


async def lose_the_answer(site: LinkSite, message: str = "m1", to: str = ANA) -> None:
    """It goes out, and nobody says so."""
    site.provider.faults.reset_next = 1
    with pytest.raises(OutcomeUnknown):
        await send(site, message, to)


def ask(site: LinkSite, *delays: float) -> None:
    """Ask now about what is open; however long it took until here, at each of these."""
    site.link._inquiries._delays = delays
    site.link._woken.set()


def evidence(site: LinkSite) -> list[tuple[str, int, State]]:
    return [(each.message, each.index, each.state) for each in site.came if isinstance(each, Evidence)]


@both
async def test_a_callback_with_our_label_settles_what_is_unknown(name: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        site.provider.pushes.url = site.site.url + "a-secret-of-sixteen"
        await lose_the_answer(site)
        await site.has(2)
        assert evidence(site) == [("m1", 1, State.DELIVERED)]
        assert [each.ours for each in site.provider.far.records] == ["m1.1"]


@both
async def test_asking_settles_what_is_unknown(name: str) -> None:
    async with linked(name, ask_after=SOON) as site:
        await lose_the_answer(site)
        await site.has(1)
        assert evidence(site)[-1] == ("m1", 1, State.DELIVERED)
        assert len(site.provider.far.records) == 1


@both
async def test_a_failure_is_found_by_asking_too(name: str) -> None:
    async with linked(name, ask_after=SOON) as site:
        site.provider.faults.outcome = "failed"
        await lose_the_answer(site)
        await site.has(1)
        [found] = [each for each in site.came if isinstance(each, Evidence)]
        assert (found.state, found.detail) == (State.FAILED, "UNDELIV")


@both
async def test_not_found_is_not_not_sent(name: str) -> None:
    async with linked(name, ask_after=LATER) as site:
        site.provider.faults.lost_next = 1
        with pytest.raises(OutcomeUnknown):
            await send(site)
        ask(site, *SOON[:3])
        await site.asked(ASK[name], 3)
        assert (site.came, site.provider.far.records) == ([], [])


@both
async def test_an_empty_list_proves_nothing(name: str) -> None:
    async with linked(name, ask_after=LATER) as site:
        site.provider.faults.empty_details = True
        await lose_the_answer(site)
        ask(site, *SOON)
        await site.asked(ASK[name], len(SOON))
        assert site.came == []


async def test_what_waits_at_the_carrier_was_sent_and_its_report_still_finds_it() -> None:
    async with linked("aliyun", ask_after=[*SOON, 0.8, 1.6, 3.2, 6.4, 12.8]) as site:
        outcome, site.provider.faults.outcome = site.provider.faults.outcome, ""
        await lose_the_answer(site)
        await site.has(1)
        (record,) = site.provider.far.records
        site.provider._settle(record, outcome)
        await site.has(2)
        first, *_, last = site.came
        assert isinstance(first, Evidence)
        assert isinstance(last, InboundReport | Evidence)
        assert (first.state, last.state) == (State.SENT, State.DELIVERED)
        assert first.reference == last.reference == reference_of("m1.1")


async def test_without_labels_the_only_message_that_nobody_knows_of_is_it() -> None:
    async with linked("tencent", ask_after=SOON) as site:
        site.provider.faults.with_label = False
        site.link._opened_at -= 120_000  # as if it had been open for two minutes
        known = await send(site, "m0")
        await lose_the_answer(site)
        await site.has(2)
        assert evidence(site)[-1] == ("m1", 1, State.DELIVERED)
        [found] = [each for each in site.came if isinstance(each, Evidence)]
        assert found.reference not in (None, known.reference)


async def test_without_labels_two_that_nobody_knows_of_stay_unknown() -> None:
    async with linked("tencent", ask_after=LATER) as site:
        site.provider.faults.with_label = False
        site.link._opened_at -= 120_000
        await lose_the_answer(site, "m1")
        await lose_the_answer(site, "m2")
        ask(site, 0.0, 0.1)
        await site.asked(ASK["tencent"], 4)
        assert evidence(site) == []


async def test_without_labels_one_after_the_other_is_settled() -> None:
    async with linked("tencent", ask_after=SOON) as site:
        site.provider.faults.with_label = False
        site.link._opened_at -= 120_000
        for count, message in enumerate(("m1", "m2"), 1):
            await lose_the_answer(site, message)
            await site.has(2 * count)
        assert evidence(site) == [("m1", 1, State.DELIVERED), ("m2", 1, State.DELIVERED)]
        assert len({each.reference for each in site.came if isinstance(each, Evidence)}) == 2


async def test_without_labels_one_entry_is_of_neither_of_two_that_nobody_knows_of() -> None:
    async with linked("tencent", ask_after=LATER) as site:
        site.provider.faults.with_label = False
        site.link._opened_at -= 120_000
        await lose_the_answer(site, "m1")
        site.provider.faults.lost_next = 1
        with pytest.raises(OutcomeUnknown):
            await send(site, "m2")
        ask(site, 0.0, 0.1)
        await site.asked(ASK["tencent"], 4)
        assert (evidence(site), len(site.provider.far.records)) == ([], 1)


async def test_without_labels_a_message_of_before_a_restart_stays_unknown() -> None:
    """What else went to the number before the restart is not remembered, and may be what the provider tells of."""
    async with linked("tencent", ask_after=NEVER) as site:
        site.provider.faults.with_label = False
        await send(site, "another")
        async with linked("tencent", site.provider, ask_after=SOON) as again:
            await again.link.clarify([Doubtful("m1", 1, "tencent", ANA, TEXT, now() - 10)])
            await site.asked(ASK["tencent"], 2)
            assert evidence(again) == []


@both
async def test_after_a_restart_what_was_unknown_is_asked_about(name: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        await lose_the_answer(site)
        async with linked(name, site.provider, ask_after=SOON) as again:
            await again.link.clarify([Doubtful("m1", 1, name, ANA, TEXT, now() - 10)])
            await again.has(1)
            assert evidence(again)[-1] == ("m1", 1, State.DELIVERED)


@both
async def test_a_sent_message_without_a_callback_gets_its_report_by_asking(name: str) -> None:
    async with linked(name, ask_after=SOON) as site:
        sent = await send(site)
        [report] = await site.has(1)
        assert isinstance(report, InboundReport)
        assert (report.reference, report.state, report.recipient) == (sent.reference, State.DELIVERED, ANA)


async def test_tencents_pulls_bring_reports_and_replies_each_once() -> None:
    async with linked("tencent", ask_after=NEVER, pull_interval=0.05) as site:
        sent = await send(site)
        site.provider.far.person(ANA).send("TD")
        found = await site.has(2)
        [report] = [each for each in found if isinstance(each, InboundReport)]
        [reply] = [each for each in found if isinstance(each, InboundPart)]
        assert (report.reference, reply.sender, reply.text) == (sent.reference, ANA, "TD")
        await site.asked("PullSmsSendStatus", 5)
        assert len(site.came) == 2


async def test_reports_that_were_pulled_are_kept_although_the_pull_of_replies_behind_them_fails() -> None:
    async with linked("tencent", ask_after=NEVER, pull_interval=0.05) as site:
        failures = ["InternalError.Timeout"] * 3
        site.provider.faults.fail_of = {"PullSmsReplyStatus": failures}
        sent = await send(site)
        await until(lambda: not failures)
        [report] = await site.has(1)
        assert isinstance(report, InboundReport)
        assert (report.reference, report.state) == (sent.reference, State.DELIVERED)


@both
async def test_the_emulated_provider_throttles_and_that_rests_the_line(name: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        site.provider.faults.per_second = 1
        await send(site)
        with pytest.raises(SendRefused) as refused:
            await send(site, "m2")
        assert refused.value.refusal is Refusal.NETWORK


@both
@pytest.mark.parametrize("fault", ["pages_next", "garbled_next", "silent_next"])
async def test_what_says_nothing_leaves_it_unknown_and_is_never_repeated(name: str, fault: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        setattr(site.provider.faults, fault, [502] if fault == "pages_next" else 1)
        with pytest.raises(OutcomeUnknown):
            await send(site)
        assert sum(action == "SendSms" for action, _ in site.provider.calls) == 1


@both
async def test_a_wrong_clock_is_the_lines_trouble(name: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        site.provider.faults.clock_ahead = 3600
        with pytest.raises(SendRefused) as refused:
            await send(site)
        assert refused.value.refusal is Refusal.LINE
        assert "set this machine's clock" in refused.value.cause


@both
async def test_a_number_abroad_goes_by_its_own_template(name: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        await send(site, to=BOB)
        await send(site, "m2", to="13800138000")
        assert [(each.number, each.template[-1]) for each in site.provider.far.records] == [
            (BOB, "1" if name == "tencent" else "9"),
            (ANA, "1"),
        ]
        with pytest.raises(SendRefused) as refused:
            await send(site, "m3", text="Good morning")
        assert refused.value.refusal is Refusal.PERMANENT


@both
@pytest.mark.parametrize("path", ["", "another-secret-of-all", "a-secret-of-sixteen/more"])
async def test_a_callback_without_the_secret_brings_nothing(name: str, path: str) -> None:
    async with linked(name, ask_after=NEVER) as site:
        assert not await site.provider.pushes.post(b"[]", site.site.url + path)
        assert site.site.answered == [403]


@both
async def test_a_callback_from_elsewhere_brings_nothing(name: str) -> None:
    async with linked(name, ask_after=NEVER, callback_addresses=["192.0.2.0/24"]) as site:
        assert not await site.provider.pushes.post(b"[]", site.site.url + "a-secret-of-sixteen")
        assert site.site.answered == [403]


@pytest.mark.parametrize(
    ("name", "code"),
    [("tencent", "UnauthorizedOperation.RequestPermissionDeny"), ("aliyun", "isp.RAM_PERMISSION_DENY")],
)
async def test_a_key_that_may_send_and_not_ask_is_good_enough(name: str, code: str) -> None:
    async with linked(name, ask_after=NEVER, check_interval=0.05) as site:
        site.provider.faults.fail_next = [code]
        await site.asked(ASK[name], 2)
        assert site.link.lines[0].state is LineState.READY
        await send(site)


@both
async def test_a_key_that_is_no_good_parks_the_line_until_it_is(name: str) -> None:
    async with linked(name, ask_after=NEVER, check_interval=0.05) as site:
        bad = "AuthFailure.SecretIdNotFound" if name == "tencent" else "InvalidAccessKeyId.NotFound"
        site.provider.faults.fail_next = [bad] * 100
        await site.asked(ASK[name], 2)
        (line,) = await site.link.refresh()
        assert (line.state, bad in line.reason) == (LineState.PARKED, True)
        site.provider.faults.fail_next.clear()
        (line,) = await site.link.refresh()
        assert (line.state, line.reason) == (LineState.READY, "")
