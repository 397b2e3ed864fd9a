"""A real adb server and adbutils on the virtual phone, and commands through Android's own shell."""

import asyncio
import gc
import os
import shlex
import shutil
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adbutils import AdbClient, AdbConnection, AdbDevice, AdbError, ShellReturn

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import AdbServer, Phone
from tests.support.phone_talk import CUSTOMER, LINE
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")

#: everything that a shell, a parcel or a table might take for something of its own
HOSTILE = "it's \"quoted\" $HOME `id` $(id) \\ \\n %s ; & | < > * ? ~ # ! \t\nRow: 1 body=x, y\u2028ж🙂 --where ''"


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    for program in ("adb", "mksh"):
        assert shutil.which(program), f"{program} is missing, which this test talks to: apt install {program}"


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    network.handset(CUSTOMER)
    yield network
    network.close()


@pytest.fixture
async def phone(network: Network) -> AsyncIterator[Phone]:
    phone = Phone(network, [LINE])
    await phone.start()
    yield phone
    await phone.close()


@pytest.fixture
async def adb(tmp_path: Path) -> AsyncIterator[AdbServer]:
    adb = AdbServer(tmp_path / "adb")
    await adb.start()
    yield adb
    await adb.close()


class Attached:
    """A phone as adbutils sees it."""

    def __init__(self, adb: AdbServer, phone: Phone) -> None:
        self.device: AdbDevice = AdbClient("127.0.0.1", adb.port).device(phone.address)

    async def shell(self, command: str) -> ShellReturn:
        """One command line."""
        return await asyncio.to_thread(self.device.shell2, command, v2=True, timeout=20)

    async def run(self, *argv: str) -> ShellReturn:
        """One command by its arguments, quoted for the phone's shell."""
        return await self.shell(shlex.join(argv))


@pytest.fixture
async def attached(adb: AdbServer, phone: Phone) -> Attached:
    assert await adb.connect(phone.address) == f"connected to {phone.address}"
    await adb.until(phone.address, "device")
    return Attached(adb, phone)


def send(text: str) -> list[str]:
    """What sends a text on Android 14."""
    head = ["service", "call", "isms", "5", "i32", "1", "s16", "com.android.shell", "i32", "-1"]
    return [*head, "s16", CUSTOMER, "i32", "-1", "s16", text, "i32", "0", "i32", "0", "i32", "1", "i64", "0"]


# -- commands --------------------------------------------------------------------------------------
async def test_output_errors_and_exit_code_come_apart(attached: Attached, phone: Phone) -> None:
    said = await attached.shell("getprop ro.product.model; getprop a b c; service check isms >&2; exit 7")
    assert (said.returncode, said.stdout) == (7, "Phone\n")
    assert said.stderr == "getprop: getprop a b c\nService isms: found\n"
    assert phone.mistakes == ["getprop a b c"]


async def test_a_hostile_text_arrives_octet_by_octet(attached: Attached, phone: Phone, network: Network) -> None:
    said = await attached.run(*send(HOSTILE[:60]))
    assert (said.returncode, said.stdout.strip()) == (0, "Result: Parcel(00000000    '....')")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == [HOSTILE[:60]]
    assert phone.mistakes == []


async def test_a_whole_hostile_text_is_shown_as_the_tool_shows_it(attached: Attached, phone: Phone) -> None:
    phone.provider.insert(type=1, address=HOSTILE, body=HOSTILE, date=1)
    said = await attached.run("content", "query", "--uri", "content://sms", "--projection", "address:body")
    # adbutils reads in text mode; the phone's own octets are in `commands`
    assert said.stdout == f"Row: 0 address={HOSTILE}, body={HOSTILE}\n"
    assert phone.mistakes == []


async def test_every_argument_arrives_as_it_was_given(attached: Attached, phone: Phone) -> None:
    await attached.run("getprop", HOSTILE, "", "'", '"')
    assert phone.commands.calls[-1] == ["getprop", HOSTILE, "", "'", '"']


async def test_a_long_command_arrives(attached: Attached, phone: Phone) -> None:
    await attached.run("getprop", "x" * 60_000)
    assert phone.commands.calls[-1] == ["getprop", "x" * 60_000]


async def test_much_output_arrives(attached: Attached, phone: Phone) -> None:
    for place in range(3000):
        phone.provider.insert(type=1, address="x", body=f"{place} " * 100, date=place)
    said = await attached.run("content", "query", "--uri", "content://sms", "--projection", "body", "--sort", "date")
    assert said.stdout.count("\nRow: ") == 2999
    assert said.stdout.endswith("2999 " * 100 + "\n")


async def test_a_command_that_no_phone_has_is_a_mistake(attached: Attached, phone: Phone) -> None:
    said = await attached.shell("curl http://localhost")
    assert said.returncode == 127
    assert phone.mistakes == ["no command curl"]


async def test_commands_run_side_by_side(attached: Attached) -> None:
    said = await asyncio.gather(*(attached.run("getprop", f"none{place}", f"{place}") for place in range(8)))
    assert [one.stdout for one in said] == [f"{place}\n" for place in range(8)]


async def test_the_older_shell_service_works_too(attached: Attached) -> None:
    assert await asyncio.to_thread(attached.device.shell, ["getprop", "ro.serialno"]) == "VIRTUAL0001"


async def test_android_6_has_the_older_service_alone_and_a_terminal_in_it(adb: AdbServer, network: Network) -> None:
    phone = Phone(network, [LINE], sdk=23)
    await phone.start()
    try:
        await adb.connect(phone.address)
        await adb.until(phone.address, "device")
        device = AdbClient("127.0.0.1", adb.port).device(phone.address)
        assert "shell_v2" not in await asyncio.to_thread(device.get_features)
        connection = await asyncio.to_thread(device.open_transport)
        connection.send_command("shell,v2,raw:getprop ro.serialno")
        with pytest.raises(AdbError):
            await asyncio.to_thread(connection.check_okay)
        connection.close()
        said = await asyncio.to_thread(device.shell, "getprop ro.serialno", encoding=None)
        assert said == b"VIRTUAL0001\r\n"
    finally:
        await phone.close()


async def test_what_hangs_ends_with_its_connection(attached: Attached, phone: Phone) -> None:
    connection = await hung(attached, phone)
    (child,) = children()
    connection.close()
    async with asyncio.timeout(30):
        while Path(f"/proc/{child}").exists():
            await asyncio.sleep(0.005)
    assert (await attached.run("dumpsys", "battery")).returncode == 0


async def hung(attached: Attached, phone: Phone) -> AdbConnection:
    """A conversation whose command has started and will not end."""

    def begin() -> AdbConnection:
        connection = attached.device.open_transport()
        connection.send_command("shell,v2,raw:dumpsys battery")
        connection.check_okay()
        return connection

    phone.faults.hang_next.add("dumpsys")
    connection = await asyncio.to_thread(begin)
    async with asyncio.timeout(30):
        while not phone.commands.calls:
            await asyncio.sleep(0.005)
    return connection


def children() -> set[int]:
    """Our own child processes but the adb server and PostgreSQL: shells, or the one command that a shell became."""
    found = set()
    for listed in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        found |= {int(pid) for pid in listed.read_text().split()}
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in found}
    return {pid for pid, command in commands.items() if "nodaemon" not in command and "postgres" not in command}


# -- states ----------------------------------------------------------------------------------------
async def test_unauthorized_until_somebody_accepts_the_key(adb: AdbServer, phone: Phone) -> None:
    phone.faults.authorized = False
    await adb.connect(phone.address)
    await adb.until(phone.address, "unauthorized")
    phone.faults.authorized = True
    await adb.until(phone.address, "device")
    assert (await Attached(adb, phone).run("getprop", "ro.serialno")).stdout == "VIRTUAL0001\n"


async def test_the_key_may_be_taken_back(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    phone.faults.authorized = False
    await adb.until(phone.address, "unauthorized")
    assert attached.device.serial == phone.address


async def test_offline_while_the_phone_says_nothing(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    phone.faults.offline = True
    await adb.until(phone.address, "offline")
    assert attached.device.serial == phone.address


async def test_comes_back_after_it_was_unplugged(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    phone.unplug()
    async with asyncio.timeout(30):
        while (await adb.states()).get(phone.address) == "device":
            await asyncio.sleep(0.01)
    assert not phone.plugged
    phone.replug()
    await adb.disconnect(phone.address)

    async def back() -> bool:
        await adb.connect(phone.address)  # adb may still be busy with the connection that is lost
        return (await adb.states()).get(phone.address) == "device"

    await until(back)
    assert (await attached.run("getprop", "ro.serialno")).stdout == "VIRTUAL0001\n"


async def test_adb_reattaches_by_itself_after_a_restart(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    phone.faults.has_pin = True
    before = phone.attached
    phone.reboot()
    async with asyncio.timeout(30):
        while phone.attached == before:
            await asyncio.sleep(0.01)
    await adb.until(phone.address, "device")
    assert (await attached.shell("am get-started-user-state 0")).stdout == "RUNNING_LOCKED\n"


async def test_another_server_on_the_same_port_finds_it_again(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    await adb.kill()
    with pytest.raises(OSError, match="Connect call failed"):
        await adb.states()
    with pytest.raises(OSError, match="in use"), socket.socket() as other:  # nobody takes the port meanwhile
        other.bind(("127.0.0.1", adb.port))
    await adb.restart()
    assert await adb.states() == {}
    await adb.connect(phone.address)
    await adb.until(phone.address, "device")
    assert (await attached.run("getprop", "ro.serialno")).stdout == "VIRTUAL0001\n"


# -- the end ---------------------------------------------------------------------------------------
async def test_leaves_nothing_behind(adb: AdbServer, network: Network) -> None:
    async def life() -> None:
        phone = Phone(network, ["+15550141"])
        await phone.start()
        await adb.connect(phone.address)
        await adb.until(phone.address, "device")
        connection = await hung(Attached(adb, phone), phone)
        await phone.close()
        connection.close()
        await adb.disconnect(phone.address)

    await life()  # whatever the first one loads for good
    gc.collect()
    before = left()
    await life()
    gc.collect()
    assert left() == before


def left() -> tuple[int, int, int, set[int]]:
    """Open files, tasks, threads and children of ours."""
    files = len(os.listdir("/proc/self/fd"))
    return files, len(asyncio.all_tasks()), threading.active_count(), children()


async def test_a_phone_may_be_pulled_out_at_any_moment(adb: AdbServer, attached: Attached, phone: Phone) -> None:
    for step in range(8):
        connections = [asyncio.to_thread(attached.device.open_transport) for _ in range(3)]
        opened = await asyncio.gather(*connections)
        for connection in opened:
            connection.send_command("shell,v2,raw:getprop; getprop")
        await asyncio.sleep(step / 500)
        before = phone.attached
        phone.reboot()
        for connection in opened:
            connection.close()
        async with asyncio.timeout(30):
            while phone.attached == before:
                await asyncio.sleep(0.005)
        await adb.until(phone.address, "device")
    await phone.close()
    gc.collect()
    assert children() == set()
