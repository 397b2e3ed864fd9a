"""/v1/contacts: who numbers are, by hand and as files of spreadsheets and phones."""

from typing import Any

import pytest

from api.dialects.native import contacts
from bridge.model.user import Role
from tests.support.native_site import Answer, Caller, Site

ANNA = "+447700900123"
CSV = "number,name,groups\r\n+447700900123,Anna,regulars\r\nabc,Nobody,\r\n+15550124,=cmd(),\r\n"


async def upload(caller: Caller, text: str | bytes, form: str = "csv", kind: str = "") -> Answer:
    body = text if isinstance(text, bytes) else text.encode()
    with_kind = caller.with_headers(Content_Type=kind or f"text/{form}")
    return await with_kind.call("POST", "/v1/contacts/import", body, format=form)


async def names(caller: Caller, **query: Any) -> list[str]:
    return [row["name"] for row in (await caller.get("/v1/contacts", **query)).body["contacts"]]


async def test_a_contact_is_kept_changed_and_deleted(site: Site) -> None:
    page = await site.person(Role.OPERATOR)
    answer = await page.put("/v1/contacts/+44 7700 900123", {"name": "Anna", "groups": ["b", "a"], "consent": "given"})
    assert (answer.body["number"], answer.body["groups"], answer.body["consent"]) == (ANNA, ["a", "b"], "given")
    made = answer.body["consent_at"]
    assert made is not None
    again = (await page.put(f"/v1/contacts/{ANNA}", {"name": "Anna M", "consent": "given", "note": "left-handed"})).body
    assert (again["name"], again["groups"], again["consent_at"]) == ("Anna M", [], made)
    assert (await page.get(f"/v1/contacts/{ANNA}")).body == again
    assert (await page.delete(f"/v1/contacts/{ANNA}")).status == 204
    assert (await page.get(f"/v1/contacts/{ANNA}")).problem == (404, "no-such-thing", "")
    assert (await page.delete(f"/v1/contacts/{ANNA}")).problem == (404, "no-such-thing", "")
    assert (await page.put("/v1/contacts/nobody", {"name": "x"})).problem == (400, "bad-request", "number")


async def test_are_listed_by_name_page_by_page_and_found_by_name_number_and_group(site: Site) -> None:
    for number, (name, group) in enumerate((("zoe", "a"), ("Ann", "a"), ("bob", "b"), ("Émile", "b"))):
        await site.shop.put(f"/v1/contacts/+155501{number:02}", {"name": name, "groups": [group]})
    first = (await site.shop.get("/v1/contacts", limit=3)).body
    rest = (await site.shop.get("/v1/contacts", limit=3, cursor=first["cursor"])).body
    assert [row["name"] for row in first["contacts"] + rest["contacts"]] == ["Ann", "bob", "zoe", "Émile"]
    assert rest["cursor"] is None
    assert await names(site.shop, keyword="ÉMI") == ["Émile"]
    assert await names(site.shop, keyword="5501") == ["Ann", "bob", "zoe", "Émile"]
    assert await names(site.shop, group="b") == ["bob", "Émile"]
    groups = (await site.shop.get("/v1/contacts/groups")).body["groups"]
    assert groups == [{"name": "a", "contacts": 2}, {"name": "b", "contacts": 2}]
    assert await names(site.bakery) == [], "an account has its own"


async def test_who_wrote_stop_is_shown_as_such(site: Site) -> None:
    await site.shop.put(f"/v1/contacts/{ANNA}", {"name": "Anna"})
    await site.receive(ANNA, "STOP")
    assert (await site.shop.get(f"/v1/contacts/{ANNA}")).body["suppressed"]
    assert (await site.shop.get("/v1/contacts")).body["contacts"][0]["suppressed"]


async def test_a_file_adds_contacts_and_says_what_it_could_not_take(site: Site) -> None:
    answer = await upload(site.shop, CSV)
    assert (answer.body["added"], answer.body["changed"]) == (2, 0)
    [bad] = answer.body["bad"]
    assert (bad["line"], bad["number"]) == (3, "abc")
    assert (await upload(site.shop, CSV)).body["changed"] == 0
    await site.shop.put(f"/v1/contacts/{ANNA}", {"name": "Anna", "note": "kept", "groups": ["mine"]})
    assert (await upload(site.shop, CSV)).body["changed"] == 1
    found = (await site.shop.get(f"/v1/contacts/{ANNA}")).body
    assert (found["note"], found["groups"]) == ("kept", ["mine", "regulars"])


@pytest.mark.parametrize("form", ["csv", "vcard"])
async def test_what_is_exported_can_be_imported(site: Site, form: str) -> None:
    note = 'two lines,\nwith; a \\ and "quotes"'
    await site.shop.put(f"/v1/contacts/{ANNA}", {"name": "Anna, M", "note": note, "groups": ["a", "b"]})
    await site.shop.put("/v1/contacts/+15550124", {"name": "=HYPERLINK(1)"})
    answer = await site.shop.get("/v1/contacts/export", format=form)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert (await upload(site.bakery, answer.body, form)).body == {"added": 2, "changed": 0, "bad": []}
    mine, theirs = [(await each.get("/v1/contacts")).body["contacts"] for each in (site.shop, site.bakery)]
    for row in (*mine, *theirs):
        del row["created_at"], row["updated_at"]
    assert mine == theirs


async def test_a_spreadsheet_runs_nothing_of_it(site: Site) -> None:
    await site.shop.put("/v1/contacts/+15550124", {"name": "=HYPERLINK(1)", "note": "@SUM(1)"})
    text = (await site.shop.get("/v1/contacts/export")).body
    assert text == "number,name,note,groups,consent,consent note\r\n+15550124,'=HYPERLINK(1),'@SUM(1),,unknown,\r\n"


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("csv", "name\r\nAnna\r\n"),
        ("vcard", "number\r\n+15550124\r\n"),
        ("csv", b"number\r\n\xff\xfe\xff"),
        ("csv", ""),
    ],
    ids=str,
)
async def test_a_file_that_is_none_is_refused_with_a_sentence(site: Site, form: str, body: str | bytes) -> None:
    answer = await upload(site.shop, body, form)
    assert answer.problem == (400, "bad-request", "")
    assert len(answer.detail) > 20


async def test_a_file_that_is_too_large_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "LARGEST", len(CSV) - 1)
    answer = await upload(site.shop, CSV)
    assert answer.problem == (413, "too-large", "")


async def test_every_change_is_in_the_trail(site: Site) -> None:
    await site.shop.put(f"/v1/contacts/{ANNA}", {"name": "Anna"})
    await upload(site.shop, CSV)
    await site.shop.delete(f"/v1/contacts/{ANNA}")
    entries = (await site.operator.get("/v1/audit", account="shop")).body["entries"]
    assert [(row["what"], row["detail"]) for row in entries] == [
        ("remove_contact", ANNA),
        ("contacts", "1 added, 1 changed"),
        ("contact", ANNA),
    ]
