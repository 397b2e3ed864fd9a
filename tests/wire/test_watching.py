"""A whole bridge as those see it who watch it; and the files for Prometheus and Grafana against what it tells."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families as parse

from bridge.cli import commands
from bridge.config.schema import Dialect, Metrics
from bridge.model.message import State
from tests.support.ports import free_port
from tests.support.running import Bridge, config, on_modems, running
from tests.support.waiting import until

UDEV = Path(__file__).parents[2] / "udev"
DASHBOARD: dict[str, Any] = json.loads((UDEV / "grafana/sms-bridge.json").read_text())
ALERTS: list[dict[str, Any]] = yaml.safe_load((UDEV / "prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
#: names in an expression that are ours or the process'
NAME = re.compile(r"\b(?:sms_bridge|process)_\w+")
Samples = Mapping[tuple[str, ...], float]


async def scrape(bridge: Bridge) -> str:
    async with bridge.http.get(f"{bridge.url}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def samples(bridge: Bridge) -> Samples:
    """Name and label values, in the order of the labels' names → value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in parse(await scrape(bridge))
        for sample in family.samples
    }


async def test_tells_what_became_of_messages(tmp_path: Path) -> None:
    async with on_modems(tmp_path, retries=0) as (bridge, _):
        await bridge.send("+15550150", "hello")
        await bridge.send("+15550151", "long " * 60)
        await bridge.settled(State.DELIVERED)
        found = await samples(bridge)
        assert found["sms_bridge_messages_sent_total", "shop", "line0"] == 2
        assert found["sms_bridge_messages_delivered_total", "shop", "line0"] == 2
        assert found["sms_bridge_parts_sent_total", "line0"] == 3
        assert found["sms_bridge_sends_total", "line0", "sent"] == 3
        assert found["sms_bridge_reports_total", "line0", "delivered"] == 3
        assert found["sms_bridge_message_wait_seconds_count", "line0"] == 2
        assert found["sms_bridge_send_seconds_count", "line0"] == 3
        assert found["sms_bridge_line_state", "line0", "line0", "ready"] == 1
        assert found["sms_bridge_device_connections_total", "line0"] == 1
        assert found["sms_bridge_device_losses_total", "line0"] == 0
        sent_at = found["sms_bridge_line_last_sent_timestamp_seconds", "line0"]
        assert 0 <= found["process_start_time_seconds",] <= sent_at + 1


async def test_tells_of_a_device_that_went_away_and_what_waits_for_it(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, world):

        async def lost() -> Samples | None:
            found = await samples(bridge)
            return found if found["sms_bridge_device_losses_total", "line0"] else None

        await until(lambda: _ready(bridge))
        world.modems[0].unplug()
        found = await until(lost)
        assert found["sms_bridge_line_state", "line0", "line0", "absent"] == 1
        assert ("sms_bridge_line_signal_dbm", "line0") not in found
        await bridge.send("+15550150", "hello")

        async def waiting() -> bool:
            found = await samples(bridge)
            return found["sms_bridge_messages", "queued"] == 1 and found["sms_bridge_queue_oldest_seconds",] > 0

        assert await until(waiting)


async def _ready(bridge: Bridge) -> bool:
    return (await samples(bridge))["sms_bridge_line_state", "line0", "line0", "ready"] == 1


async def test_counts_the_queue_right_after_a_restart(tmp_path: Path) -> None:
    settings = config(tmp_path, {})
    async with running(settings) as bridge:
        await bridge.send("+15550150", "hello")
    async with running(settings) as bridge:
        found = await samples(bridge)
        assert found["sms_bridge_messages", "queued"] == 1
        assert found["sms_bridge_queue_oldest_seconds",] > 0


async def test_is_on_the_bridges_own_port_alone(tmp_path: Path) -> None:
    port = free_port()
    settings = replace(config(tmp_path, {}), dialects={"smsmobile": Dialect(port=port)})
    async with running(settings) as bridge:
        await scrape(bridge)
        async with bridge.http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.status == 404


async def test_can_be_switched_off(tmp_path: Path) -> None:
    async with (
        running(replace(config(tmp_path, {}), metrics=Metrics(enabled=False))) as bridge,
        bridge.http.get(f"{bridge.url}/metrics") as answer,
    ):
        assert answer.status == 404


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every name that a running bridge tells, those of histograms' series too."""
    import asyncio

    async def ask() -> str:
        async with running(config(tmp_path_factory.mktemp("known"), {})) as bridge:
            return await scrape(bridge)

    names = set()
    for line in asyncio.run(ask()).splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    """Where, and what is asked of Prometheus."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]


class TestFiles:
    def test_every_metric_that_they_name_is_told_by_a_running_bridge(self, known: set[str]) -> None:
        asked = {(where, name) for where, expr in expressions() for name in NAME.findall(expr)}
        assert len(asked) > 50
        assert [each for each in sorted(asked) if each[1] not in known] == []

    def test_the_dashboard_shows_everything_that_is_told(self, known: set[str]) -> None:
        asked = {name for _, expr in expressions() for name in NAME.findall(expr)}
        families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known if name.startswith("sms_bridge")}
        shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
        assert families - shown == set()

    def test_the_dashboard_can_be_imported(self) -> None:
        assert DASHBOARD["schemaVersion"] >= 36
        assert "__inputs" not in DASHBOARD
        numbers = [panel["id"] for panel in DASHBOARD["panels"]]
        assert len(numbers) == len(set(numbers))
        taken: set[tuple[int, int]] = set()
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            cells = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
            assert not cells & taken, panel["title"]
            assert max(x for x, _ in cells) < 24
            taken |= cells

    @pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
    def test_a_panel_has_a_unit_and_asks_the_chosen_source_about_the_chosen_bridge(self, panel: dict[str, Any]) -> None:
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert target["expr"].count('job="$job"') == len(re.findall(r"\{[^}]*\}", target["expr"]))

    @pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
    def test_an_alert_says_what_it_is_and_what_to_run(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        said = rule["annotations"]["description"]
        assert said.endswith(".")
        assert re.search(r"sms-bridge |systemctl |journalctl |curl |GET /|dashboard", said), said
        for command in re.findall(r"(?<!-u )\bsms-bridge ((?:[a-z-]+ ?)+)", said):
            _check(command.split())

    def test_the_example_scrapes_by_the_name_that_the_alerts_know(self) -> None:
        example = yaml.safe_load((UDEV / "prometheus/scrape.yaml").read_text())
        (job,) = example["scrape_configs"]
        assert job["job_name"] == "sms-bridge"
        assert job.get("metrics_path", "/metrics") == "/metrics"


def _check(words: list[str]) -> None:
    """A command that an alert names is one of ours; words after it are the sentence's."""
    from click import Context, Group

    found = commands.get_command(Context(commands), words[0])
    assert found is not None, f"there is no command {words[0]}"
    if isinstance(found, Group):
        assert found.get_command(Context(found), words[1]), f"there is no command {words[:2]}"
