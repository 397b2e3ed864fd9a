"""What each line of README.md and docs/*.md prints when it is typed: not only that it ends well.

A line is looked up by its beginning, the longest that fits; the page before it where a line prints something else
there. A line that has no entry is one that nobody looked at, and fails.
"""

import re
from collections.abc import Iterator, Mapping

#: stands before each line that the shell echoes, and is in no output
MARK = "@@> "
_URL = "http://127.0.0.1:8080"
_KEPT = r"shown only once: keep (it|them) now"
_NAMED_KEY = rf"may (send|read)\b.*\n.*{_KEPT}.*\n +apikey +[0-9a-f]{{48}}"
_TABLE = r"^id +accepted +state +to +line +text$"
_STATE = r"^[0-9a-f]{40} (queued|sending|sent|delivered)$"
#: the beginning of a line → what its output must have (a regular expression); "" for a line that prints nothing
PRINTED: Mapping[str, str] = {
    f"curl {_URL}/v1/messages -H": r'"state": ?"queued"',
    f"curl {_URL}/v1/messages/": r'"state": ?"(queued|sending|sent|delivered)".*"tried": ?\[',
    f"curl '{_URL}/v1/messages?to=": r'"to": ?"\+15550150".*"cursor": ?null',
    f"curl {_URL}/v1/inbox": r'"text": ?"Hello back"',
    f"curl {_URL}/sendsms": r'"sent": "1"',
    f"curl '{_URL}/v1/batches?name=": r'"rows": ?2,"sendable": ?2',
    f"curl -X PATCH {_URL}/v1/batches/": r'"per_minute": ?30',
    f"curl '{_URL}/v1/batches/": r'"text": ?"Dear Anna, we open at nine\."',
    f"curl -X POST {_URL}/v1/batches/": r'"state": ?"running"',
    "python program": _STATE,
    "php program": _STATE,
    "node program": _STATE,
    "sms-bridge account add": rf"{_KEPT}\.\n\nAPI key\n +apikey +[0-9a-f]{{48}}\n(.*\n)*webhooks are signed with\n",
    "sms-bridge account set shop --prepaid": r"^payment +prepaid \(was postpaid\)\n(.*\n)*country +GB \(was none\)$",
    "sms-bridge account set shop --line": r"^lines +modem0 \(was any\)$",
    "sms-bridge account set shop --inbound-line": r"^inbound lines +modem0 \(was any\)$",
    "sms-bridge account set hub": r"^lines +office.*\ninbound lines +office",
    "sms-bridge account top-up": r"^The account shop has 500 credits\.$",
    "sms-bridge account audit": r"command line.* shop +top_up +\+500$",
    "sms-bridge account list": r"^crm +enabled ",
    "sms-bridge account suppress ": r"^Nothing is sent to \+15550159 for crm any more\.$",
    "sms-bridge key add": _NAMED_KEY,
    "sms-bridge key list": r"^shop +crm +apikey .* send,read .* never$",
    "sms-bridge key revoke": r"^The key crm of shop is revoked\.$",
    "sms-bridge user link": rf"good once, for 24 hours:\n +{_URL}/#/welcome/",
    "sms-bridge user add": rf"may sign in as (operator|reader)\.\n.*\n +{_URL}/#/welcome/",
    "sms-bridge user set": r"^bob is disabled\.$",
    "sms-bridge user list": r"^bob +reader +disabled ",
    "sms-bridge send +15550150": r"^queued: [0-9a-f]{40} to \+15550150 \(1 part\)$",
    "sms-bridge send +15550150 'Your parcel is here.' --wait": r"→ sent +\+15550150 .*on (modem0|phone0)$",
    "sms-bridge send +15550150 'Your parcel is here.' --line": r"→ delivered +\+15550150 .*on modem0$",
    "sms-bridge send --csv": r"^ +\+15550151 +Dear Anna, we open at nine\.$",
    "sms-bridge messages": _TABLE,
    "README.md sms-bridge messages": r'\+15550150 .*"Hello"$',
    "sms-bridge messages --to": r'\+15550150 .*"Your parcel is here\."$',
    "sms-bridge messages --state failed": r" failed +\+15550156 ",
    "sms-bridge unknown": r"^There is none: what became of every message is known\.$",
    "sms-bridge inbox": r'\+15550150 +modem0 +"Hello back"$',
    "sms-bridge stats": r"^day +accepted .* received\n(\d{4}-\d\d-\d\d( +\d+)+\n){30}",
    "sms-bridge show": r" scheduled\nto \+15550157 for demo\nlater\naccepted +\d{4}-",
    "sms-bridge tail": r"^Listening to the bridge at ",
    "sms-bridge cancel": r"^[0-9a-f]{40} is cancelled|cancelled",
    "sms-bridge resend": r"queued",
    "sms-bridge contacts add": r"^\+15550150 is Anna Miller\.$",
    "sms-bridge contacts list": r"^Anna Miller +\+15550150 +regulars",
    "sms-bridge contacts export": r"^The contacts are in contacts\.vcf,",
    "sms-bridge contacts remove": r"^The contact \+15550150 is removed\.$",
    "sms-bridge webhook add": r"^They are signed with the secret whsec_",
    "sms-bridge webhook list": r"^[0-9a-f]{16} +crm +v2 +\* +http://127\.0\.0\.1:9000/sms$",
    "sms-bridge table export": r"^november/messages\.csv: \d+ rows?\nnovember/received\.csv: \d+ rows?$",
    "sms-bridge table suppress": r"to the numbers in stop-list\.csv \(1\)\.$",
    "sms-bridge table templates": r"^shop has the templates of texts\.json \(1\)\.$",
    "sms-bridge doctor": r"^ok +bridge: answers at http.*; \d of \d lines ready$",
    "docs/phone.md sms-bridge send": r"→ sent +\+\d+ .*on shop-phone$",
    "docs/phone.md sms-bridge doctor": r"^ok +devices\.shop-phone: adb reaches .*, and it trusts this computer$",
    "sms-bridge init": r"^Wrote config\.toml with no device yet\.$",
    "sms-bridge check": r"^ok +configuration: has no mistakes$",
    "docs/modem.md sms-bridge check": r"^ok +devices\.office: the SIM is ready: \+15550100$",
    "sms-bridge serve": r"^.*ready at http://127\.0\.0\.1:",
    "sms-bridge alarm test": r"^ok +webhook at .*: it was taken\nok +mail to me@example\.com by .*: it was taken$",
    "docs/raspberry_pi.md sms-bridge send": r"→ sent +\+15550150 .*on office$",
    "docs/raspberry_pi.md sms-bridge check": r"^ok +devices\.office: the SIM is ready: \+15550100$",
    # the shell echoes both ends of a pipe, and either first: its test looks into the file
    "sms-bridge devices": "",
    "tee -a ": "",
    "sms-bridge alarm list": r"^No alarm was raised yet\.$",
    "sms-bridge loopback --config": r"^office → office: on its way\noffice → office: arrived after \d+\.\d s$",
    "sms-bridge loopback --history": r"^\d{4}-\d\d-\d\d .* office → office: arrived after \d+\.\d s$",
    "sms-bridge send +15550123 Hello --account shop --wait": r"→ sent +\+15550123 .*on office$",
    "sms-bridge send +15550150 Hello --line shop2:office": r"→ delivered +\+15550150 .*on shop2:office$",
    "sms-bridge site add": r"^ +sms-bridge join site1-\S+ --url https://ADDRESS-OF-SHOP2$",
    "sms-bridge join": r"^Joined http.* as shop2, .*\.\nTo end it: sms-bridge leave hub$",
    "sms-bridge leave": r"^Left http.*\. The account hub is closed\. Taken back, as they waited here: 0 messages\.$",
    "sms-bridge site remove": r"^shop2 is no site of this bridge any more\. ",
    "sms-bridge export": r"^Packed 1 account, .* and config\.toml into bridge\.export ",
    "sms-bridge import": r"^Brought in 1 account, ",
    "printf": "",
    "export ": "",
    "PATH=": "",
    "ID=": "",
    "KEY=": "",
}


def amiss(page: str, said: str) -> Iterator[str]:
    """The lines of a shell that echoes each of them behind `MARK`, and that printed something else than they should."""
    for line, output in each_line(said):
        known = max(
            (entry for entry in PRINTED if line.startswith(entry) or f"{page} {line}".startswith(entry)),
            key=lambda entry: (entry.startswith(page), len(entry)),
            default=None,
        )
        if known is None:
            yield f"{page}: what does this print? {line}"
        elif not re.search(PRINTED[known], output, re.MULTILINE):
            yield f"{page}: {line}\nprinted\n{output}\nand not {PRINTED[known]}"


def each_line(said: str) -> Iterator[tuple[str, str]]:
    """What was typed, and what it printed."""
    for piece in re.split(rf"^{re.escape(MARK)}", said, flags=re.MULTILINE)[1:]:
        line, _, output = piece.partition("\n")
        line = line.removeprefix("sudo ")
        if line != "set +x":
            yield line, output
