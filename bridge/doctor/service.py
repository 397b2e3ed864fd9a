"""Examines the systemd service; says nothing where there is no systemd."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bridge.model.finding import Finding

UNIT = "sms-bridge.service"
#: seconds for systemd to answer
PATIENCE = 5.0
_ASKED = ("LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "NRestarts")


def look(unit: str) -> list[Finding]:
    """Whether the service is installed, enabled and running."""
    # systemctl is there in many containers where systemd is not
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").is_dir():
        return []
    return list(findings(unit, _state(unit)))


def _state(unit: str) -> Mapping[str, str]:
    command = ["systemctl", "show", unit, f"--property={','.join(_ASKED)}"]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603 - our own words
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {}


def findings(unit: str, state: Mapping[str, str]) -> Iterator[Finding]:
    """Findings from `systemctl show`; not being installed as a service is fine."""
    if state.get("LoadState") == "masked":
        yield Finding("fail", "service", f"{unit} is masked and cannot be started", f"sudo systemctl unmask {unit}")
        return
    if state.get("LoadState") != "loaded":
        return
    name, active, result = unit.removesuffix(".service"), state.get("ActiveState", ""), state.get("Result", "")
    if active == "failed":
        words = f"{unit} has failed ({result}) and stays down"
        yield Finding(
            "fail", "service", words, f"sudo journalctl -u {name} -n 50 shows why; then sudo systemctl restart {name}"
        )
    elif active in ("active", "reloading"):
        yield _running(unit, name, int(state.get("NRestarts", "0") or 0))
    elif active == "activating":
        words = f"{unit} is only just starting, or again and again ({state.get('SubState', '')})"
        yield Finding("warn", "service", words, f"sudo journalctl -u {name} -n 50")
    else:
        yield Finding("warn", "service", f"{unit} is installed and is not running", f"sudo systemctl start {name}")
    if state.get("UnitFileState") == "disabled":
        yield Finding("warn", "service", f"{unit} does not start at boot", f"sudo systemctl enable {name}")


def _running(unit: str, name: str, restarts: int) -> Finding:
    if restarts:
        words = f"{unit} runs, and has been restarted {restarts} times since it was started"
        return Finding("warn", "service", words, f"sudo journalctl -u {name} -p warning shows why")
    return Finding("ok", "service", f"{unit} runs")
