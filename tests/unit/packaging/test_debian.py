"""The Debian package as `dpkg-deb` shows it; the libraries are stood in for, so that no network is needed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("dpkg-deb")

ROOT = Path(__file__).parents[3]
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
#: what a package for this Python is called
RELEASE = {"3.11": "deb12", "3.13": "deb13"}.get(MINOR, f"py{MINOR}")
SCRIPTS = ("build", "postinst", "prerm", "postrm")
#: does what `uv pip install --target DIR …` leaves behind
UV = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/bin" "$2/bridge" "$2/share/sms-bridge" "$2/sms_bridge-1.2.0rc1.dist-info"
touch "$2/bin/normalizer" "$2/bridge/__init__.py" "$2/share/sms-bridge/config.toml"
echo '{"url": "file:///somewhere"}' >"$2/sms_bridge-1.2.0rc1.dist-info/direct_url.json"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the package is made of."""
    for name in ("udev", "docs", "README.md", "SECURITY.md", "CHANGELOG.md", "requirements.lock"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "uv").write_text(UV)
    (tmp_path / "uv").chmod(0o755)
    return tmp_path


def build(tree: Path, arch: str = "arm64", python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tree / "udev/debian/build", "dist/sms_bridge-1.2.0rc1-py3-none-any.whl", python, arch],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "UV": str(tree / "uv"), "SOURCE_DATE_EPOCH": "1700000000"},
        capture_output=True,
        text=True,
        check=False,
    )


def told(option: str, package: Path, *more: str) -> str:
    return subprocess.run(["dpkg-deb", option, package, *more], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tree: Path) -> Path:
    done = build(tree)
    assert done.returncode == 0, done.stderr
    return tree / f"dist/sms-bridge_1.2.0~rc1+{RELEASE}_arm64.deb"


def test_has_every_file_where_the_system_looks_for_it(package: Path) -> None:
    lines = [line.split() for line in told("--contents", package).splitlines()]
    modes = {line[5].removeprefix("."): f"{line[0]} {line[1]}" for line in lines}
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    rules, units = "/usr/lib/udev/rules.d", "/usr/lib/systemd/system"
    for file in (
        f"{units}/sms-bridge.service",
        f"{units}/sms-bridge.socket",
        f"{units}/sms-bridge-adb.service",
        f"{units}/sms-bridge-backup.service",
        f"{units}/sms-bridge-backup.timer",
        f"{rules}/60-sms-bridge.rules",
        "/usr/lib/sysusers.d/sms-bridge.conf",
        "/usr/lib/tmpfiles.d/sms-bridge.conf",
        f"/opt/sms-bridge/lib/{minor}/site-packages/bridge/__init__.py",
        "/usr/share/bash-completion/completions/sms-bridge",
        "/usr/share/zsh/vendor-completions/_sms-bridge",
        "/usr/share/man/man1/sms-bridge.1.gz",
        "/usr/share/fish/vendor_completions.d/sms-bridge.fish",
        "/usr/share/doc/sms-bridge/changelog.gz",
        "/usr/share/doc/sms-bridge/copyright",
    ):
        assert modes[file] == "-rw-r--r-- root/root", file
    assert modes["/etc/sms-bridge/config.toml"] == "-rw-r----- root/root"
    assert modes["/opt/sms-bridge/bin/sms-bridge"] == "-rwxr-xr-x root/root"
    # what dpkg finds as "./" it makes of the system's root directory
    assert modes["/"] == "drwxr-xr-x root/root"


def test_has_nothing_of_the_machine_that_made_it(package: Path) -> None:
    contents = told("--contents", package)
    assert [
        word for word in ("direct_url", "normalizer", "site-packages/share", "__pycache__") if word in contents
    ] == []


def test_says_what_it_is_and_what_it_needs(package: Path) -> None:
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert told("--field", package, "Version", "Architecture").splitlines() == [
        f"Version: 1.2.0~rc1+{RELEASE}",
        "Architecture: arm64",
    ]
    assert minor in told("--field", package, "Depends").split(", ")
    assert told("--field", package, "Recommends").strip() == "adb, usb-modeswitch"
    assert "@" not in told("--field", package).replace("sms-bridge@localhost", "")


@pytest.mark.parametrize(("version", "release"), [("3.11.2", "deb12"), ("3.12.3", "py3.12"), ("3.13.5", "deb13")])
def test_packages_for_two_releases_have_two_names(tree: Path, version: str, release: str) -> None:
    python = tree / "python"
    python.write_text(f"#!/bin/sh\necho {version}\n")
    python.chmod(0o755)
    for arch in ("amd64", "arm64"):
        done = build(tree, arch, str(python))
        assert done.returncode == 0, done.stderr
        made = tree / f"dist/sms-bridge_1.2.0~rc1+{release}_{arch}.deb"
        assert told("--field", made, "Version") == f"1.2.0~rc1+{release}\n"


def test_the_administrators_configuration_is_left_alone_by_upgrades(package: Path) -> None:
    assert told("--info", package, "conffiles") == "/etc/sms-bridge/config.toml\n"


def test_the_same_source_makes_the_same_package(tree: Path, package: Path) -> None:
    first = package.read_bytes()
    assert build(tree).returncode == 0
    assert package.read_bytes() == first


@pytest.mark.parametrize("name", ["60-sms-bridge.rules", "sms-bridge.service", "sms-bridge.sysusers", "config.toml"])
def test_is_not_made_without_one_of_its_files(tree: Path, name: str) -> None:
    (tree / "udev" / name).unlink()
    done = build(tree)
    assert done.returncode != 0
    assert name in done.stderr
    assert not (tree / "dist").exists()


def test_is_not_made_for_a_machine_without_wheels(tree: Path) -> None:
    done = build(tree, "armhf")
    assert (done.returncode, done.stderr) == (2, "make deb: ARCH is amd64 or arm64, not armhf\n")


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_of_the_plain_shell(script: str) -> None:
    checked = subprocess.run(["sh", "-n", ROOT / "udev/debian" / script], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
