"""/v1/notifications: what applications told the bridge's owner."""

from bridge.model.account import Account
from tests.support.native_site import Site


async def test_an_account_sees_what_it_told_and_an_operator_sees_everything(site: Site) -> None:
    for account in ("shop", "bakery"):
        await site.gateway.notify(Account(account), "office", "Fridge", "notification", f"{account}: 9 °C")
    [row] = (await site.shop.get("/v1/notifications")).body["notifications"]
    assert (row["account"], row["device"], row["title"], row["message"]) == ("shop", "office", "Fridge", "shop: 9 °C")
    assert (row["type"], row["mailed_at"]) == ("notification", None)
    assert row["sent_at"] is not None
    every = (await site.operator.get("/v1/notifications")).body["notifications"]
    assert [each["account"] for each in every] == ["bakery", "shop"]
    assert (await site.shop.get("/v1/notifications", device="phone")).body["notifications"] == []


async def test_pages_follow_each_other_and_a_wrong_cursor_is_refused(site: Site) -> None:
    for number in range(3):
        await site.gateway.notify(Account("shop"), "office", str(number), "notification", "text")
    first = (await site.shop.get("/v1/notifications", limit=2)).body
    rest = (await site.shop.get("/v1/notifications", cursor=first["cursor"])).body
    assert [row["title"] for row in first["notifications"] + rest["notifications"]] == ["2", "1", "0"]
    assert (await site.shop.get("/v1/notifications", cursor="x")).problem == (400, "bad-request", "cursor")
    later = site.gateway.now() // 1000 + 10**6
    assert (await site.shop.get("/v1/notifications", since=later)).body["notifications"] == []
