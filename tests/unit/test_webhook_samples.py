"""The samples of docs/webhooks.md: each takes a request as the bridge signs it, and no other."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from api.webhooks.signing import sign

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SAMPLES: dict[str, str] = dict(re.findall(r"```(python|php|js|ruby)\n(.*?)```", PAGE, re.DOTALL))
SECRET, BODY = "whsec_dGhlIHNlY3JldA==", '{"data":{"message":"Grüße, 你好"}}'.encode()


def headers(timestamp: int, body: bytes = BODY) -> dict[str, str]:
    """Those of a request that the bridge makes."""
    return {
        "X-SMSMobileAPI-Timestamp": str(timestamp),
        "X-SMSMobileAPI-Signature": sign(SECRET, timestamp, body),
    }


def cases() -> list[tuple[dict[str, str], bool]]:
    """Requests, and whether they are genuine: ours, one with another body, one that is old."""
    now = int(time.time())
    return [(headers(now), True), (headers(now, b"{}"), False), (headers(now - 3600), False)]


def judged(command: list[str], program: str, given: dict[str, str], folder: Path) -> bool:
    """What a sample says of a request; it reads secret, headers and body from a file."""
    source = folder / "sample"
    source.write_text(program)
    (folder / "body").write_bytes(BODY)
    (folder / "headers.json").write_text(json.dumps(given))
    done = subprocess.run([*command, str(source)], cwd=folder, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip() == "yes"


@pytest.mark.parametrize("number", range(3))
def test_python_tells_ours_from_others(number: int) -> None:
    names: dict[str, object] = {}
    exec(SAMPLES["python"], names)
    given, genuine = cases()[number]
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    assert is_genuine(SECRET, given, BODY) is genuine


@pytest.mark.needs("php")
@pytest.mark.parametrize("number", range(3))
def test_php_tells_ours_from_others(tmp_path: Path, number: int) -> None:
    given, genuine = cases()[number]
    call = f"""$given = json_decode(file_get_contents('headers.json'), true);
echo is_genuine('{SECRET}', $given, file_get_contents('body')) ? 'yes' : 'no';"""
    assert judged(["php"], f"<?php\n{SAMPLES['php']}\n{call}", given, tmp_path) is genuine


@pytest.mark.needs("node")
@pytest.mark.parametrize("number", range(3))
def test_node_tells_ours_from_others(tmp_path: Path, number: int) -> None:
    given, genuine = cases()[number]
    lower = {name.lower(): value for name, value in given.items()}
    call = f"""const fs = require("node:fs");
const given = JSON.parse(fs.readFileSync("headers.json"));
console.log(isGenuine("{SECRET}", given, fs.readFileSync("body")) ? "yes" : "no");"""
    assert judged(["node"], SAMPLES["js"] + call, lower, tmp_path) is genuine


@pytest.mark.needs("ruby")
@pytest.mark.parametrize("number", range(3))
def test_ruby_tells_ours_from_others(tmp_path: Path, number: int) -> None:
    given, genuine = cases()[number]
    call = f"""require "json"
puts genuine?("{SECRET}", JSON.parse(File.read("headers.json")), File.binread("body")) ? "yes" : "no"
"""
    assert judged(["ruby"], SAMPLES["ruby"] + call, given, tmp_path) is genuine
