"""`sms-bridge sim network --provider`: what it prints is a configuration that works."""

from pathlib import Path

from tests.acceptance.conftest import SmsBridge, Start


def test_emulated_providers_are_a_configuration_that_check_accepts(
    start: Start, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    network = start(
        "sim", "network", "--modems", "0", "--provider", "tencent", "--provider", "aliyun", "--data", "network",
        together=True,
    )  # fmt: skip
    lines = [network.says("[devices.tencent]")]
    while not lines[-1].startswith("foreign_templates = { SMS_"):
        lines.append(network.says())
    store = f'[store]\nurl = "sqlite:///{tmp_path}/bridge.db"\n'
    (tmp_path / "config.toml").write_text(store + "\n".join(lines) + "\n")
    checked = sms_bridge("check", "--config", "config.toml")
    assert checked.code == 0, checked
    for name in ("tencent", "aliyun"):
        assert f"devices.{name}: the provider answers and takes the key; 3 templates" in checked.out
    data = ("--data", "network")
    shown = sms_bridge("sim", "provider", "silent_next=3", "--name", "aliyun", *data).out
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("silent_next")] == ["3"]
    happened = sms_bridge("sim", "provider", "--do", "unplug", *data).out
    assert happened == "unplug happened to the provider tencent.\n"
    away = sms_bridge("check", "--config", "config.toml")
    assert "check the network, and endpoint in the configuration" in away.out
    assert network.stop().code == 0
