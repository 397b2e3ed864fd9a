"""What the pages say for the machine itself, typed where nothing of this machine changes: udev's rules on a udevd with
devices of umockdev, the hook of certbot, and the lines for a Prometheus.
"""

import grp
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.documents import ROOT, Block, blocks
from tests.support.typed import shell
from tests.support.usb_trees import Device, Interface, inside

#: AT is on its third port
EC25 = Device("2c7c:0125", "EC25", tuple(Interface("ff0000", f"ttyUSB{number}") for number in range(4)), "8a7b6c5d")


def kinds(kind: str) -> list[Block]:
    """The blocks of a kind, in their order."""
    return [each for each in blocks() if each.kind == kind]


@pytest.mark.needs("udevadm", "umockdev-run", "unshare")
def test_udev_gives_a_modem_the_names_that_the_page_says(environment: dict[str, str], tmp_path: Path) -> None:
    install, name = kinds("udev-rules")
    paths = shell(environment, tmp_path)["PATH"]
    asked = "".join(f"udevadm test --action=add '/sys{EC25.tty(each.tty)}' 2>&1\n" for each in EC25.interfaces)
    # a udevd hears `control --reload`; what `trigger` writes goes to umockdev's /sys
    script = (
        f"exec 2>&1\nset -e\ncd '{ROOT}'\nexport PATH='{paths}'\n"
        "mkdir -p /run/rules /run/udev/data\nmount --bind /run/rules /etc/udev/rules.d\n"
        "/usr/lib/systemd/systemd-udevd & served=$!\n"
        "until [ -e /run/udev/control ]; do kill -0 $served; done\n"
        f"{install.text}{asked}{name.text}echo @@\n{asked}kill $served\n"
    )
    said, _, after = inside(tmp_path, [EC25], script, rules=()).partition("@@\n")
    assert "DEVLINKS=" in said
    assert "/dev/sms/usb-quectel-8a7b6c5d" in said, said
    assert "/dev/sms/office" in after, said


def test_the_hook_gives_a_renewed_certificate_to_the_bridge_alone(tmp_path: Path) -> None:
    (hook,) = kinds("hook")
    renewed, tls = tmp_path / "renewed", tmp_path / "tls"
    renewed.mkdir()
    for name in ("fullchain.pem", "privkey.pem"):
        (renewed / name).write_text(name)
    text = hook.text.replace("/etc/sms-bridge/tls", str(tls))
    ours = text.replace("-g sms-bridge", f"-g {grp.getgrgid(os.getegid()).gr_name}")
    assert (ours.count(str(tls)), ours.count("-g sms-bridge")) == (2, 0)
    program = tmp_path / "hook"
    program.write_text(ours)
    program.chmod(0o755)
    for _ in range(2):  # it is called at each renewal
        subprocess.run([program], env={**os.environ, "RENEWED_LINEAGE": str(renewed)}, check=True)
    assert tls.stat().st_mode & 0o777 == 0o750
    assert {each.name: (each.read_text(), each.stat().st_mode & 0o777) for each in tls.iterdir()} == {
        "fullchain.pem": ("fullchain.pem", 0o640),
        "privkey.pem": ("privkey.pem", 0o640),
    }


@pytest.mark.needs("promtool")
def test_prometheus_takes_the_files_as_the_page_says(tmp_path: Path) -> None:
    (block,) = kinds("prometheus")
    *lines, last = block.text.splitlines()
    # of that machine, which has a Prometheus
    assert last == "systemctl reload prometheus"
    files = tmp_path / "files"
    shutil.copytree(ROOT / "udev/prometheus", files)
    there = tmp_path / "prometheus"
    there.mkdir()
    (there / "prometheus.yml").write_text((files / "scrape.yaml").read_text().replace("/etc/prometheus", str(there)))
    typed = "\n".join(lines).replace("/etc/prometheus", str(there))
    done = subprocess.run(["sh", "-ec", typed], cwd=files, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 rules found" in done.stdout
