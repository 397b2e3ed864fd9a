"""A hub is written into a configuration, and nothing else of it changes."""

import tomllib

import pytest

from bridge.config.hub_table import with_hub
from bridge.errors import BadRequest

HUB = {"url": "https://hub.example", "site": "shop2", "dial_key": "k"}
TABLE = '[hubs.hub]\nurl = "https://hub.example"\nsite = "shop2"\ndial_key = "k"\n'


def test_a_hub_is_added_at_the_end() -> None:
    assert with_hub("", "hub", HUB) == TABLE
    before = "# mine\n[http]\nport = 0 # any\n"
    assert with_hub(before, "hub", HUB) == f"{before}\n{TABLE}"


@pytest.mark.parametrize("header", ["[hubs.hub]", '[ hubs . "hub" ]', "[hubs.'hub']  # ours"])
def test_an_older_table_of_its_name_is_replaced(header: str) -> None:
    before = f'[http]\nport = 0\n\n{header}\nurl = "https://old.example"\n\n[log] # more\nlevel = "info"\n'
    made = with_hub(before, "hub", HUB)
    assert tomllib.loads(made) == {"http": {"port": 0}, "log": {"level": "info"}, "hubs": {"hub": HUB}}
    assert "[log] # more" in made


def test_the_hubs_of_other_accounts_stay() -> None:
    made = with_hub(TABLE, "head office", HUB)
    assert tomllib.loads(made)["hubs"] == {"hub": HUB, "head office": HUB}
    assert tomllib.loads(with_hub(made, "head office", HUB))["hubs"] == {"hub": HUB, "head office": HUB}


@pytest.mark.parametrize("before", ['hubs = { hub = { url = "https://old.example" } }\n', "hubs.hub.url = 'x'\n"])
def test_what_a_program_cannot_change_is_said(before: str) -> None:
    with pytest.raises(BadRequest, match=r"write \[hubs.hub\] yourself"):
        with_hub(before, "hub", HUB)
