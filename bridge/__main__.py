"""`sms-bridge`, also as `python -m bridge`."""

import gc
import io
import os
import sys

from bridge.cli import commands


def have_streams() -> None:
    """Lead to /dev/null what the caller closed of standard input, output and error, as `sms-bridge … <&-` does."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free is this one
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that is not of UTF-8 shows ? for what it does not have


def main() -> None:
    """Run the command line; ends the process with 0 ok, 1 failed or 2 wrong usage or configuration."""
    # most of a command's time goes into imports, which leave no garbage to look for; what goes on for long looks again
    gc.disable()
    have_streams()
    commands(prog_name="sms-bridge")


if __name__ == "__main__":
    main()
