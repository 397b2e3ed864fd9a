"""Makers and SIMs: each phone is asked in its own way, and a message goes by the SIM that it is for or not at all."""

from pathlib import Path

import pytest

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.line import LineState
from device_drivers.virtual.phone import PROFILES, Profile
from tests.support.phone_site import OURS, SECOND, THEIRS, phone_site

pytestmark = pytest.mark.needs("adb", "mksh")

THIRD = "+15550103"


@pytest.mark.parametrize("name", PROFILES)
async def test_phones_of_every_make_send_and_receive(tmp_path: Path, name: str) -> None:
    async with phone_site(tmp_path, profile=PROFILES[name]) as site:
        (line,) = (await site.open(send_timeout=10.0)).lines
        assert line.state is LineState.READY, line.reason
        await site.send("one part")
        await site.send("x" * 400, message="m2")
        assert await site.heard(2) == ["one part", "x" * 400]
        site.far.send(OURS, "an answer")
        (item,) = await site.take()
        assert (item.sender, item.text) == (THEIRS if name != "anonymous" else "5550199", "an answer")  # type: ignore[union-attr]


@pytest.mark.parametrize("sdk", [25, 29, 31])
async def test_a_make_whose_methods_are_not_known_is_asked_for_none(tmp_path: Path, sdk: int) -> None:
    async with phone_site(tmp_path, profile=Profile("huawei", sdk, "HUAWEI", "VIR-L99")) as site:
        (line,) = (await site.open()).lines
        assert line.state is LineState.OUT_OF_SERVICE
        assert "of HUAWEI" in line.reason
        with pytest.raises(SendRefused, match="allow_unknown_sdk = true") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.LINE
        site.far.send(OURS, "heard")
        assert await site.texts(1) == ["heard"]
        assert not [words for words in site.phone.commands.calls if words[:2] == ["service", "call"]]


# -- SIMs ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("lost", ["stdin_lost", ""])
async def test_a_sim_that_was_pulled_sends_nothing(tmp_path: Path, lost: str) -> None:
    async with phone_site(tmp_path) as site:
        if lost:
            setattr(site.phone.faults, lost, True)
        await site.open()
        site.phone.pull_sim()
        with pytest.raises(DeviceLost, match="SIMs were changed"):
            await site.send()
        assert site.phone.sent == ()
        with pytest.raises(SendRefused, match="no SIM"):
            await site.open()


async def test_a_sim_that_was_exchanged_does_not_send_what_was_for_the_other(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.phone.insert_sim(THIRD)
        with pytest.raises(DeviceLost, match="SIMs were changed"):
            await site.send()
        assert site.phone.sent == ()
        await site.open()
        await site.send("by the new one")
        assert [sms.sender for sms in await site.far.wait()] == [THIRD]


async def test_what_is_for_a_sim_that_is_gone_does_not_go_by_the_other_one(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        await site.open()
        site.phone.pull_sim(2)
        with pytest.raises(DeviceLost, match="SIMs were changed"):
            await site.send(line="office:2")
        assert site.phone.sent == ()
        (line,) = (await site.open()).lines
        assert (line.name, line.slot) == ("office", 1)


async def test_a_sim_of_the_work_profile_is_no_line_that_is_ready(tmp_path: Path) -> None:
    """It took every message without a word, and sent none; and nothing came in."""
    async with phone_site(tmp_path, (OURS, SECOND), sdk=34) as site:
        site.phone.faults.work_slot = 2
        await site.open()
        ours, of_work = site.link.lines
        assert ours.state is LineState.READY
        assert of_work.state is LineState.OUT_OF_SERVICE
        assert "for user 10 of the phone alone" in of_work.reason
        with pytest.raises(SendRefused, match="work profile") as refused:
            await site.send(line="office:2")
        assert refused.value.refusal is Refusal.LINE
        await site.send(line="office:1", message="m2")
        site.phone.faults.work_slot = 0
        with pytest.raises(DeviceLost):
            await site.link.refresh()
        await site.open()
        await site.send("by the other", line="office:2", message="m3")
        assert [sms.sender for sms in await site.far.wait(2)] == [OURS, SECOND]


async def test_a_sim_that_becomes_the_work_profiles_sends_nothing(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=34) as site:
        await site.open(poll_interval=60.0)
        site.phone.faults.work_slot = 1
        with pytest.raises(DeviceLost):
            await site.send()
        assert not site.phone.sent


@pytest.mark.parametrize(("whole", "told"), [(False, "890010112…"), (True, "890010112345550101")])
async def test_a_part_of_an_iccid_is_shown_and_matches_nothing(tmp_path: Path, whole: bool, told: str) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.whole_iccids = whole
        (line,) = (await site.open()).lines
        assert line.iccid == told
        assert line.sim == (told if whole else "")


# -- numbers -------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["national_numbers", "spaced_numbers", "arabic_digits"])
async def test_a_recipient_is_known_in_whatever_way_the_store_writes_it(tmp_path: Path, way: str) -> None:
    async with phone_site(tmp_path, sdk=29) as site:
        setattr(site.phone.faults, way, True)
        await site.open()
        await site.send("hello")
        assert site.phone.provider.rows(2)[0].address != THEIRS
        assert await site.heard() == ["hello"]
