"""A disk that fails while it commits: what callers hear of it is true after a power cut, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import NoSuchThing
from bridge.store import open_store
from tests.support.store_rows import message

SOURCE = Path(__file__).parents[1] / "support" / "bad_disk.c"
ROOT = Path(__file__).parents[2]

#: submits one message on a good disk and one while it fails, says what it heard, and ends like a power cut
PROGRAM = """
import asyncio, logging, os, sys
from bridge.errors import StoreUnavailable
from bridge.model.account import Account
from bridge.store import open_store
from tests.support.store_rows import message

logging.disable()

async def main(folder, how):
    store = await open_store(f"sqlite:///{folder}/bridge.db")
    await store.add_account(Account("shop"), [])
    await store.submit([message(1)])
    with open(os.environ["BAD_DISK"], "w") as flag:
        flag.write(how)
    try:
        await store.submit([message(2, text="x" * 9000)])
    except StoreUnavailable as error:
        print(error.message, flush=True)
    os._exit(0)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bad_disk") / "bad_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, SOURCE, "-ldl"], check=True)
    return made


async def is_there(folder: Path, number: int) -> bool:
    """After the power cut, for whoever opens the store."""
    store = await open_store(f"sqlite:///{folder}/bridge.db")
    try:
        await store.message(message(number).id)
    except NoSuchThing:
        return False
    finally:
        await store.close()
    return True


def told(library: Path, folder: Path, how: str) -> str:
    env = os.environ | {"LD_PRELOAD": str(library), "BAD_DISK": str(folder / "bad"), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), how],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout


@pytest.mark.needs("cc")
async def test_nothing_was_accepted_is_true_after_a_power_cut(library: Path, tmp_path: Path) -> None:
    assert "nothing was accepted" in told(library, tmp_path, "once")
    assert (await is_there(tmp_path, 1), await is_there(tmp_path, 2)) == (True, False)


@pytest.mark.needs("cc")
async def test_where_nobody_can_know_that_is_said(library: Path, tmp_path: Path) -> None:
    assert "it may or may not have been accepted" in told(library, tmp_path, "always")
    assert await is_there(tmp_path, 1)
