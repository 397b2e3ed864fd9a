"""What the driver says of a phone in each bad condition: the sentence, and the step that fixes it."""

import asyncio
import base64
import hashlib
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.errors import DeviceLost
from bridge.model.finding import Finding
from device_drivers.android_adb import keys
from tests.support.phone_site import SOON, Site, phone_site
from tests.support.ports import free_port

pytestmark = pytest.mark.needs("adb", "mksh")


async def examined(site: Site) -> list[Finding]:
    async with asyncio.timeout(3 * SOON):
        return list(await site.driver.examine(site.device))


def told(findings: Sequence[Finding], words: str) -> Finding:
    """The one that says so."""
    (found,) = [each for each in findings if words in each.message]
    return found


async def test_a_phone_that_is_well_says_so_and_by_which_key(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        found = await examined(site)
        assert {each.level for each in found} == {"ok", "warn"}
        key = told(found, "adb's key is")
        assert str(tmp_path / "adb/.android/adbkey") in key.message
        assert told(found, "an adb server answers at 127.0.0.1").level == "ok"
        assert told(found, "unlocked since it was switched on").level == "ok"
        rcs = told(found, "RCS chats")
        assert (rcs.level, rcs.remedy) == ("warn", "switch RCS chats off in its settings")


async def test_a_phone_that_does_not_trust_this_computer(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.authorized = False
        await site.adb.until(site.phone.address, "unauthorized")
        found = (await examined(site))[-1]
        assert (found.level, found.message) == ("fail", "the phone does not trust this computer yet")
        public = (tmp_path / "adb/.android/adbkey.pub").read_text().split()[0]
        digest = hashlib.md5(base64.b64decode(public)).hexdigest().upper()
        shown = ":".join(digest[place : place + 2] for place in range(0, 32, 2))
        assert found.remedy.endswith(f"it shows the fingerprint {shown}")


async def test_a_phone_that_was_not_unlocked_since_it_started(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.has_pin = True
        before = site.phone.attached
        site.phone.reboot()
        async with asyncio.timeout(SOON):
            while site.phone.attached == before:  # adb may show the connection that went for a moment yet
                await asyncio.sleep(0.02)
        await site.adb.until(site.phone.address, "device")
        found = (await examined(site))[-1]
        assert (found.level, "restarted and not unlocked since" in found.message) == ("fail", True)
        assert "unlock its screen once" in found.remedy


async def test_a_phone_that_is_unplugged(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.unplug()
        await site.adb.disconnect(site.phone.address)
        found = (await examined(site))[-1]
        assert (found.level, found.message) == ("fail", f"no phone answers at {site.phone.address}")
        assert "wireless debugging has another port each time" in found.remedy
        site.options["serial"] = "R58M12ABC"
        found = (await examined(site))[-1]
        assert (found.level, found.message) == ("fail", "the phone is not plugged in")
        assert "cable that carries data" in found.remedy


async def test_another_phone_than_the_configured_one(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.options["serial"] = "R58M12ABC"
        there = site.phone.address
        found = (await examined(site))[-1]
        sentence = f"the phone R58M12ABC is not plugged in, and another one is ({there})"
        remedy = f'plug it in; or, to use this one, write serial = "{there}"'
        assert (found.level, found.message, found.remedy) == ("fail", sentence, remedy)
        with pytest.raises(DeviceLost) as lost:  # what its line says
            await site.open()
        assert lost.value.message == f"{sentence}: {remedy}"


async def test_no_adb_server_is_said_and_none_is_started_by_looking(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.adb.kill()
        (found,) = await site.driver.survey(site.device)
        assert (found.level, f"no adb server runs at 127.0.0.1:{site.adb.port}" in found.message) == ("warn", True)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", site.adb.port), timeout=5)
        await site.adb.start()


async def test_an_adb_server_elsewhere_is_not_started_from_here(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        port = free_port("127.0.0.2")
        site.options |= {"adb_host": "127.0.0.2", "adb_port": port}
        (found,) = await examined(site)
        assert (found.level, found.message) == ("fail", f"no adb server answers at 127.0.0.2:{port}")


@pytest.mark.parametrize(
    ("fault", "words", "remedy"),
    [
        ("no_sim", "there is no SIM in the phone", "insert or enable one"),
        ("airplane", "Airplane mode is on", "airplane-mode disable"),
        ("deny_read_sms", "does not let its shell read SMS", "appops set com.android.shell READ_SMS allow"),
        ("isms_missing", "has no SMS service", "use a phone that can send SMS"),
    ],
)
async def test_a_phone_that_cannot_send(tmp_path: Path, fault: str, words: str, remedy: str) -> None:
    async with phone_site(tmp_path) as site:
        setattr(site.phone.faults, fault, True)
        found = told(await examined(site), words)
        assert (found.level, remedy in found.remedy) == ("fail", True)


async def test_a_port_that_gives_too_little_power(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.charging = False
        found = told(await examined(site), "gives too little power")
        assert (found.level, "powered USB hub" in found.remedy) == ("warn", True)


async def test_an_open_phone_is_examined_anew(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        link = await site.open()
        assert "fail" not in {each.level for each in await link.examine()}
        site.phone.faults.default_sms_app = False
        sending = asyncio.gather(site.send("hello"))
        found = told(await link.examine(), "so nothing can be received")
        assert found.level == "fail"
        await sending
        assert await site.heard() == ["hello"]


def test_a_server_that_does_not_listen_has_no_key() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
        assert keys.of_server(port) is not None
    assert keys.of_server(port) is None


@pytest.mark.parametrize("public", ["", "not base64! me@here", "\n"])
def test_what_is_no_key_has_no_fingerprint(public: str) -> None:
    assert keys.fingerprint(public) == ""


def test_shows_a_fingerprint_as_the_phone_does() -> None:
    assert keys.fingerprint("YWJj me@here\n") == "90:01:50:98:3C:D2:4F:B0:D6:96:3F:7D:28:E1:7F:72"
