"""The command line: a module for each group of commands; what is heavy is imported inside them."""

import click

from bridge.cli import account, demo, examine, key, message, moving, run, setup, sim, table, template, watch, webhook
from bridge.cli.output import Commands


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from bridge.version import version

    click.echo(f"sms-bridge {version()}")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def commands() -> None:
    """Turn a USB modem or a spare Android phone into an SMS gateway.

    New here? `sms-bridge demo` shows everything without any hardware.

    \b
    With hardware:
      sms-bridge devices            what is plugged in, ready for the configuration
      sms-bridge check              is everything set up right?
      sms-bridge account add shop   credentials for your application
      sms-bridge serve              run it
      sms-bridge doctor             something is wrong: what?
    """


for command in (
    demo.demo,
    run.serve,
    examine.check,
    examine.doctor,
    run.devices,
    account.account,
    key.key,
    template.template,
    table.table_,
    webhook.webhook,
    message.send,
    message.tail,
    message.resend,
    watch.loopback,
    watch.alarm,
    moving.export,
    moving.import_,
    sim.sim,
    setup.setup,
):
    commands.add_command(command)
