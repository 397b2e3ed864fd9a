"""How commands are run."""

import gc
import subprocess
import sys

from bridge.cli import product


async def nothing() -> None:
    pass


def test_what_goes_on_for_long_collects_its_garbage_but_not_among_what_was_imported() -> None:
    gc.disable()
    try:
        assert product.until_stopped(nothing())
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()


def test_a_short_command_does_not_look_for_any() -> None:
    script = "import gc, sys; sys.argv[1:] = ['--version']; from bridge.__main__ import main\n"
    script += "try:\n    main()\nexcept SystemExit:\n    print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
