"""Probes a phone once per connection: what it is and what it allows."""

import secrets
import shlex
from dataclasses import replace

from device_drivers.android_adb import batch, facts, isms, rows, subscriptions
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.shell import Shell

SMS = "content://sms"

#: the last one waits a moment for what is written to it, in case that never arrives
_PHONE = {"properties": "getprop", "user": "am get-started-user-state 0", "heard": 'read -rt 2 word; echo "$word"'}
_MESSAGING = {
    "service": "service check isms",
    "subscriptions": "dumpsys isub",
    "grants": f"dumpsys package {isms.PACKAGE}",
    "ops": f"appops get {isms.PACKAGE}",
    "store": shlex.join(rows.query(SMS, facts.PROBE)),
    "app": "settings get secure sms_default_application",
    "disabled": "pm list packages -d",
    "keys": "settings get global adb_allowed_connection_time",
}
#: from Android 17 on the shell does not see what it sent unless this is allowed for it, and for it alone
_RESTRICTED = f"cmd appops set {isms.PACKAGE} READ_RESTRICTED_MESSAGES allow"
_HIDES_SENT = 37


async def phone(shell: Shell) -> Phone:
    """Facts about the phone, available even while it starts. Raises Unheard."""
    word = secrets.token_hex(8)
    said = await batch.run(shell, _PHONE, f"{word}\n")
    found = facts.phone(said["properties"], said["user"], talks=said["heard"].strip() == word)
    if found.serial:
        return found
    # some makers give all their phones the same serial or none; this one is Android's own for a phone and its owner
    told = (await batch.run(shell, {"android_id": "settings get secure android_id"}))["android_id"].strip()
    return replace(found, serial="" if told == "null" else told)


async def serial(shell: Shell) -> str:
    """The phone's own serial; "" if it reports none. Raises Unheard."""
    return facts.phone((await shell.run(["getprop"])).out, "").serial


async def messaging(shell: Shell, phone: Phone, may_guess: bool) -> Messaging:
    """The SMS abilities of a started phone. `may_guess`: an unknown version may be treated as the newest known. Raises
    Unheard.
    """
    commands, sdk = dict(_MESSAGING), phone.sdk
    checks = sdk >= isms.OLDEST_SDK and isms.may_check(sdk, phone.maker, may_guess)
    if checks and (ask := isms.preferred(sdk, phone.maker)):
        commands["preferred"] = shlex.join(ask)
    if sdk >= _HIDES_SENT and may_guess:
        commands["restricted"] = _RESTRICTED
    said = await batch.run(shell, commands)
    if not facts.takes_expressions(said["store"]):  # for once, or always?
        said |= await batch.run(shell, {"store": _MESSAGING["store"]})
    app = said["app"].strip()
    return Messaging(
        service=": found" in said["service"],
        preferred=isms.reply(said["preferred"]) if "preferred" in said else None,
        sims=_sims(said),
        grants=facts.grants(said["grants"]),
        denied=facts.denied(said["ops"]),
        expressions=facts.takes_expressions(said["store"]),
        app="" if app == "null" else app,
        app_disabled=bool(app) and f"package:{app}" in said["disabled"].split(),
        forgets_keys=sdk >= 30 and said["keys"].strip() != "0",
    )


def _sims(said: dict[str, str]) -> tuple[subscriptions.Sim, ...]:
    """The SIMs listed by the phone, or the one named by its SMS service when the list is unreadable."""
    if subscriptions.is_dump(said["subscriptions"]) or "preferred" not in said:
        return subscriptions.parse(said["subscriptions"])
    sub = isms.reply(said["preferred"]).number
    return (subscriptions.Sim(sub, 1),) if sub is not None and sub >= 0 else ()
