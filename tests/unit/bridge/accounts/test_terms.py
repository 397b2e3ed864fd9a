"""What a change makes of an account, and what the audit trail says of it."""

from dataclasses import replace

import pytest

from bridge.accounts.terms import changed, difference
from bridge.errors import BadRequest
from bridge.model.account import Account, AccountChange, Payment, Terms, UnknownPolicy

SHOP = Account("shop", 1, credits=5, webhook_secret="s", terms=Terms(zone="Europe/Paris", daily_per_recipient=3))


def test_only_what_is_named_is_different() -> None:
    after = changed(SHOP, AccountChange(payment=Payment.PREPAID, disabled=True))
    assert after == replace(SHOP, disabled=True, terms=replace(SHOP.terms, payment=Payment.PREPAID))
    assert changed(SHOP, AccountChange()) == SHOP


def test_what_is_empty_is_named_all_the_same() -> None:
    limited = replace(SHOP, terms=Terms(addresses=("192.0.2.1",), country="GB", requests_per_minute=5))
    free = changed(limited, AccountChange(addresses=(), country="", requests_per_minute=0))
    assert free.terms == Terms()


def test_a_prepaid_account_has_what_it_was_topped_up_by_and_else_nothing() -> None:
    fresh = Account("shop", 1)
    after = changed(fresh, AccountChange(payment=Payment.PREPAID))
    assert (after.credits, difference(fresh, after)) == (0, "payment: postpaid → prepaid, credits: not counted → 0")
    assert changed(SHOP, AccountChange(payment=Payment.PREPAID)).credits == 5
    assert changed(fresh, AccountChange(zone="Europe/Paris")).credits is None
    assert changed(after, AccountChange(payment=Payment.POSTPAID)).credits == 0


def test_tidies_what_people_write() -> None:
    terms = changed(SHOP, AccountChange(country=" gb", addresses=(" 192.0.2.0/24 ",))).terms
    assert (terms.country, terms.addresses) == ("GB", ("192.0.2.0/24",))


def test_refuses_by_name_what_makes_no_sense() -> None:
    with pytest.raises(BadRequest) as caught:
        changed(SHOP, AccountChange(disabled=True, zone="Mars/Olympus"))
    assert caught.value.field == "zone"


def test_says_what_is_different() -> None:
    after = changed(SHOP, AccountChange(zone="UTC", addresses=("192.0.2.1", "::1"), on_unknown=UnknownPolicy.FAIL))
    assert (
        difference(SHOP, after) == "addresses: any → 192.0.2.1 ::1, zone: Europe/Paris → UTC, on_unknown: hold → fail"
    )
    assert difference(SHOP, replace(SHOP, disabled=True)) == ""
