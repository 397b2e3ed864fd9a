"""`sms-bridge init` writes the configuration; which configuration a command uses, and how it says so."""

import asyncio
import json
import stat
import tomllib
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge
from tests.support.phone_site import phone_site


def test_writes_a_file_that_check_takes_where_nothing_is_plugged_in(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("init", "--yes")
    assert (done.code, "Wrote config.toml" in done.out) == (0, True), done.err
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600
    looked = json.loads(sms_bridge("check", "--json").out)
    assert [each["level"] for each in looked["findings"] if each["subject"] == "configuration"] == ["ok"]
    for line in done.out.partition("Next:\n")[2].splitlines()[:2]:
        command, *arguments = line.partition("#")[0].split()
        assert command == "sms-bridge"
        assert sms_bridge(*arguments).code == 0, line


def test_leaves_a_file_that_is_there_alone(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine\n")
    done = sms_bridge("init", "--yes")
    assert (done.code, "config.toml exists already" in done.err) == (1, True)
    assert (tmp_path / "config.toml").read_text() == "# mine\n"


@pytest.mark.needs("adb", "mksh")
async def test_writes_the_phone_that_is_plugged_in(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        done = await asyncio.to_thread(sms_bridge_process, "init", "--yes", **site.adb.environment)
    assert done.code == 0, done.err
    assert "with one device" in done.out
    written = tomllib.loads((tmp_path / "config.toml").read_text())
    assert [each["driver"] for each in written["devices"].values()] == ["android_adb"]


@pytest.mark.parametrize("where", ["variable", "here"])
def test_a_configuration_that_was_found_is_named_in_one_line(sms_bridge: SmsBridge, tmp_path: Path, where: str) -> None:
    file = tmp_path / ("config.toml" if where == "here" else "other.toml")
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    variables = {"SMS_BRIDGE_CONFIG": str(file)} if where == "variable" else {}
    done = sms_bridge("account", "list", **variables)
    assert (done.code, done.err) == (0, f"sms-bridge: using the configuration {file}\n")


def test_what_is_named_wins_over_what_is_found_and_is_not_repeated(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[http]\nport = 'no number'\n")
    (tmp_path / "named.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    done = sms_bridge("account", "list", "--config", "named.toml")
    assert (done.code, done.err) == (0, "")


def test_the_variable_wins_over_the_file_that_is_here(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[http]\nport = 'no number'\n")
    (tmp_path / "other.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    assert sms_bridge("account", "list", SMS_BRIDGE_CONFIG="other.toml").code == 0
    assert sms_bridge("account", "list").code == 2


def test_a_variable_that_names_no_file_says_so(sms_bridge: SmsBridge) -> None:
    done = sms_bridge("account", "list", SMS_BRIDGE_CONFIG="none.toml")
    assert done.code == 2
    assert "none.toml: there is no such file" in done.err
