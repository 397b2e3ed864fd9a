"""Credentials: every dialect's kind, printed once, kept as digests only."""

import hashlib
import math
import re

import pytest

import api.dialects  # noqa: F401 - makes their kinds known
from bridge.accounts import credentials as accounts
from bridge.errors import BadRequest

SHAPES = {
    "account": r"shop",
    "apikey": r"[0-9a-f]{48}",
    "client_id": r"[0-9a-f]{32}",
    "client_secret": r"[0-9a-f]{64}",
    "api_key": r"sk_[0-9a-f]{32}",
    "api_secret": r"[0-9a-f]{64}",
    "v1_account": r"shop",
    "v1_password": r"[A-Za-z0-9_-]{24}",
    "app_id": r"[1-9][0-9]{8}",
    "app_secret": r"[0-9a-f]{64}",
    "webhook_secret": r"whsec_[A-Za-z0-9+/]{43}=",
}


def test_prints_a_credential_for_every_dialect() -> None:
    printed, _ = accounts.new_credentials("shop")
    assert printed.keys() == SHAPES.keys()
    assert list(printed)[-1] == "webhook_secret"
    assert [key for key, shape in SHAPES.items() if not re.fullmatch(shape, printed[key])] == []


def test_every_secret_has_at_least_128_random_bits() -> None:
    many = [accounts.new_credentials("shop")[0] for _ in range(100)]
    for key in (key for key in SHAPES if key.endswith(("secret", "password", "apikey"))):
        # at each place, as many different characters as are seen there
        bits = sum(math.log2(len(set(place))) for place in zip(*(printed[key] for printed in many), strict=True))
        assert bits >= 128, key


def test_an_accounts_own_credentials_do_not_expire() -> None:
    _, credentials = accounts.new_credentials("shop")
    assert {each.expires_at for each in credentials} == {0}


def test_keeps_no_secret() -> None:
    printed, credentials = accounts.new_credentials("shop")
    secrets = {printed[key] for key in printed if key.endswith(("secret", "password", "apikey"))}
    everything = repr(credentials)
    assert len(secrets) == 6
    assert [secret for secret in secrets if secret in everything] == []


def test_keeps_identifiers_with_the_digest_of_their_secret() -> None:
    printed, credentials = accounts.new_credentials("shop")
    found = {(each.kind, each.ident, each.digest) for each in credentials}
    assert found == {
        ("apikey", "", accounts.digest(printed["apikey"])),
        ("client", printed["client_id"], accounts.digest(printed["client_secret"])),
        ("template", printed["api_key"], accounts.digest(printed["api_secret"])),
        ("v1", "shop", accounts.digest(hashlib.md5(printed["v1_password"].encode()).hexdigest())),
        ("zhenzi", printed["app_id"], accounts.digest(printed["app_secret"])),
    }


def test_a_digest_is_the_sha256_of_the_secret() -> None:
    assert accounts.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_two_accounts_share_nothing_but_words() -> None:
    one, two = accounts.new_credentials("shop")[0], accounts.new_credentials("shop")[0]
    assert {key for key in one if one[key] == two[key]} == {"account", "v1_account"}


@pytest.mark.parametrize("kind", accounts.KINDS)
def test_renews_one_kind_alone(kind: str) -> None:
    assert tuple(accounts.new_of_kind("shop", kind)) == accounts.KINDS[kind].keys


def test_says_which_kinds_there_are() -> None:
    with pytest.raises(BadRequest, match=r'no kind of credential "oauth"; there are: apikey, client, .*template'):
        accounts.new_of_kind("shop", "oauth")


@pytest.mark.parametrize("name", ["", "-shop", "a b", "x" * 33, "shop\n", "商店"])
def test_refuses_a_name_that_no_dialect_could_carry(name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be a name here"):
        accounts.new_credentials(name)


def test_keeps_the_name_of_the_command_line_for_itself() -> None:
    with pytest.raises(BadRequest, match="the command line's own"):
        accounts.new_credentials("operator")
