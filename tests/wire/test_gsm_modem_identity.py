"""Which modem and which SIM a device is: a port is only a name, and SIMs move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.line import LineState
from device_drivers.gsm_modem import health
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.modem.profile import Profile
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.world import World
from tests.support.modem_site import OURS, THEIRS, Site, modem_site
from tests.support.running import config, running
from tests.support.waiting import until

OTHER_NUMBER, OTHER_IMEI, OTHER_IMSI, OTHER_ICCID = (
    "+15550102",
    "356938035643809",
    "001010123456700",
    "89001012345678909005",
)
IMEI, ICCID = "490154203237518", "89001012345678901237"


@asynccontextmanager
async def two_modems(directory: Path) -> AsyncIterator[tuple[Site, Modem]]:
    """One that the site is about, and another one, on ports that candidates find."""
    network = Network()
    ours = Modem(network, OURS, imei=IMEI, iccid=ICCID, link_path=directory / "ttyUSB0")
    other = Modem(
        network, OTHER_NUMBER, imei=OTHER_IMEI, imsi=OTHER_IMSI, iccid=OTHER_ICCID, link_path=directory / "ttyUSB1"
    )
    site = Site(network, ours, network.handset(THEIRS))
    site.options |= {"candidates": [str(directory / "ttyUSB*")]}
    await ours.start()
    await other.start()
    try:
        yield site, other
    finally:
        await site.close()
        await ours.close()
        await other.close()
        network.close()


# -- port, imei and iccid -------------------------------------------------------------------------
async def test_a_port_with_the_imei_behind_it_opens() -> None:
    async with modem_site() as site:
        await site.open(port=site.modem.port, imei=IMEI, iccid=ICCID)
        assert (site.link.lines[0].state, site.link.lines[0].imei) == (LineState.READY, IMEI)


async def test_a_port_with_another_modem_behind_it_is_refused_with_both_names() -> None:
    async with modem_site(imei=OTHER_IMEI) as site:
        with pytest.raises(SendRefused) as refused:
            await site.open(port=site.modem.port, imei=IMEI)
        assert refused.value.refusal is Refusal.LINE
        assert all(name in refused.value.cause for name in (site.modem.port, IMEI, OTHER_IMEI))
        assert f'To use the one that is there, write imei = "{OTHER_IMEI}"' in refused.value.cause


async def test_no_pin_is_tried_on_another_modems_sim() -> None:
    async with modem_site(imei=OTHER_IMEI, pin="1234") as site:
        with pytest.raises(SendRefused, match=OTHER_IMEI):
            await site.open(port=site.modem.port, imei=IMEI, pin="9999")
        assert site.modem.state.sim.pin_tries == 3


async def test_no_pin_is_tried_on_another_sim() -> None:
    async with modem_site(iccid=OTHER_ICCID, pin="1234") as site:
        with pytest.raises(SendRefused) as refused:
            await site.open(port=site.modem.port, iccid=ICCID, pin="9999")
        assert ICCID in refused.value.cause
        assert OTHER_ICCID in refused.value.cause
        assert site.modem.state.sim.pin_tries == 3


async def test_a_modem_that_does_not_tell_its_imei_is_not_taken_for_the_wanted_one() -> None:
    async with modem_site(profile=Profile(unsupported=Profile().unsupported | {"+CGSN"})) as site:
        with pytest.raises(SendRefused, match="not told"):
            await site.open(port=site.modem.port, imei=IMEI)


# -- no port ---------------------------------------------------------------------------------------
async def test_the_only_modem_needs_no_port(tmp_path: Path) -> None:
    async with two_modems(tmp_path) as (site, other):
        other.unplug()
        site.without_port = True
        await site.open()
        assert site.link.lines[0].imei == IMEI


async def test_with_several_modems_it_says_which_there_are_and_what_to_write(tmp_path: Path) -> None:
    async with two_modems(tmp_path) as (site, _):
        site.without_port = True
        with pytest.raises(SendRefused) as refused:
            await site.open()
        assert refused.value.refusal is Refusal.LINE
        for word in ("2 modems", "ttyUSB0", "ttyUSB1", IMEI, OTHER_IMEI, "`port`", "`imei`"):
            assert word in refused.value.cause


async def test_a_modem_that_is_in_use_counts_too(tmp_path: Path) -> None:
    """Else it would depend on who is first which of two modems a device gets."""
    async with two_modems(tmp_path) as (site, other):
        holder = Site(site.network, other, site.far, options={"port": other.port})
        await holder.open()
        try:
            site.without_port = True
            with pytest.raises(SendRefused, match="in use"):
                await site.open()
        finally:
            await holder.close()


async def test_without_any_modem_it_says_so(tmp_path: Path) -> None:
    async with two_modems(tmp_path) as (site, other):
        site.modem.unplug()
        other.unplug()
        site.without_port = True
        with pytest.raises(DeviceLost, match="no modem that can be used is plugged in"):
            await site.open()


async def test_another_modem_in_place_of_the_wanted_one_is_named_with_what_to_write(tmp_path: Path) -> None:
    async with two_modems(tmp_path) as (site, _):
        site.modem.unplug()
        site.without_port = True
        with pytest.raises(DeviceLost) as lost:
            await site.open(imei=IMEI, iccid=ICCID)
        assert lost.value.message.startswith(f"no modem with IMEI {IMEI} and SIM {ICCID} is plugged in; looked at ")
        assert f"(IMEI {OTHER_IMEI}, SIM {OTHER_ICCID})" in lost.value.message
        assert lost.value.message.endswith(
            f'. To use the one that is there, write imei = "{OTHER_IMEI}" and write iccid = "{OTHER_ICCID}"; or plug '
            "in the one that is named"
        )


# -- the SIM ---------------------------------------------------------------------------------------
async def test_finds_the_modem_that_its_sim_is_in(tmp_path: Path) -> None:
    async with two_modems(tmp_path) as (site, other):
        site.without_port = True
        await site.open(iccid=ICCID)
        assert site.link.lines[0].imei == IMEI
        await site.close()
        site.modem.exchange_sims(other)
        await site.open()
        assert (site.link.lines[0].imei, site.link.lines[0].number) == (OTHER_IMEI, OURS)


async def test_notices_that_the_sim_was_changed_without_a_word() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.insert_sim(number=OTHER_NUMBER, imsi=OTHER_IMSI, iccid=OTHER_ICCID)
        with pytest.raises(DeviceLost, match="another SIM"):
            await site.link.refresh()
        await site.open()
        line = site.link.lines[0]
        assert (line.number, line.iccid, line.imsi) == (OTHER_NUMBER, OTHER_ICCID[:20], OTHER_IMSI)


async def test_notices_another_sim_by_its_iccid_where_the_modem_tells_no_imsi() -> None:
    async with modem_site(profile=Profile(unsupported=Profile().unsupported | {"+CIMI"})) as site:
        await site.open()
        site.modem.insert_sim(number=OTHER_NUMBER, iccid=OTHER_ICCID)
        with pytest.raises(DeviceLost, match="another SIM"):
            await site.link.refresh()


async def test_a_sim_that_comes_back_is_the_same_one() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.pull_sim()
        await site.link.refresh()
        assert site.link.lines[0].state is LineState.PARKED
        site.modem.insert_sim()
        await site.link.refresh()
        assert site.link.lines[0].state is LineState.READY


async def test_one_lost_digit_is_not_another_sim() -> None:
    async with modem_site() as site:
        await site.open()
        site.modem.faults.misread = {"+CIMI": ["00101012345678"]}
        await site.link.refresh()
        assert site.link.lines[0].state is LineState.READY


async def test_lines_follow_their_sims_when_these_are_exchanged(tmp_path: Path) -> None:
    """Each line is named by the SIM that it has: after the exchange both go on, with their own numbers."""
    async with World(tmp_path / "world", modems=2) as world:
        first, second = world.modems
        candidates = [str(tmp_path / "world/modem*")]
        sims = {f"line{place}": modem.state.sim for place, modem in enumerate(world.modems)}
        devices = {name: {"iccid": sim.iccid, "candidates": candidates} for name, sim in sims.items()}
        async with running(config(tmp_path, devices)) as bridge:

            async def as_they_should() -> bool:
                lines = {line.name: line for line in bridge.gateway.lines()}
                return all(
                    lines[name].state is LineState.READY and lines[name].number == sim.number
                    for name, sim in sims.items()
                )

            await until(as_they_should)
            first.exchange_sims(second)
            first.urc("+CPIN: NOT READY")
            second.urc("+CPIN: NOT READY")

            async def exchanged() -> bool:
                imeis = {line.name: line.imei for line in bridge.gateway.lines()}
                return await as_they_should() and imeis == {"line0": second.state.imei, "line1": first.state.imei}

            await until(exchanged)


# -- what it does not say ---------------------------------------------------------------------------
@pytest.mark.parametrize("question", ["+CIMI", "+CCID", "+CGSN", "+CGMM", "+CNUM", "+CREG", "+CSQ", "+COPS"])
async def test_a_modem_that_is_silent_at_a_question_about_itself_is_used_all_the_same(question: str) -> None:
    """Without an answer to AT+CIMI it was never opened; without one to AT+COPS? it was asked every second."""
    async with modem_site() as site:
        site.modem.faults.silences[question] = 1000
        await site.open(command_timeout=0.3)
        (line,) = await site.link.refresh()
        assert (line.state, line.reason) == (LineState.READY, "")
        assert (await site.send("hello", report=False)).reference == 0


@pytest.mark.parametrize("question", ["+CSQ", "+COPS"])
async def test_a_question_that_no_message_needs_is_not_asked_at_each_look_when_it_is_not_answered(
    question: str,
) -> None:
    """Each look held up what was to be sent, for as long as a command may take."""
    async with modem_site() as site:
        await site.open(command_timeout=0.3)
        site.modem.faults.silences[question] = 1000
        for _ in range(4):
            (line,) = await site.link.refresh()
        assert site.modem.faults.silences[question] == 999
        assert line.state is LineState.READY
        assert {"+CSQ": line.signal_dbm is None, "+COPS": line.operator == ""}[question]


async def test_the_signal_is_asked_for_at_each_look_where_nothing_else_tells_of_a_network() -> None:
    async with modem_site() as site:
        site.modem.faults.refusals |= dict.fromkeys(("+CREG", "+CEREG", "+CGREG", "+C5GREG"), "ERROR")
        site.modem.faults.silences["+CSQ"] = 1
        await site.open(command_timeout=0.3)
        assert (await site.link.refresh())[0].state is LineState.READY


async def test_a_question_that_was_not_answered_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "REST", 1e-6)
    async with modem_site() as site:
        await site.open(command_timeout=0.3)
        site.modem.faults.silences["+COPS"] = 1
        assert (await site.link.refresh())[0].operator == ""
        assert (await site.link.refresh())[0].operator == "Virtual Network"


@pytest.mark.parametrize("restarted", [True, False])
async def test_no_message_goes_by_another_sim_that_was_put_in_without_a_word(restarted: bool) -> None:
    """A message of one part went out by it, and its report was nobody's."""
    async with modem_site() as site:
        await site.open()
        numbers: list[str] = []
        site.network.listen(lambda posting, _copies: numbers.append(posting.sender))
        site.modem.insert_sim(OTHER_NUMBER, OTHER_IMSI, OTHER_ICCID)
        if restarted:
            site.modem.reset(silently=True)
        with pytest.raises(DeviceLost, match="another SIM"):
            await site.send("by the other one")
        assert numbers == []
        await site.open()
        await site.send("by the other one, as the line says")
        assert (numbers, site.link.lines[0].imsi) == ([OTHER_NUMBER], OTHER_IMSI)


# -- what it tells of its SIM -----------------------------------------------------------------------
async def test_the_next_sim_in_the_box_is_another_one() -> None:
    """They differ in the last two of twenty digits: the PIN of one was tried on the other."""
    ours, neighbour = "89860012345678901234", "89860012345678901242"
    async with modem_site(iccid=neighbour, pin="1234") as site:
        with pytest.raises(SendRefused, match=neighbour):
            await site.open(port=site.modem.port, iccid=ours, pin="9999")
        assert site.modem.state.sim.pin_tries == 3


async def test_an_iccid_in_the_order_in_which_it_is_stored_is_read_the_right_way_round() -> None:
    async with modem_site() as site:
        site.modem.faults.misread["+CCID"] = ["+CCID: 980010214365870921F3"] * 2
        await site.open(iccid="8900011234567890123")
        assert site.link.lines[0].iccid == "8900011234567890123"
