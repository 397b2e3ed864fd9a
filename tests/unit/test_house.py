"""The rules of the house that no linter knows: where a module stands, who may import it, where its tests are."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

#: root package → what it may import of `bridge`. Everything else is forbidden to it, a new package of `bridge` too.
MAY_IMPORT = {
    "device_drivers": {
        "dataclass", "errors", "http_answers", "messages", "model", "ports.driver", "ports.virtual", "tasks",
    },
    "api": {
        "accounts", "authorities", "config", "dataclass", "errors", "gateway", "http_answers", "messages", "model",
        "networks", "ports.store_rows", "ports.virtual", "tasks", "telemetry", "version", "webhooks", "zones",
    },
}  # fmt: skip

#: what tests modules without a test file of their own → these modules, or a folder of them
TESTED_ELSEWHERE = {
    "a dialect is what its callers see: tests/dialects/": ("api/dialects/",),
    "a command is what it does in a shell: tests/acceptance/test_cli_*.py": ("bridge/cli/",),
    "the composition root is the running bridge: tests/wire/test_bridge.py": ("bridge/daemon/",),
    "protocols, with tests that every implementation must pass: tests/contract/": ("bridge/ports/",),
    "plain data, without a rule that could be broken": (
        "bridge/doctor/surroundings.py", "bridge/model/account.py", "bridge/model/attention.py",
        "bridge/model/batch.py", "bridge/model/callback.py",
        "bridge/model/conversation.py",
        "bridge/model/finding.py", "bridge/model/history.py", "bridge/model/inbox.py", "bridge/model/media.py",
        "bridge/model/line.py", "bridge/model/neighbour.py", "bridge/model/notification.py", "bridge/model/radio.py",
        "bridge/model/reloaded.py", "bridge/model/site.py", "bridge/model/webhook.py",
    ),
    "what every store must do, through its port: tests/contract/test_store_*.py": (
        "bridge/store/account_admin.py", "bridge/store/accounts.py", "bridge/store/audit_log.py",
        "bridge/store/balance.py", "bridge/store/deliveries.py", "bridge/store/health.py", "bridge/store/keys.py",
        "bridge/store/account_limits.py", "bridge/store/loopbacks.py", "bridge/store/messages.py",
        "bridge/store/phones.py",
        "bridge/store/pulls.py", "bridge/store/sessions.py", "bridge/store/users.py",
    ),
    "messages by number: tests/dialects/native/test_native_con*.py": (
        "bridge/store/contacts.py", "bridge/store/conversations.py",
    ),
    "what needs a person: tests/dialects/native/test_native_attention.py": (
        "bridge/gateway/attention.py", "bridge/store/attention.py",
    ),
    "a file is sent: tests/dialects/native/test_native_batches.py": (
        "bridge/gateway/batch_runner.py", "bridge/gateway/batches.py", "bridge/store/batches.py",
    ),
    "packed and unpacked: tests/unit/bridge/store/test_backup.py": ("bridge/store/archive.py",),
    "what devices answer: tests/wire/test_doctor_*.py": ("bridge/doctor/devices.py",),
    "what is told of malformed chunks: tests/wire/test_broken_chunks.py": ("api/http/chunks.py",),
    "what a mail server is told: tests/wire/test_alarm_mail.py": ("bridge/monitoring/mail.py",),
}  # fmt: skip
EXCEPTIONS = [module for modules in TESTED_ELSEWHERE.values() for module in modules]


def children(package: Path) -> Iterator[Path]:
    """The modules and packages right inside a package."""
    for path in sorted(package.iterdir()):
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists()):
            yield path


def dotted(path: Path) -> str:
    """`bridge.ports.driver` for its file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def outside(allowed: set[str], package: Path = ROOT / "bridge") -> Iterator[str]:
    """What is not allowed, in as few names as there can be."""
    for path in children(package):
        name = dotted(path)
        inside = name.removeprefix("bridge.")
        if inside in allowed:
            continue
        if any(each.startswith(f"{inside}.") for each in allowed):
            yield from outside(allowed, path)
        else:
            yield name


def test_every_package_of_the_core_stands_in_the_layers() -> None:
    (layers,) = [contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"]
    standing = [name for layer in layers for name in re.split(r"\s*\|\s*", layer)]
    assert sorted(name for name in standing if name.startswith("bridge.")) == sorted(
        dotted(path) for path in children(ROOT / "bridge")
    )


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_what_may_not_be_imported_is_all_but_what_may(package: str) -> None:
    (contract,) = [each for each in CONTRACTS if each.get("source_modules") == [package]]
    assert contract["type"] == "forbidden"
    assert sorted(contract["forbidden_modules"]) == sorted(outside(MAY_IMPORT[package]))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_nothing_is_allowed_that_nobody_imports(package: str) -> None:
    imported = set[str]()
    for file in (ROOT / package).rglob("*.py"):
        for module, names in re.findall(r"^\s*from (bridge[\w.]*) import \(?([^)\n]*)", file.read_text(), re.MULTILINE):
            imported |= {module, *(f"{module}.{name.strip()}" for name in names.split(","))}
    unused = {
        name for name in MAY_IMPORT[package] if not any(f"{each}.".startswith(f"bridge.{name}.") for each in imported)
    }
    assert unused == set()


def test_no_import_is_exempt() -> None:
    assert [contract["name"] for contract in CONTRACTS if "ignore_imports" in contract] == []


def test_what_becomes_a_number_is_not_judged_by_isdigit() -> None:
    """`"²".isdigit()` is true and `int("²")` fails: `isdecimal` says what int() takes."""
    judged = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("api", "bridge", "device_drivers")
        for path in sorted((ROOT / package).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ".isdigit()" in line
        and "unicodedata.digit(" not in line
        and "rest[:3]" not in line
        and "value.strip()" not in line
    ]
    assert judged == []


def test_a_class_of_plain_data_is_made_with_less_work_than_dataclasses_takes() -> None:
    """A start makes two hundred of them: `from bridge.dataclass import dataclass`."""
    dear = [
        str(path.relative_to(ROOT))
        for package in ("api", "bridge", "device_drivers")
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(
            r"^(from dataclasses import .*\bdataclass\b|@dataclasses\.dataclass)", path.read_text(), re.MULTILINE
        )
        and not path.is_relative_to(ROOT / "bridge/store/postgresql")  # imported by those who have a database
    ]
    assert dear == []


SOURCES = [
    path.relative_to(ROOT)
    for package in ("api", "bridge", "device_drivers")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def test_a_module_has_no_more_than_400_lines() -> None:
    """Cut a longer one by subject."""
    lengths = {f"{path}": len((ROOT / path).read_text().splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_a_function_has_no_more_than_40_lines() -> None:
    """With its decorators left out and its docstring counted."""
    long = [
        f"{path}: {node.name} has {lines}"
        for path in SOURCES
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 40
    ]
    assert long == []


MODULES = [
    path.relative_to(ROOT)
    for package in ("api", "bridge")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py")
]


def own_test(module: Path) -> Path:
    """Where the tests of a module stand."""
    return Path("tests/unit") / module.parent / f"test_{module.stem}.py"


WITHOUT = [f"{module}" for module in MODULES if not (ROOT / own_test(module)).exists()]


def test_a_module_has_tests_of_its_own() -> None:
    """What is missing here: add tests/unit/… of the same path, or name in TESTED_ELSEWHERE what tests the module."""
    assert [module for module in WITHOUT if not module.startswith(tuple(EXCEPTIONS))] == []


@pytest.mark.parametrize("entry", EXCEPTIONS)
def test_an_exception_is_of_a_module_without_tests_of_its_own(entry: str) -> None:
    assert [module for module in WITHOUT if module.startswith(entry)]


@pytest.mark.parametrize("reason", TESTED_ELSEWHERE)
def test_the_tests_that_stand_in_for_others_are_there(reason: str) -> None:
    for place in re.findall(r"tests/[\w/.*]+", reason):
        assert list(ROOT.glob(place)), f"there is no {place}"


def test_a_test_of_the_core_stands_where_its_module_does() -> None:
    homes = {own_test(path.relative_to(ROOT)) for name in ("api", "bridge") for path in (ROOT / name).rglob("*.*")}
    tests = {
        path.relative_to(ROOT) for name in ("api", "bridge") for path in (ROOT / "tests/unit" / name).rglob("test_*.py")
    }
    assert sorted(map(str, tests - homes)) == []


@pytest.mark.parametrize("dialect", [path.name for path in children(ROOT / "api/dialects")])
def test_a_dialect_has_its_tests(dialect: str) -> None:
    tests = ROOT / "tests/dialects"
    assert [*tests.glob(f"{dialect}/test_*.py"), *tests.glob(f"test_{dialect}*.py")]
