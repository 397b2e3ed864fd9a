"""adbutils without Pillow and requests, in an interpreter of its own: what a process has imported stays imported."""

import subprocess
import sys
from importlib import metadata

import pytest

LOADED = "print(sorted({'requests', 'urllib3', 'PIL.Image'} & sys.modules.keys()))"


def run(*statements: str) -> str:
    """What a program of these statements prints."""
    program = "\n".join(["import sys", *statements])
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_neither_pillow_nor_requests_is_imported_with_it() -> None:
    assert run("import device_drivers.android_adb.server", LOADED) == "[]\n"


def test_it_has_the_version_that_pip_says_without_looking_for_it() -> None:
    said = run("import device_drivers._adbutils, adbutils", "print('zipfile' in sys.modules, adbutils.__version__)")
    assert said == f"False {metadata.version('adbutils')}\n"


def test_whoever_asks_for_the_version_afterwards_has_the_real_module() -> None:
    assert run("import device_drivers._adbutils, adbutils._version", "print(adbutils._version.__file__)") != ""


@pytest.mark.parametrize("module", ["requests", "PIL.Image", "zipfile"])
def test_whoever_imports_them_afterwards_has_the_real_ones(module: str) -> None:
    assert run("import device_drivers._adbutils", f"import {module}", f"print({module}.__file__)").endswith(".py\n")


def test_what_was_imported_before_stays() -> None:
    came = "print(requests is adbutils.install.requests, Image is adbutils.screenshot.Image)"
    before = ("import requests", "from PIL import Image")
    assert run(*before, "import device_drivers._adbutils", "import adbutils.install", came) == "True True\n"


def test_adbutils_can_still_use_what_it_imported() -> None:
    used = (
        "import device_drivers._adbutils, adbutils.install, adbutils.screenshot",
        "made = adbutils.screenshot.Image.new('RGB', (2, 1))",
        "import requests, PIL.Image",
        "print(made.size, isinstance(made, PIL.Image.Image), adbutils.install.requests.get is requests.get)",
    )
    assert run(*used) == "(2, 1) True True\n"
