"""`site …` on a hub, `join` and `leave` on a site, both running."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.support.certificates import authority, issue

STICK = '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyNONE1"\n'
PRIVATE = '[devices.private]\ndriver = "gsm_modem"\nport = "/dev/ttyNONE2"\n'


def wait_for(look: Callable[[], bool]) -> None:
    """Wait until it is so, while the two bridges go on."""
    end = time.monotonic() + 120
    while not look():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)


@dataclass
class Two:
    """The two of them, and commands for each."""

    sms_bridge: SmsBridge
    hub: Path
    site: Path

    def url(self, config: Path) -> str:
        """Where a bridge answers."""
        return str(json.loads((config.parent / "control.json").read_text())["url"])

    def add(self) -> str:
        """The code."""
        done = self.sms_bridge("site", "add", "shop2", "--url", self.url(self.hub), "--config", str(self.hub))
        assert done.code == 0, done.err
        found = re.search(r"site1-\S+", done.out)
        assert found
        return found[0]

    def join(self, code: str, *more: str) -> Any:
        return self.sms_bridge("join", code, "--url", self.url(self.site), *more, "--config", str(self.site))

    def terms(self, account: str) -> str:
        """The site's, of an account."""
        return str(self.sms_bridge("account", "show", account, "--config", str(self.site)).out)

    def listed(self) -> list[dict[str, Any]]:
        """The hub's sites."""
        found = self.sms_bridge("site", "list", "--json", "--config", str(self.hub)).out
        return [json.loads(line) for line in found.splitlines()]

    def lines(self) -> dict[str, dict[str, Any]]:
        """The hub's."""
        found = json.loads(self.sms_bridge("devices", "--json", "--config", str(self.hub)).out)
        return {line["name"]: line for line in found["lines"]}


def serving(directory: Path, start: Start, devices: str, http: str = "") -> Path:
    directory.mkdir()
    config = directory / "config.toml"
    config.write_text(f'[http]\nport = 0\n{http}[store]\nurl = "sqlite:///{directory}/bridge.db"\n{devices}')
    start("serve", "--config", str(config))
    wait_for((directory / "control.json").exists)
    return config


@pytest.fixture
def two(tmp_path: Path, start: Start, sms_bridge: SmsBridge) -> Two:
    hub = serving(tmp_path / "hub", start, "# the hub\n")
    return Two(sms_bridge, hub, serving(tmp_path / "site", start, STICK + PRIVATE))


def test_a_site_joins_by_a_code_with_the_lines_that_it_shares(two: Two) -> None:
    code = two.add()
    wait_for(lambda: "has not joined yet" in two.lines()["shop2"]["reason"])
    done = two.join(code, "--line", "office")
    assert (done.code, done.out.splitlines()[0].endswith("with the lines office.")) == (0, True), done.err
    wait_for(lambda: list(two.lines()) == ["shop2:office"])
    assert two.hub.read_text().startswith("[http]")
    assert "# the hub" in two.hub.read_text()
    key = json.loads(two.sms_bridge("key", "list", "hub", "--json", "--config", str(two.site)).out)
    assert key["scopes"] == ["send", "read", "inbox"]

    again = two.join(code, "--line", "office")
    assert again.code == 1
    assert "a code is good once" in again.err
    assert "Nothing is shared" in again.err
    kept = json.loads(two.sms_bridge("key", "list", "hub", "--json", "--config", str(two.site)).out)
    assert kept["name"] == key["name"]

    two.sms_bridge("key", "revoke", "hub", key["name"], "--config", str(two.site))
    wait_for(lambda: "check the account and its key" in next(iter(two.lines().values()))["reason"])
    # joined anew, as after a site was set up again
    code = two.add()
    other = two.join(code)
    assert other.code == 2
    assert "there is an account hub already, which sends by office and receives on office." in other.err
    assert "--account NAME" in other.err
    assert "office" in two.terms("hub")
    assert two.join(code, "--account", "hub2").code == 0
    wait_for(lambda: sorted(two.lines()) == ["shop2:office", "shop2:private"])


def test_a_site_that_the_hub_cannot_reach_dials_it(two: Two) -> None:
    code = two.add()
    done = two.sms_bridge("join", code, "--dial", "--line", "office", "--config", str(two.site))
    assert done.code == 0, done.err
    assert "over a connection that this bridge keeps: [hubs.hub]." in done.out
    assert "[hubs.hub]" in two.site.read_text()
    wait_for(lambda: list(two.lines()) == ["shop2:office"])
    assert "has not" not in two.lines()["shop2:office"]["reason"]
    # a new code is for another: this one is not let in any more, and its lines are away at once
    two.add()
    wait_for(lambda: "has not joined yet" in next(iter(two.lines().values()))["reason"])
    again = two.sms_bridge("join", two.add(), "--dial", "--line", "office", "--config", str(two.site))
    assert again.code == 0, again.err
    assert two.site.read_text().count("[hubs.hub]") == 1
    wait_for(lambda: list(two.lines()) == ["shop2:office"] and two.lines()["shop2:office"]["lag_ms"] is not None)


@pytest.mark.needs("openssl")
def test_a_hub_whose_certificate_is_not_to_be_trusted_learns_nothing(
    tmp_path: Path, start: Start, sms_bridge: SmsBridge
) -> None:
    ours = authority(tmp_path)
    files = issue(tmp_path, name="localhost", authority=ours)
    tls = f'certificate = "{files.certificate}"\nkey = "{files.key}"\n'
    two = Two(sms_bridge, serving(tmp_path / "hub", start, "", tls), serving(tmp_path / "site", start, STICK))
    code = two.add()  # for 127.0.0.1, which is not its name
    for more, words in (
        ((), "nobody whom this machine trusts"),
        (("--ca", str(ours.certificate)), "not for 127.0.0.1"),
    ):
        refused = two.sms_bridge("join", code, "--dial", *more, "--config", str(two.site))
        assert (refused.code, words in refused.err, "Nothing is shared" in refused.err) == (1, True, True), refused.err
    url = two.url(two.hub).replace("127.0.0.1", "localhost")
    done = sms_bridge("site", "add", "shop2", "--url", url, "--config", str(two.hub))
    code = re.findall(r"site1-\S+", done.out)[0]
    done = two.sms_bridge("join", code, "--dial", "--ca", str(ours.certificate), "--config", str(two.site))
    assert done.code == 0, done.err
    assert f'ca = "{ours.certificate}"' in two.site.read_text()
    wait_for(lambda: list(two.lines()) == ["shop2:office"])


def test_hubs_that_no_program_can_change_are_refused_before_the_hub_is_told(two: Two) -> None:
    two.site.write_text(f"hubs.hub.site = 'shop2'\n{two.site.read_text()}")
    code = two.add()
    refused = two.sms_bridge("join", code, "--dial", "--line", "office", "--config", str(two.site))
    assert (refused.code, "write [hubs.hub] yourself" in refused.err) == (1, True), refused.err
    two.site.write_text(two.site.read_text().partition("\n")[2])
    assert two.sms_bridge("account", "show", "hub", "--config", str(two.site)).code != 0
    done = two.sms_bridge("join", code, "--dial", "--line", "office", "--config", str(two.site))
    assert done.code == 0, done.err


def test_one_bridge_is_one_site_of_a_hub_by_whatever_address(two: Two) -> None:
    code = two.add()
    assert two.join(code, "--line", "office").code == 0
    # the same hub by another address
    url = two.url(two.hub).replace("127.0.0.1", "localhost")
    done = two.sms_bridge("site", "add", "shop3", "--url", url, "--config", str(two.hub))
    other = re.findall(r"site1-\S+", done.out)[0]
    for more in (("--line", "office"), ("--account", "hub2"), ("--account", "hub2", "--line", "office:1")):
        refused = two.join(other, *more)
        words = ("this bridge is shop2 at that hub already", "sms-bridge leave hub", "sms-bridge site add shop2")
        assert (refused.code, [each in refused.err for each in words]) == (2, [True] * 3), refused.err
    assert two.join(other, "--account", "hub2", "--line", "private").code == 0
    # and it may come anew as the site that it is, also by the other address; the key of before is revoked
    done = two.sms_bridge("site", "add", "shop2", "--url", url, "--config", str(two.hub))
    again = two.join(re.findall(r"site1-\S+", done.out)[0], "--line", "office")
    assert again.code == 0, again.err
    keys = two.sms_bridge("key", "list", "hub", "--json", "--config", str(two.site)).out.splitlines()
    assert [json.loads(each)["name"].startswith("hub_at_localhost") for each in keys] == [True]


def test_another_hub_gets_an_account_of_its_own(two: Two, tmp_path: Path, start: Start) -> None:
    assert two.join(two.add(), "--line", "office").code == 0
    other = Two(two.sms_bridge, serving(tmp_path / "other", start, ""), two.site)
    code = other.add()
    refused = other.join(code, "--line", "office")
    assert (refused.code, f"that of the hub at {two.url(two.hub)}, which is another one" in refused.err) == (2, True)
    assert "--account NAME" in refused.err
    assert "sms-bridge leave hub" in refused.err
    assert other.join(code, "--line", "office", "--account", "other").code == 0


def test_a_second_bridge_does_not_take_the_name_of_a_site(two: Two, tmp_path: Path, start: Start) -> None:
    assert two.join(two.add(), "--line", "office").code == 0
    second = Two(two.sms_bridge, two.hub, serving(tmp_path / "second", start, STICK))
    refused = second.join(two.add())
    assert (refused.code, "another site has joined as shop2" in refused.err) == (1, True), refused.err
    assert "sms-bridge site remove shop2" in refused.err
    done = two.sms_bridge("site", "remove", "shop2", "--config", str(two.hub))
    assert done.code == 0, done.err
    assert second.join(two.add()).code == 0


@pytest.mark.parametrize("way", ["dial", "url"])
def test_a_site_leaves_and_the_hub_lets_go_of_it(two: Two, way: str) -> None:
    config = ("--config", str(two.site))
    how = ("--dial",) if way == "dial" else ("--url", two.url(two.site))
    assert two.sms_bridge("join", two.add(), *how, "--line", "office", *config).code == 0
    wait_for(lambda: list(two.lines()) == ["shop2:office"] and two.listed()[0]["version"] != "")
    [listed] = two.listed()
    assert listed["how"] == ("dials in" if way == "dial" else two.url(two.site))
    assert time.time() * 1000 - listed["joined_at"] < 300_000
    assert [(line["name"], line["state"]) for line in listed["lines"]] == [("shop2:office", "absent")]
    assert listed["lag_ms"] is not None
    shown = two.sms_bridge("site", "list", "--config", str(two.hub)).out.splitlines()
    assert shown[0].split() == ["site", "how", "joined", "lines", "behind", "last", "seen", "version"]

    # as the hub's, which the modem that is not there cannot send
    assert two.sms_bridge("send", "+15550150", "Hello", "--account", "hub", *config).code == 0
    left = two.sms_bridge("leave", *config)
    assert (left.code, "is closed. Taken back, as they waited here: 1 messages." in left.out) == (0, True), left.err
    row = json.loads(two.sms_bridge("messages", "--account", "hub", "--json", *config).out)
    assert row["state"] == "cancelled"
    assert "sms-bridge site remove shop2" in left.out
    assert "[hubs" not in two.site.read_text()
    assert two.sms_bridge("key", "list", "hub", "--json", *config).out == ""
    wait_for(lambda: {"401", "dialled"} & set(re.split(r"\W", two.lines()["shop2:office"]["reason"])) != set())
    done = two.sms_bridge("site", "remove", "shop2", "--config", str(two.hub))
    assert (done.code, "shop2 is no site of this bridge any more" in done.out) == (0, True), done.err
    assert (two.lines(), two.listed(), "[devices" in two.hub.read_text()) == ({}, [], False)
    # and back again, with other lines
    back = two.sms_bridge("join", two.add(), *how, "--line", "private", *config)
    assert back.code == 0, back.err
    wait_for(lambda: list(two.lines()) == ["shop2:private"])


def test_leaving_or_removing_what_is_not_there_says_what_is(two: Two) -> None:
    left = two.sms_bridge("leave", "office", "--config", str(two.site))
    assert (left.code, "no hub has the account office here; the accounts of hubs: none" in left.err) == (2, True)
    done = two.sms_bridge("site", "remove", "shop3", "--config", str(two.hub))
    assert (done.code, "there is no site shop3 here; there are none" in done.err) == (2, True), done.err
    assert "There is no site here" in two.sms_bridge("site", "list", "--config", str(two.hub)).out
    two.add()
    assert [(each["name"], each["how"]) for each in two.listed()] == [("shop2", "has not joined yet")]


def test_dialling_with_an_address_or_without_a_configuration_is_refused(two: Two, tmp_path: Path) -> None:
    code = two.add()
    both = two.join(code, "--dial")
    assert (both.code, "say one of them" in both.err) == (2, True), both.err
    nowhere = two.sms_bridge("join", code, "--dial", "--data", str(tmp_path / "site"))
    assert (nowhere.code, "there is no configuration to write the hub into" in nowhere.err) == (2, True), nowhere.err


def test_what_is_missing_is_said(two: Two, sms_bridge: SmsBridge) -> None:
    assert "--url https://hub.example" in sms_bridge("site", "add", "shop2", "--config", str(two.hub)).err
    before = two.hub.read_text()
    wrong = sms_bridge("site", "add", "shop 2", "--url", "http://127.0.0.1:9", "--config", str(two.hub))
    assert wrong.code != 0
    assert two.hub.read_text() == before
    assert "copy it again" in two.join("site1-abc").err
    assert "--url https://shop.example" in sms_bridge("join", two.add(), "--config", str(two.site)).err
    taken = sms_bridge("site", "add", "office", "--url", "http://127.0.0.1:9", "--config", str(two.site))
    assert "another driver" in taken.err


def test_no_bridge_is_a_site_of_its_own_and_no_unknown_line_makes_an_account(two: Two) -> None:
    code = two.add()
    own = two.sms_bridge("join", code, "--url", two.url(two.hub), "--config", str(two.hub))
    assert (own.code, "no site of its own" in own.err) == (2, True), own.err
    wrong = two.join(code, "--line", "offize:2")
    assert (wrong.code, "there is no offize:2 here to share; there are the devices office, private" in wrong.err) == (
        2,
        True,
    ), wrong.err
    for config in (two.hub, two.site):
        assert two.sms_bridge("account", "show", "hub", "--config", str(config)).code != 0
    assert two.join(code, "--line", "office").code == 0


def test_a_site_that_is_written_by_hand_is_not_expected_by_a_code(tmp_path: Path, sms_bridge: SmsBridge) -> None:
    config = tmp_path / "config.toml"
    by_hand = '[devices.shop2]\ndriver = "bridge_remote"\nurl = "http://127.0.0.1:9"\nkey = "k"\n'
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n{by_hand}')
    before = config.read_text()
    done = sms_bridge("site", "add", "shop2", "--url", "http://127.0.0.1:9", "--config", str(config))
    assert (done.code, "says url and key itself" in done.err) == (2, True), done.err
    assert config.read_text() == before
