"""What is remembered is remembered of one phone."""

from bridge.ports.driver import VolatileMemory
from device_drivers.android_adb.facts import phone
from device_drivers.android_adb.identity import MOST, MemoryOf, last_seen


async def test_each_phone_has_a_memory_of_its_own() -> None:
    memory = VolatileMemory()
    one, other = MemoryOf(memory, "ONE"), MemoryOf(memory, "OTHER")
    await one.put("inbox", "1")
    assert (one.get("inbox"), other.get("inbox")) == ("1", None)


async def test_what_an_older_release_remembered_is_about_the_first_phone() -> None:
    memory = VolatileMemory()
    await memory.put("inbox", "old")
    one = MemoryOf(memory, "ONE")
    await one.settle()
    assert one.get("inbox") == "old"
    assert MemoryOf(memory, "OTHER").get("inbox") is None
    await one.put("inbox", "new")
    assert MemoryOf(memory, "ONE").get("inbox") == "new"


async def test_devices_that_lead_to_one_phone_remember_the_same() -> None:
    cable, network, shared = VolatileMemory(), VolatileMemory(), VolatileMemory()
    await MemoryOf(cable, "ONE").put("inbox", "before it was shared")
    await MemoryOf(network, "ONE").put("inbox", "long ago")
    await MemoryOf(cable, "ONE", shared).settle(["inbox", "calls"])
    by_network = MemoryOf(network, "ONE", shared)
    assert by_network.get("inbox") == "before it was shared"
    assert by_network.get("calls") is None
    await by_network.put("inbox", "now")
    assert MemoryOf(cable, "ONE", shared).get("inbox") == "now"


async def test_says_which_phone_was_here_before() -> None:
    memory = VolatileMemory()
    assert last_seen(memory) == ""
    for serial, before, first in (
        ("ONE", "", True),
        ("ONE", "", True),
        ("OTHER", "ONE", False),
        ("ONE", "OTHER", False),
    ):
        this = MemoryOf(memory, serial)
        assert (this.before, this.is_first) == (before, first)
        await this.settle()
        assert last_seen(memory) == serial


async def test_remembers_so_many_phones_and_no_more() -> None:
    memory = VolatileMemory()
    for number in range(MOST + 5):
        await MemoryOf(memory, f"phone {number}").settle()
    assert len(MemoryOf(memory, "last")._seen) == MOST


def test_a_phone_tells_its_own_serial_or_none() -> None:
    assert phone("[ro.serialno]: [R58M12ABC]\n", "").serial == "R58M12ABC"
    assert phone("[ro.serialno]: []\n[ro.boot.serialno]: [R58M12ABC]\n", "").serial == "R58M12ABC"
    assert phone("[ro.serialno]: [unknown]\n", "").serial == ""
    assert phone("[ro.serialno]: [0123456789ABCDEF]\n", "").serial == "", "what cheap phones have in common"
