"""aiohttp reads nothing of the disk when it is imported, and nobody imports it who does not use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.certificates import authority

#: how many authorities aiohttp has, what the environment says afterwards, how many types of files are known
LOADED = """
import os
from api import http_library
http_library.load()
import aiohttp.connector, mimetypes
print(
    len(aiohttp.connector._SSL_CONTEXT_VERIFIED.get_ca_certs()),
    os.environ.get("SSL_CERT_FILE"),
    mimetypes.guess_type("a.png")[0],
    mimetypes.guess_type("a.odt")[0],
)
"""


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("said", [True, False])
def test_it_has_read_neither_authorities_nor_types_of_files(tmp_path: Path, said: bool) -> None:
    ours = str(authority(tmp_path).certificate)
    environment = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    if said:
        environment["SSL_CERT_FILE"] = ours
    told = subprocess.check_output([sys.executable, "-c", LOADED], env=environment, text=True)
    assert told.split() == ["0", ours if said else "None", "image/png", "None"]


@pytest.mark.parametrize("command", [("account", "add"), ("webhook",), ("send",)])
def test_a_command_comes_without_it(command: tuple[str, ...]) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bridge", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = imported(told.stderr)
    assert "bridge.cli" in names
    assert "aiohttp" not in names


@pytest.mark.parametrize("command", [("account", "list"), ("messages",), ("user", "list"), ("webhook", "list")])
def test_a_command_that_opens_the_store_itself_comes_without_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    """It was three of four tenths of a second of each command while no bridge ran."""
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/sms.db"\n')
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bridge", *command, "--config", tmp_path / "config.toml"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = imported(told.stderr)
    assert "bridge.daemon.offline" in names
    assert names & {"aiohttp", "attr", "email.message", "yarl"} == set()
    assert names & {"bridge.webhooks.endpoint_queue", "bridge.webhooks.trial"} == set()  # nothing is posted


def imported(told: str) -> set[str]:
    """Modules, of what `-X importtime` says."""
    return {line.rpartition("|")[2].strip() for line in told.splitlines()}
