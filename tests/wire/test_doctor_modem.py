"""What the driver says of a modem in each bad condition: the sentence, and the command that fixes it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from bridge.model.finding import Finding
from device_drivers.gsm_modem import port_holders
from device_drivers.virtual.modem.storage import Status
from tests.support.modem_site import Site, modem_site
from tests.support.waiting import until

#: any stored SMS: a DELIVER from +15550199
PDU = "07915155010199F0040B915155109910F90000621121202000000131"

#: opens the port given to it, with `flock` or without, and says so
HOLD = """
import fcntl, os, sys
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
if sys.argv[2] == "flock":
    fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""


async def examined(site: Site) -> list[Finding]:
    async with asyncio.timeout(60):
        return list(await site.driver.examine(site.device))


def told(findings: Sequence[Finding], words: str) -> Finding:
    """The one that says so."""
    (found,) = [each for each in findings if words in each.message]
    return found


@contextmanager
def holding(port: str, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another program that has the port open."""
    command = [sys.executable, "-c", HOLD, port, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


async def test_a_modem_that_is_well_says_so() -> None:
    async with modem_site() as site:
        found = await examined(site)
        assert {each.level for each in found} == {"ok"}
        assert [each.message.partition(" ")[0] for each in found] == [
            "port", "answers", "the", "registered:", "signal", "service", "SMS", "SMS", "SMS",
        ]  # fmt: skip


@pytest.mark.parametrize("how", ["flock", "bare"])
async def test_names_the_program_that_holds_the_port(how: str) -> None:
    async with modem_site() as site:
        with holding(site.modem.port, how) as other:
            found = (await examined(site))[-1]
            assert (found.level, found.message) == (
                "fail",
                f"{site.modem.port} is in use by {port_holders.of_port(site.modem.port)[0].name} (process {other.pid})",
            )
            assert str(other.pid) in found.remedy or found.remedy.startswith("sudo systemctl stop")
        assert {each.level for each in await examined(site)} == {"ok"}


async def test_another_modem_or_sim_than_the_configured_one_is_named_with_what_to_write() -> None:
    async with modem_site(imei="356938035643809", iccid="89001012345678909005") as site:
        for option, wanted, there, words in (
            ("imei", "490154203237518", "356938035643809", "its modem has IMEI"),
            ("iccid", "89001012345678901237", "89001012345678909005", "its SIM has ICCID"),
        ):
            site.options = {"port": site.modem.port, option: wanted}
            found = told(await examined(site), "is not what the configuration names")
            assert found.level == "fail"
            assert f"{words} {there}, `{option}` is {wanted}" in found.message
            assert found.remedy.startswith(f'to use the one that is there, write {option} = "{there}"; or plug in ')


async def test_leaves_out_those_that_may_hold_it() -> None:
    async with modem_site() as site:
        with holding(site.modem.port, "bare") as other:
            assert [each.level for each in await site.driver.survey(site.device, [other.pid])] == ["ok"]


async def test_a_port_that_is_not_there() -> None:
    async with modem_site() as site:
        site.options["port"] = "/dev/ttyUSB97"
        found = (await examined(site))[0]
        assert (found.level, found.message.partition(";")[0]) == ("fail", "there is no /dev/ttyUSB97")
        assert "sms-bridge devices" in found.remedy


async def test_a_port_that_this_user_may_not_open() -> None:
    async with modem_site() as site:
        port = site.modem.port
        os.chmod(port, 0o600)
        # root may open everything, so an account without a name looks
        look = (
            "import os, sys\n"
            "from device_drivers.gsm_modem.options import Options\n"
            "from device_drivers.gsm_modem.survey import survey\n"
            "os.setgroups([]); os.setgid(54321); os.setuid(54321)\n"
            "for each in survey('devices.office', Options(port=sys.argv[1])): print(each.level, each.message)"
        )
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", look, port], capture_output=True, text=True, check=False
        )
    if os.geteuid() == 0:
        assert done.stdout.startswith(f"fail no permission to open the port: {port} is for its owner alone")
    else:
        assert "not permitted" in done.stderr


@pytest.mark.parametrize("left", [3, 1])
async def test_a_sim_that_wants_its_pin(left: int) -> None:
    async with modem_site(pin="1234") as site:
        site.modem.state.sim.pin_tries = left
        found = (await examined(site))[-1]
        assert (found.level, found.message) == ("fail", "The SIM wants its PIN")
        assert found.remedy == 'set pin = "…" for this device, or switch the SIM\'s PIN off in a phone'


async def test_looking_tries_a_pin_only_where_a_refusal_is_remembered() -> None:
    async with modem_site(pin="1234") as site:
        site.options["pin"] = "9999"
        for _ in range(3):
            found = (await examined(site))[-1]
            assert (found.level, "tried, once, when the bridge starts" in found.message) == ("warn", True)
        assert site.modem.state.sim.pin_tries == 3
        assert "9999" not in repr(found)


async def test_a_pin_that_the_sim_refused_before_is_not_tried_by_looking() -> None:
    class Kept:
        """Obeys `bridge.ports.Memory` and is not `VolatileMemory`."""

        def __init__(self) -> None:
            self.values: dict[str, str] = {}

        def get(self, key: str) -> str | None:
            return self.values.get(key)

        async def put(self, key: str, value: str) -> None:
            self.values[key] = value

    async with modem_site(pin="1234") as site:
        site.options["pin"] = "9999"
        site.memory = Kept()  # type: ignore[assignment]
        first, second = (await examined(site))[-1], (await examined(site))[-1]
        assert site.modem.state.sim.pin_tries == 2
        assert "The SIM refused the PIN" in first.message
        assert "refused this PIN before" in second.message
        assert first.remedy == second.remedy
        assert "enter the right PIN once" in first.remedy


async def test_a_sim_that_is_blocked() -> None:
    async with modem_site(pin="1234") as site:
        site.modem.state.sim.pin_tries = 0
        found = (await examined(site))[-1]
        assert (found.level, "PUK" in found.message) == ("fail", True)
        assert "enter its PUK" in found.remedy


async def test_no_sim() -> None:
    async with modem_site() as site:
        site.modem.state.sim.present = False
        found = (await examined(site))[-1]
        assert (found.level, "SIM not inserted" in found.message) == ("fail", True)
        assert found.remedy.startswith("put a SIM in")


@pytest.mark.parametrize(
    ("stat", "level", "words", "remedy"),
    [
        (2, "fail", "is searching for a network", "move the antenna"),
        (3, "fail", "The network denied the registration", "ask the operator"),
        (5, "warn", "registered: roaming", "local operator"),
        (0, "fail", "not looking for a network", "try the SIM in a phone"),
    ],
)
async def test_a_registration_that_is_not_at_home(stat: int, level: str, words: str, remedy: str) -> None:
    async with modem_site() as site:
        site.modem.set_registration(stat)
        found = told(await examined(site), words)
        assert (found.level, remedy in found.remedy) == (level, True)


async def test_a_weak_signal() -> None:
    async with modem_site() as site:
        site.modem.set_signal(2)
        found = told(await examined(site), "the signal is weak: -109 dBm")
        assert (found.level, "window" in found.remedy) == ("warn", True)


@pytest.mark.parametrize(("count", "words"), [(5, "5 of 5 places used, full"), (4, "4 of 5 places used, nearly full")])
async def test_a_memory_without_room(count: int, words: str) -> None:
    async with modem_site(storage_size=5) as site:
        for _ in range(count):
            assert site.modem.store(PDU, "SM", Status.STO_SENT) is not None
        found = told(await examined(site), words)
        assert (found.level, found.remedy.startswith("start the bridge, which empties it")) == ("warn", True)


async def test_a_sim_without_a_service_centre() -> None:
    async with modem_site() as site:
        site.modem.faults.answers["+CSCA"] = ["ERROR"] * 10
        found = told(await examined(site), "has no service centre number")
        assert (found.level, 'smsc = "+…"' in found.remedy) == ("fail", True)


async def test_a_port_where_nothing_answers() -> None:
    async with modem_site() as site:
        site.modem.hang()
        site.options["command_timeout"] = 0.2
        found = (await examined(site))[-1]
        assert (found.level, "answers AT" in found.message) == ("fail", True)
        assert "another of the modem's ports" in found.remedy


async def test_an_open_modem_is_examined_between_messages() -> None:
    async with modem_site() as site:
        link = await site.open()
        site.network.rules.send_latency = 0.05
        sending = asyncio.gather(*(site.send(f"text {number}", message=f"m{number}") for number in range(10)))
        found = await link.examine()
        assert {each.level for each in found} == {"ok"}
        assert len(await sending) == 10
        await until(lambda: len(site.far.received) == 10)
        site.modem.set_registration(3)
        assert told(await link.examine(), "denied the registration").level == "fail"


def test_nobody_holds_what_is_not_there() -> None:
    assert port_holders.of_port("/dev/ttyUSB97") == []
