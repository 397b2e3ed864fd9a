"""What we tell and ship, before Prometheus' own judge: promtool."""

import subprocess
from pathlib import Path

import pytest

from bridge.model.message import State
from tests.support.running import on_modems

pytestmark = pytest.mark.needs("promtool")

PROMETHEUS = Path(__file__).parents[2] / "udev/prometheus"


def promtool(*arguments: str | Path, text: str = "") -> str:
    """What it says; it must be content."""
    done = subprocess.run(
        ["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_finds_nothing_to_say_against_a_scrape(tmp_path: Path) -> None:
    async with on_modems(tmp_path) as (bridge, _):
        await bridge.send("+15550150", "hello")
        await bridge.settled(State.DELIVERED)
        async with bridge.http.get(f"{bridge.url}/metrics") as answer:
            text = await answer.text()
    assert promtool("check", "metrics", text=text) == ""


def test_takes_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", PROMETHEUS / "alerts.yaml")


def test_takes_the_example_of_a_configuration(tmp_path: Path) -> None:
    example = (PROMETHEUS / "scrape.yaml").read_text()
    file = tmp_path / "prometheus.yml"
    file.write_text(example.replace("/etc/prometheus/sms-bridge-alerts.yaml", str(PROMETHEUS / "alerts.yaml")))
    assert "SUCCESS" in promtool("check", "config", file)


def test_the_alerts_go_off_when_they_should_and_else_keep_quiet() -> None:
    assert "SUCCESS" in promtool("test", "rules", Path(__file__).parent / "alerts_test.yaml")
