"""`sms-bridge`, also as `python -m bridge`."""

from bridge.cli import commands


def main() -> None:
    """Run the command line; ends the process with 0 ok, 1 failed or 2 wrong usage or configuration."""
    commands(prog_name="sms-bridge")


if __name__ == "__main__":
    main()
