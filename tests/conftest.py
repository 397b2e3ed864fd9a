"""Tests that talk to programs which Python does not bring: where one is missing, they are left out and that is said.

With `CI` in the environment nothing is left out: `.ci/run` installs every program, and a missing one fails.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from tests.support.namespaces import apart

PHONE = ("adb", "mksh")
#: what shows devices to programs that are not there; `unshare` must be allowed too, which in some containers it is not
MACHINE = ("udevadm", "umockdev-run", "unshare")
#: part of a test's name → programs without which it cannot run
NEEDS: dict[str, tuple[str, ...]] = {
    "wire/test_android_adb_": PHONE,
    "wire/test_doctor_phone.py": PHONE,
    "wire/test_bridge_phone.py": PHONE,
    "wire/test_bridge_on_phone.py": PHONE,
    "wire/test_virtual_phone.py": PHONE,
    "virtual/phone/": PHONE,
    "test_phone_isms.py::test_every_argument_arrives_as_it_is_through_androids_own_shell": ("mksh",),
    "wire/test_udev_rules.py": MACHINE,
    "wire/test_plugs.py": MACHINE,
    "acceptance/test_phones_unplugged.py": PHONE,
    "acceptance/test_serve_imports.py": PHONE,
    "wire/test_alarm_mail.py": ("openssl",),
    "acceptance/test_cli_watch.py": ("openssl",),
    "acceptance/test_seed_samples.py": ("curl", "node", "npm", "php", "ruby", "openssl"),
    "acceptance/test_soap_clients.py": ("node", "npm", "php"),
    "acceptance/test_prometheus.py": ("promtool",),
    "dialects/test_smsmobile_requests.py": ("curl",),
    "unit/api/test_payloads.py": ("openssl",),
    "unit/bridge/test_certificate.py": ("openssl",),
    "acceptance/test_cli_tls.py": ("openssl",),
    "wire/test_tls.py": ("curl", "openssl"),
    "wire/test_behind_nginx.py": ("curl", "nginx", "openssl"),
    "unit/test_units.py": ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles"),
    "acceptance/test_service.py::test_answers_where_systemd": ("systemd-socket-activate",),
    "acceptance/test_service.py::test_says_which_socket": ("systemd-socket-activate",),
    "unit/packaging/test_debian.py": ("dpkg-deb",),
    "test_doctor_webhooks.py": ("openssl",),
}
_SYSTEMD = ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles", "systemd-socket-activate")
DEBIAN = dict.fromkeys(_SYSTEMD, "systemd") | {
    "dpkg-deb": "dpkg",
    "promtool": "prometheus",
    "udevadm": "udev",
    "umockdev-run": "umockdev",
    "unshare": "util-linux",
    "node": "nodejs",
    "php": "php-cli php-curl php-soap php-xml libnusoap-php",
}

LEFT_OUT = pytest.StashKey[tuple[int, list[str]]]()


def _needs(name: str) -> Iterator[str]:
    for part, programs in NEEDS.items():
        if part in name:
            yield from programs
    if "test_driver_contract.py" in name and "android_adb" in name:
        yield from PHONE


@functools.cache
def _is_here(program: str) -> bool:
    if shutil.which(program) is None:
        return False
    return program != "unshare" or subprocess.run(apart("true"), stderr=subprocess.DEVNULL, check=False).returncode == 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here."""
    if os.environ.get("CI"):
        return
    absent = {program for programs in (PHONE, *NEEDS.values()) for program in programs if not _is_here(program)}
    left = [item for item in items if not absent.isdisjoint(_needs(item.nodeid))]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]
        config.stash[LEFT_OUT] = (len(left), sorted(absent))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and how to run it too."""
    count, absent = config.stash.get(LEFT_OUT, (0, list[str]()))
    if count:
        terminalreporter.section("left out", yellow=True)
        packages: Sequence[str] = sorted({DEBIAN.get(program, program) for program in absent})
        terminalreporter.write_line(
            f"{count} tests talk to programs that are not here: apt install {' '.join(packages)}"
        )
