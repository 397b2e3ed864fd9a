"""Contacts: names for numbers, brought along and looked up."""

from pathlib import Path

from playwright.async_api import Browser

from device_drivers.virtual.world import World
from tests.support.browsing import Visitor
from tests.support.running import Bridge

CUSTOMER = "+15550150"
FILE = (
    'number,name,groups\n+1 555 0150,"O\'Brien, Mary",regulars\nnot a number,Nobody,\n+44 7700 900123,王小明,regulars\n'
)


async def test_somebody_who_writes_gets_a_name_and_is_found_by_it(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.handset(CUSTOMER).send(world.modems[0].number, "Are you open?")
    await bridge.received(1)
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.page.get_by_role("button", name="Give it a name").click()
    await anna.page.get_by_label("Name", exact=True).fill("Mary O’Brien")
    await anna.page.get_by_label("Groups").fill("regulars, cake")
    await anna.page.get_by_label("Consent to messages").select_option("given")
    await anna.page.get_by_role("button", name="Save").click()
    await anna.sees("Mary O’Brien", ".thread h2")
    await anna.sees("Mary O’Brien", ".people .who")
    await anna.page.get_by_label("Search name or number").fill("obrien no such")
    await anna.sees("Nobody found.")
    await anna.page.get_by_label("Search name or number").fill("Mary")
    await anna.sees("Mary O’Brien", ".people .who")
    await anna.visit("contacts")
    await anna.page.get_by_role("button", name="cake").click()
    await anna.sees("Mary O’Brien", ".rows")


async def test_a_file_of_contacts_is_brought_along_and_its_bad_rows_are_named(
    anna: Visitor, bridge: Bridge, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(FILE)
    await anna.sign_in("contacts")
    await anna.sees("No contacts yet")
    await anna.page.locator("input[type=file]").set_input_files(file)
    await anna.sees("2 contacts added.", "dialog")
    await anna.sees("1 row could not be read", "dialog")
    await anna.sees("not a number", "dialog")
    await anna.page.get_by_role("button", name="Done").click()
    await anna.sees("O'Brien, Mary", ".rows")
    await anna.sees("王小明", ".rows")
    async with anna.page.expect_download() as begun:
        await anna.page.get_by_role("link", name="Export").click()
    kept = Path(await (await begun.value).path()).read_text()
    assert "+447700900123" in kept
    assert "王小明" in kept
    # the group becomes a file in Bulk, with names that hold commas and quotation marks
    await anna.visit("contacts")
    await anna.page.get_by_role("button", name="regulars").click()
    await anna.page.get_by_role("button", name="Write to this group").click()
    await anna.page.get_by_label("Message", exact=True).fill("Dear {name}, we are back.")
    await anna.sees("Dear O'Brien, Mary, we are back.", ".rows")
    await anna.page.get_by_role("button", name="Send 2 messages").wait_for()


async def kept(anna: Visitor) -> dict[str, object]:
    """What the bridge has of the customer."""
    return dict((await anna.ask("GET", f"/v1/contacts/{CUSTOMER}"))[1])


async def test_who_adds_a_known_number_is_told_whose_it_is(anna: Visitor) -> None:
    await anna.sign_in()
    await anna.ask("PUT", f"/v1/contacts/{CUSTOMER}", {"name": "Anna Miller", "consent": "refused"})
    await anna.visit("contacts")
    await anna.page.get_by_role("button", name="Add a contact").click()
    await anna.page.get_by_label("Number", exact=True).fill("+1 555 0150")
    await anna.page.get_by_label("Name", exact=True).fill("Bob")
    await anna.page.get_by_role("button", name="Save").click()
    await anna.sees("Anna Miller has this number already.", "dialog .field.wrong")
    found = await kept(anna)
    assert (found["name"], found["consent"]) == ("Anna Miller", "refused")


async def test_what_somebody_else_changed_in_a_contact_meanwhile_stays(anna: Visitor) -> None:
    await anna.sign_in()
    before = {"name": "Anna", "groups": ["regulars"], "consent": "given"}
    await anna.ask("PUT", f"/v1/contacts/{CUSTOMER}", before)
    await anna.visit("contacts")
    await anna.page.get_by_role("button", name="Change Anna").click()
    await anna.page.get_by_label("Note", exact=True).fill("Likes cake")
    await anna.ask("PUT", f"/v1/contacts/{CUSTOMER}", {**before, "consent": "refused"})
    await anna.page.get_by_role("button", name="Save").click()
    await anna.sees("Consent refused", ".rows")
    found = await kept(anna)
    assert (found["note"], found["groups"], found["consent"]) == ("Likes cake", ["regulars"], "refused")


async def test_a_file_in_another_encoding_is_refused_and_no_name_is_garbled(anna: Visitor) -> None:
    await anna.sign_in("contacts")
    bring = anna.page.locator("input[type=file]")
    table = "name,phone\nJürgen Groß,+15550158\n"
    await bring.set_input_files({"name": "old.csv", "mimeType": "text/csv", "buffer": table.encode("cp1252")})
    await anna.sees("the file is not UTF-8", "dialog")
    await anna.page.get_by_role("button", name="Done").click()
    await bring.set_input_files({"name": "wide.csv", "mimeType": "text/csv", "buffer": table.encode("utf-16")})
    await anna.sees("1 contact added.", "dialog")
    await anna.page.get_by_role("button", name="Done").click()
    await anna.sees("Jürgen Groß", ".rows")


async def test_a_hostile_name_is_shown_as_what_it_is(anna: Visitor, browser: Browser) -> None:
    name = "<img src=x onerror=\"document.title='taken'\">"
    await anna.sign_in()
    assert (await anna.ask("PUT", f"/v1/contacts/{CUSTOMER}", {"name": name, "note": name, "groups": [name[:9]]}))[
        0
    ] < 300
    for place in ("contacts", f"conversations/{CUSTOMER}"):
        await anna.visit(place)
        await anna.sees(name)
        assert await anna.page.locator("main img").count() == 0
    assert "taken" not in await anna.page.title()


async def test_who_said_stop_cannot_be_written_to(anna: Visitor, bridge: Bridge, world: World) -> None:
    world.network.handset(CUSTOMER).send(world.modems[0].number, "Hello")
    await bridge.received(1)
    await anna.sign_in(f"conversations/{CUSTOMER}")
    await anna.page.get_by_label("Write an SMS").wait_for()
    world.network.handset(CUSTOMER).send(world.modems[0].number, "STOP")
    await anna.sees("This number said STOP.")
    assert await anna.page.get_by_label("Write an SMS").count() == 0
