"""`sms-bridge`, also as `python -m bridge`."""

import gc

from bridge.cli import commands


def main() -> None:
    """Run the command line; ends the process with 0 ok, 1 failed or 2 wrong usage or configuration."""
    # most of a command's time goes into imports, which leave no garbage to look for; what goes on for long looks again
    gc.disable()
    commands(prog_name="sms-bridge")


if __name__ == "__main__":
    main()
