"""The command line: one module for each group of commands, imported when it is used."""

from collections.abc import Mapping

import click

from bridge.cli.output import Command, Commands

#: in the order of the help
COMMANDS: Mapping[str, Command] = {
    "account": Command("account:account", "Say who may call the bridge, and with which credentials."),
    "alarm": Command("watch:alarm", "Try out the alarms that tell you when SMS is down."),
    "backup": Command("backup:backup", "Back up a running bridge, and keep the newest few."),
    "bridges": Command("bridges:bridges", "List the bridges that share the database."),
    "cancel": Command("records:cancel", "Cancel a message that was not sent yet."),
    "check": Command("examine:check", "Check the configuration and every device."),
    "contacts": Command("contacts:contacts", "Keep the names of numbers: list, add, import, export."),
    "demo": Command("demo:demo", "Try everything without any hardware, until Ctrl-C."),
    "devices": Command("run:devices", "Show what is plugged in, ready for the configuration."),
    "doctor": Command("examine:doctor", "Find out what is wrong, and how to fix it."),
    "export": Command("export_import:export", "Pack everything, to move to another machine or as a backup."),
    "import": Command("export_import:import_", "Import an exported file."),
    "inbox": Command("records:inbox", "List received SMS."),
    "init": Command("init:init", "Write a configuration for what is plugged in."),
    "join": Command("hub:join", "Join a hub: let another bridge use the lines of this one."),
    "key": Command("key:key", "Create API keys for programs, with scopes and expiry."),
    "leave": Command("hub:leave", "Leave a hub: let it use the lines of this bridge no more."),
    "loopback": Command("watch:loopback", "Send an SMS from your own lines to one another."),
    "messages": Command("records:messages", "List messages and what became of them."),
    "reload": Command("reload:reload", "Apply a changed configuration to the running bridge."),
    "resend": Command("message:resend", "Queue a failed, expired or unknown message again."),
    "send": Command("message:send", "Send an SMS through the running bridge."),
    "serve": Command("run:serve", "Run the bridge until Ctrl-C or SIGTERM."),
    "settle": Command("unknown:settle", "Say what became of an unknown message."),
    "setup": Command("setup:setup", "Install this program as a system service."),
    "show": Command("records:show", "Show one message with each of its parts."),
    "sim": Command("sim:sim", "Play the other side of a demo: customers' phones, the network."),
    "site": Command("site:site", "Take other bridges in, whose lines are lines of this one."),
    "stats": Command("records:stats", "Count messages and received SMS by the day."),
    "table": Command("table:table_", "Export stored data as tables, and import lists."),
    "tail": Command("message:tail", "Show what happens, live, until Ctrl-C."),
    "template": Command("template:template", "Manage templates for the dialects that send by template."),
    "unknown": Command("unknown:unknown", "List messages that may or may not have been sent."),
    "user": Command("user:user", "Manage the people who may sign in on the page."),
    "webhook": Command("webhook:webhook", "Manage webhooks, by which your application receives events."),
}


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from bridge.version import version

    click.echo(f"sms-bridge {version()}")
    ctx.exit()


@click.group(
    cls=Commands,
    known=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def commands() -> None:
    """Turn a USB modem or a spare Android phone into an SMS gateway.

    New here? `sms-bridge demo` shows everything without any hardware.

    \b
    With hardware:
      sms-bridge init               write config.toml for what is plugged in
      sms-bridge check              is everything set up right?
      sms-bridge account add shop   credentials for your application
      sms-bridge serve              run it
      sms-bridge doctor             something is wrong: what?
    """
