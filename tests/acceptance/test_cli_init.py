"""`sms-bridge init` writes the configuration; which configuration a command uses, and how it says so."""

import asyncio
import json
import socket
import stat
import tomllib
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.support.phone_site import phone_site


def test_writes_a_file_that_check_takes_where_nothing_is_plugged_in(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    done = sms_bridge("init", "--yes")
    assert (done.code, "Wrote config.toml" in done.out) == (0, True), done.err
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600
    free = {"SMS_BRIDGE__HTTP__PORT": "0"}  # whatever else runs on this machine
    looked = json.loads(sms_bridge("check", "--json", **free).out)
    assert [each["level"] for each in looked["findings"] if each["subject"] == "configuration"] == ["ok"]
    for line in done.out.partition("Next:\n")[2].splitlines()[:2]:
        command, *arguments = line.partition("#")[0].split()
        assert command == "sms-bridge"
        assert sms_bridge(*arguments, **free).code == 0, line


def test_leaves_a_file_that_is_there_alone(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine\n")
    done = sms_bridge("init", "--yes")
    assert (done.code, "config.toml exists already" in done.err) == (1, True)
    assert (tmp_path / "config.toml").read_text() == "# mine\n"


@pytest.mark.needs("adb", "mksh")
async def test_writes_the_phone_that_is_plugged_in(sms_bridge_process: SmsBridge, tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        asked = await asyncio.to_thread(sms_bridge_process, "init", **site.adb.environment)
        done = await asyncio.to_thread(sms_bridge_process, "init", "--yes", **site.adb.environment)
    assert (asked.code, asked.err.splitlines()[-1]) == (
        1, "sms-bridge: nobody is there to choose among the devices: to take all that are found, add --yes",
    )  # fmt: skip
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


def test_a_store_that_lies_beside_its_configuration_is_not_begun_anew_elsewhere(
    sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('[store]\nurl = "sqlite:///sms.db"\n')
    assert sms_bridge("account", "add", "shop").code == 0
    home = tmp_path / "elsewhere"
    home.mkdir()
    (tmp_path / "config.toml").rename(home / "config.toml")
    (tmp_path / "sms.db").rename(home / "sms.db")
    for command in (("account", "list"), ("serve",)):
        done = sms_bridge(*command, "--config", "elsewhere/config.toml")
        assert done.code == 2
        assert f'run the command there, or write the whole path: url = "sqlite:///{home}/sms.db"' in done.err
    assert not (tmp_path / "sms.db").exists()


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


def test_beside_a_running_demo_it_takes_another_port_and_none_of_its_devices(
    sms_bridge: SmsBridge, start: Start, tmp_path: Path
) -> None:
    demo = start("demo", "--http", "127.0.0.1:0", "--json")
    url = json.loads(demo.says())["http"]
    done = sms_bridge("init", "--yes")
    assert done.code == 0, done.err
    assert f"The demo at {url} goes on" in done.out
    written = tomllib.loads((tmp_path / "config.toml").read_text())
    assert str(tmp_path / "state") not in str(written)
    assert "127.0.0.1:" not in str(written.get("devices"))
    assert demo.process.poll() is None


def test_a_port_that_is_in_use_is_not_written(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    with ExitStack() as stack:
        with suppress(OSError):  # whatever else runs on this machine may have it
            stack.enter_context(socket.create_server(("127.0.0.1", 8080)))
        done = sms_bridge("init", "--yes")
    port = tomllib.loads((tmp_path / "config.toml").read_text())["http"]["port"]
    assert port > 8080
    assert f"Port 8080 is in use on this machine, so the file says {port}." in done.out
