"""aiohttp reads nothing of the disk when it is imported, and nobody imports it who does not use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.certificates import authority

#: how many authorities aiohttp has, what the environment says afterwards, how many types of files are known
IMPORTED = """
import os, sys, importlib
importlib.import_module(sys.argv[1])
import aiohttp.connector, mimetypes
print(
    len(aiohttp.connector._SSL_CONTEXT_VERIFIED.get_ca_certs()),
    os.environ.get("SSL_CERT_FILE"),
    mimetypes.guess_type("a.png")[0],
    mimetypes.guess_type("a.odt")[0],
)
"""
#: what a process may import first of all that uses aiohttp
FIRST = ("contract", "dialect.contract"), ("native", "dialects.native.local"), ("poster", "webhooks.poster")


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("module", [f"api.{name}" for _, name in FIRST], ids=[name for name, _ in FIRST])
@pytest.mark.parametrize("said", [True, False])
def test_it_has_read_neither_authorities_nor_types_of_files(tmp_path: Path, module: str, said: bool) -> None:
    ours = str(authority(tmp_path).certificate)
    environment = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    if said:
        environment["SSL_CERT_FILE"] = ours
    told = subprocess.check_output([sys.executable, "-c", IMPORTED, module], env=environment, text=True)
    assert told.split() == ["0", ours if said else "None", "image/png", "None"]


def test_whatever_uses_aiohttp_is_in_a_package_that_begins_with_it() -> None:
    """The dialects of vendors are loaded after `api.dialect`."""
    api = Path(__file__).parents[3] / "api"
    using = {
        path.parent
        for path in api.rglob("*.py")
        if "aiohttp" in path.read_text() and path.parent != api and path.name != "__init__.py"
    }
    late = {each.name for each in using if "http_library" not in (each / "__init__.py").read_text()}
    assert late == {each.name for each in (api / "dialects").iterdir() if each in using} - {"native"}


@pytest.mark.parametrize("command", [("account", "add"), ("webhook",), ("send",)])
def test_a_command_comes_without_it(command: tuple[str, ...]) -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bridge", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "bridge.cli" in names
    assert "aiohttp" not in names
