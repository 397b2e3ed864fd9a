"""Each line of README and docs that can be typed does what it says: a shell types them, beside a running demo.

A block "```sh demo" is typed as it stands; only the demo's port is another one, and what a person pastes is filled in
(`KEY=…`, `ID=…`, `cancel ID`). It ends at the first line that fails, and what each line prints is looked at
(`tests/support/printed.py`). Blocks of other languages of the kind `demo` are programs, and are run. All pages share
one demo, because starting it takes longer than typing.
"""

import json
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.support.documents import Block, blocks
from tests.support.printed import amiss
from tests.support.typed import RUN, URL, shell, typed

#: a number on the account's list: what goes there fails
REFUSED = "+15550156"

pytestmark = [pytest.mark.needs("curl", "node", "php"), pytest.mark.timeout(600)]


@pytest.mark.long
def test_each_line_does_what_it_says(
    start: Start, sms_bridge_process: SmsBridge, environment: dict[str, str], tmp_path: Path
) -> None:
    ready = json.loads(start("demo", "--http", "127.0.0.1:0", "--json").says())
    assert sms_bridge_process("account", "suppress", "demo", REFUSED).code == 0
    meant = messages_by_fate(ready) | {URL: ready["http"]}
    assert sms_bridge_process("account", "allow", "demo", REFUSED).code == 0
    assert sms_bridge_process("sim", "receive", "Hello back").code == 0
    pages = defaultdict[str, list[Block]](list)
    for block in blocks():
        if block.kind == "demo":
            pages[block.page].append(block)
    assert len(pages) >= 5
    at_home = shell(environment, tmp_path) | {"KEY": ready["apikey"]}
    failed = [
        told for page, each in pages.items() if (told := typed(each, tmp_path / page.replace("/", "-"), at_home, meant))
    ]
    assert not failed, "\n\n".join(failed)


def test_what_follows_for_ones_own_modem_works_in_its_order(environment: dict[str, str], tmp_path: Path) -> None:
    (own,) = [block for block in blocks() if (block.page, block.kind) == ("README.md", "own")]
    # tests/machines/try-readme types these two, too
    first, path, *others = own.text.splitlines(keepends=True)
    assert (first.split()[:2], path.split()[0]) == (["make", "install"], "export")
    rest = replace(own, text="".join(others))
    anywhere = shell(environment, tmp_path) | {"SMS_BRIDGE__HTTP__PORT": "0"}
    assert not typed([rest], tmp_path / "own", anywhere)
    assert (tmp_path / "own" / "config.toml").exists()


def test_a_line_that_prints_something_else_is_noticed() -> None:
    said = "@@> sms-bridge unknown\nTwo are unknown.\n@@> sms-bridge dance\n@@> set +x\n"
    other, unheard_of = amiss("docs/x.md", said)
    assert "There is none" in other
    assert unheard_of == "docs/x.md: what does this print? sms-bridge dance"


def messages_by_fate(ready: Mapping[str, Any]) -> Mapping[str, str]:
    """Ids for `cancel ID` and the others: one that waits until tomorrow, and one that failed."""

    def call(path: str, **message: Any) -> Any:
        request = urllib.request.Request(
            ready["http"] + path,
            json.dumps(message).encode(),
            {"Authorization": f"Bearer {ready['apikey']}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    waiting = call("/v1/messages", to="+15550157", text="later", not_before=tomorrow.isoformat())["id"]
    failed = call("/v1/messages", to=REFUSED, text="never")["id"]
    return {"cancel ID": f"cancel {waiting}", "resend ID": f"resend {failed}", "show ID": f"show {waiting}"}


def test_programs_in_each_language_are_run() -> None:
    assert {block.language for block in blocks() if block.kind == "demo"} == {"sh", *RUN}
