"""One option of a device is written, and all else stays as it was."""

import tomllib

import pytest

from bridge.config.device_table import with_option
from bridge.errors import BadRequest

WHOLE = """# mine
[http]
port = 8080   # the usual

[devices.shop2]   # in the mall
driver = "bridge_remote"
join = "old"
# twelve seconds are enough
timeout = 12
[devices.office]
driver = "gsm_modem"
"""


def changed(text: str, device: str = "shop2") -> str:
    return with_option(text, device, "bridge_remote", "join", "new")


def test_a_device_that_is_not_there_is_added_at_the_end() -> None:
    made = changed(WHOLE, "shop3")
    assert made == WHOLE + '\n[devices.shop3]\ndriver = "bridge_remote"\njoin = "new"\n'
    assert tomllib.loads(changed("")) == {"devices": {"shop2": {"driver": "bridge_remote", "join": "new"}}}


def test_the_option_of_one_that_is_there_is_replaced_and_comments_stay() -> None:
    made = changed(WHOLE)
    assert made == WHOLE.replace('driver = "bridge_remote"\njoin = "old"\n', 'join = "new"\ndriver = "bridge_remote"\n')
    assert changed(made) == made


@pytest.mark.parametrize("header", ['[devices."shop2"]', "[ devices . shop2 ]", "[devices.'shop2']"])
def test_however_its_table_is_headed(header: str) -> None:
    made = changed(f'{header}\ndriver = "bridge_remote"')
    assert tomllib.loads(made)["devices"]["shop2"] == {"driver": "bridge_remote", "join": "new"}


def test_a_device_of_another_driver_is_left_alone() -> None:
    with pytest.raises(BadRequest, match="gsm_modem"):
        changed(WHOLE, "office")


@pytest.mark.parametrize(
    "text",
    [
        'devices.shop2.driver = "bridge_remote"\n',
        '[devices]\nshop2 = { driver = "bridge_remote" }\n',
        '[devices.shop2]\ndriver = "bridge_remote"\nnotes = """\njoin = "in a text"\n"""\n',
    ],
)
def test_what_is_written_another_way_is_for_a_person(text: str) -> None:
    with pytest.raises(BadRequest, match="yourself"):
        changed(text)
