"""docs/recipes.md: what other programs send, by the settings on that page, is taken and becomes one message.

Where the program itself is light it is run (Apprise, Debian's Alertmanager, Uptime Kuma's template engine); for the
others a few lines here make the request of the settings as the program's own source does.
"""

import asyncio
import json
import re
import shlex
import urllib.parse
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.support import foreign
from tests.support.documents import ROOT, blocks
from tests.support.http_site import CREDENTIALS, HttpSite, open_site
from tests.support.waiting import until

RECIPES = {block.kind: block for block in blocks() if block.page == "docs/recipes.md"}
TO, TEXT = "+15550150", 'Disk "full" on backup1: 99 %'
#: runs a Zabbix script as Zabbix does: a function of `value`, with an HttpRequest that waits for its answer
ZABBIX = """
const { execFileSync } = require('node:child_process');
const [, value, script] = process.argv;
class HttpRequest {
  constructor() { this.headers = []; this.status = 0; }
  addHeader(header) { this.headers.push('-H', header); }
  getStatus() { return this.status; }
  post(url, data) {
    const said = execFileSync('curl', ['-sS', '-w', '\\n%{http_code}', ...this.headers, '-d', data, url]).toString();
    this.status = Number(said.slice(said.lastIndexOf('\\n') + 1));
    return said.slice(0, said.lastIndexOf('\\n'));
  }
}
console.log(new Function('value', 'HttpRequest', script)(value, HttpRequest));
"""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path) as opened:
        yield opened


def recipe(kind: str, site: HttpSite) -> str:
    """The block, with what a person puts in: the key, and where the bridge is."""
    text = RECIPES[kind].text.replace("127.0.0.1:8080", f"127.0.0.1:{site.port}")
    return re.sub(r"\bKEY\b", CREDENTIALS["apikey"], text.replace("%20KEY", f"%20{CREDENTIALS['apikey']}"))


async def sent(site: HttpSite) -> tuple[str, str]:
    """The number and the text of the only message."""
    message = await site.the_message()
    return message.recipient, message.text


async def test_apprise_sends(site: HttpSite, pytestconfig: pytest.Config) -> None:
    cache: pytest.Cache = pytestconfig.cache  # type: ignore[assignment]
    packages = foreign.from_pypi(cache, "apprise==2.3.0")
    _, *arguments = shlex.split(recipe("apprise", site))
    said = await foreign.python(packages, "from apprise.cli import main; main()", *arguments)
    assert said.code == 0, said.err
    assert await sent(site) == (TO, "Disk full on backup1")


@pytest.mark.needs("prometheus-alertmanager")
async def test_the_alertmanager_of_debian_sends(site: HttpSite, tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(recipe("alertmanager-old", site))
    listening = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        foreign.program("prometheus-alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
        cwd=tmp_path,
        stderr=listening,
    )
    try:
        assert process.stderr is not None
        port = 0
        async for line in process.stderr:
            if found := re.search(rb'msg="Listening on" address=127\.0\.0\.1:(\d+)', line):
                port = int(found[1])
                break
        alerts = [{"labels": {"alertname": "DiskFull"}, "startsAt": datetime.now(UTC).isoformat()}]
        async with site.session.post(f"http://127.0.0.1:{port}/api/v2/alerts", json=alerts) as answer:
            assert answer.status == 200, await answer.text()

        async def there() -> bool:
            return len(await site.messages()) == 1

        await until(there)
    finally:
        process.kill()
        await process.communicate()
    assert await sent(site) == (TO, "Alertmanager has news")


async def test_an_alertmanager_with_a_payload_of_its_own_is_taken(site: HttpSite) -> None:
    (receiver,) = yaml.safe_load(recipe("alertmanager", site))["receivers"]
    (hook,) = receiver["webhook_configs"]
    assert re.findall(r"\{\{(.*?)\}\}", hook["payload"]["text"])
    payload = hook["payload"] | {"text": TEXT}
    headers = {"Authorization": f"Bearer {hook['http_config']['authorization']['credentials']}"}
    assert (await site.ask("POST", _path(hook["url"], site), json=payload, headers=headers)).status == 202
    assert await sent(site) == (TO, TEXT)


@pytest.mark.needs("node", "npm")
async def test_uptime_kuma_is_taken(site: HttpSite, pytestconfig: pytest.Config) -> None:
    cache: pytest.Cache = pytestconfig.cache  # type: ignore[assignment]
    liquid = foreign.from_npm(cache, "liquidjs@10.21.1")
    render = """const { Liquid } = require('liquidjs'); const [, body, msg] = process.argv;
        console.log(new Liquid().parseAndRenderSync(body, { msg }));"""
    said = await foreign.node(liquid, render, recipe("kuma-body", site), TEXT)
    assert said.code == 0, said.err
    headers = json.loads(recipe("kuma-headers", site))
    assert (await site.ask("POST", "/v1/messages", data=said.out.encode(), headers=headers)).status == 202
    assert await sent(site) == (TO, TEXT)


async def test_home_assistant_is_taken(site: HttpSite) -> None:
    (notify,) = yaml.safe_load(recipe("home-assistant", site))["notify"]
    assert notify["method"] == "POST_JSON"
    data = {notify["message_param_name"]: TEXT, notify["target_param_name"]: [TO][0]}
    answer = await site.ask("POST", _path(notify["resource"], site), json=data, headers=notify["headers"])
    assert answer.status == 202
    assert await sent(site) == (TO, TEXT)


async def test_keycloak_is_taken(site: HttpSite) -> None:
    section = (ROOT / "docs/recipes.md").read_text().partition("\n## Keycloak")[2].partition("\n## ")[0]
    settings = dict(re.findall(r"^\| ([A-Z].*?) \| `?(.*?)`? \|$", section, re.MULTILINE))
    assert (settings["URL encode data"], settings["Put API Secret Token in Authorization Header"]) == ("on", "off")
    form = {
        settings["API Secret Token Attribute"]: CREDENTIALS["apikey"],
        settings["Message Attribute"]: TEXT,
        settings["Receiver Phone Number Attribute"]: TO,
        settings["Sender Attribute"]: settings["Sender ID"],
    }
    answer = await site.ask("POST", _path(settings["API URL"].replace("8080", str(site.port)), site), data=form)
    assert answer.status == 200
    assert await sent(site) == (TO, TEXT)


async def test_grafana_is_taken(site: HttpSite) -> None:
    given = re.fullmatch(
        r'\{\{ coll\.Dict "to" "(.*?)" "text" \(tmpl\.Exec "default\.title" \.\) \| data\.ToJSON \}\}\n',
        recipe("grafana", site),
    )
    assert given is not None
    headers = {"Authorization": f"Bearer {CREDENTIALS['apikey']}", "Content-Type": "application/json"}
    body = json.dumps({"to": given[1], "text": TEXT})
    assert (await site.ask("POST", "/v1/messages", data=body, headers=headers)).status == 202
    assert await sent(site) == (TO, TEXT)


async def test_n8n_is_taken(site: HttpSite) -> None:
    (node,) = json.loads(recipe("n8n", site))["nodes"]
    parameters = node["parameters"]
    headers = {each["name"]: each["value"] for each in parameters["headerParameters"]["parameters"]}
    body = {
        each["name"]: TEXT if each["value"] == "={{ $json.text }}" else each["value"]
        for each in parameters["bodyParameters"]["parameters"]
    }
    answer = await site.ask(parameters["method"], _path(parameters["url"], site), json=body, headers=headers)
    assert answer.status == 202
    assert await sent(site) == (TO, TEXT)


@pytest.mark.needs("node")
async def test_node_red_is_taken(site: HttpSite) -> None:
    function, request = json.loads(recipe("node-red", site))
    code = "console.log(JSON.stringify(new Function('msg', process.argv[1])({payload: process.argv[2]})))"
    said = await foreign.node(ROOT, code, function["func"], TEXT)
    assert said.code == 0, said.err
    message = json.loads(said.out)
    path = _path(request["url"], site)
    answer = await site.ask(request["method"], path, json=message["payload"], headers=message["headers"])
    assert answer.status == 202
    assert await sent(site) == (TO, TEXT)


@pytest.mark.needs("node")
async def test_zabbix_is_taken(site: HttpSite) -> None:
    value = json.dumps({"To": TO, "Message": TEXT})
    said = await foreign.node(ROOT, ZABBIX, value, recipe("zabbix", site))
    assert (said.code, said.out) == (0, "OK\n"), said.err
    assert await sent(site) == (TO, TEXT)


@pytest.mark.needs("node")
async def test_zabbix_hears_why_nothing_was_sent(site: HttpSite) -> None:
    value = json.dumps({"To": "nobody", "Message": TEXT})
    said = await foreign.node(ROOT, ZABBIX, value, recipe("zabbix", site))
    assert said.code != 0
    assert "The bridge answered 400" in said.err


def test_each_recipe_has_a_test() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "docs/recipes.md").read_text(), re.MULTILINE)
    tests = Path(__file__).read_text()
    assert [each for each in headings if each.lower().replace(" ", "_").replace("-", "_") not in tests.lower()] == []


def _path(url: str, site: HttpSite) -> str:
    parts = urllib.parse.urlsplit(url)
    assert parts.netloc == f"127.0.0.1:{site.port}"
    return parts.path
