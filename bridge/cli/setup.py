"""`setup`: installs a system service for a program that pipx or pip installed."""

import os
from pathlib import Path

import click

from bridge.cli.output import Misuse, Sentence

#: dpkg keeps its list of the package's files here
DEBIAN = Path("/var/lib/dpkg/info/sms-bridge.list")


@click.command()
@click.option("--remove", is_flag=True, help="Take all that away again; configuration and messages stay.")
@click.option("--purge", is_flag=True, help="Take away configuration, messages and the account as well.")
def setup(remove: bool, purge: bool) -> None:
    """Make a system service of this program, as root: systemd units, udev rules, account, configuration,
    shell completion, manual page.

    For installations by pipx or pip; the Debian package does the same by itself. Run it again after an upgrade.
    Changes of yours to /etc/sms-bridge/config.toml stay.
    """
    from bridge.host.install import Installation, files, program

    if DEBIAN.exists():
        raise Misuse("the Debian package has put everything in place; to take it away: sudo apt purge sms-bridge")
    if os.geteuid() != 0:
        wish = " --purge" if purge else " --remove" if remove else ""
        raise Sentence(f"only root may do that: sudo {program()} setup{wish}")
    installation = Installation(files(), program())
    if remove or purge:
        steps = [installation.take_away(), *([installation.forget()] if purge else [])]
    else:
        installation.refuse_unreachable()
        steps = [installation.put_in_place()]
    for step in steps:
        for told in step:
            click.echo(told)
    if not (remove or purge):
        click.echo("Next: add what `sms-bridge devices` prints to /etc/sms-bridge/config.toml, then")
        click.echo("      sudo sms-bridge check && sudo systemctl restart sms-bridge")
        click.echo("To sign in on the page, a link for its first owner: sudo sms-bridge user link")
