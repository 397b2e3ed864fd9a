"""README and docs lead somewhere: each link, file, `file.py:name`, command, option and target in them exists."""

import importlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from bridge.cli import commands, manual, product
from bridge.config.loader import load
from tests.support.documents import Block, blocks

ROOT = Path(__file__).parents[2]
PAGES = {page: page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
ALL = "\n".join(PAGES.values())
HOPS = sorted(set(re.findall(r"`((?:api|bridge|device_drivers)/[\w/]+\.py):([\w.]+)`", ALL)))
FILES = sorted(set(re.findall(r"`((?:api|bridge|device_drivers|tests|benchmarks|udev)/[\w/.-]*)[`:]", ALL)))
_TARGET = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\(([^)#:\s]*)#([^)]+)\)")
ANCHORS = sorted({(page, file, anchor) for page, text in PAGES.items() for file, anchor in _ANCHOR.findall(text)})
LINKS = sorted({(page, link) for page, text in PAGES.items() for link in _TARGET.findall(text)})


def test_the_tour_has_its_hops() -> None:
    tour = PAGES[ROOT / "docs/design.md"].partition("## Follow one SMS")[2].partition("\n## ")[0]
    assert len(re.findall(r"\.py:\w", tour)) >= 15


@pytest.mark.parametrize(("file", "name"), HOPS)
def test_a_hop_leads_to_what_it_names(file: str, name: str) -> None:
    module = file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    found = importlib.import_module(module)
    for attribute in name.split("."):
        found = getattr(found, attribute)
    assert getattr(found, "__module__", found.__class__.__module__) in (module, "builtins")


@pytest.mark.parametrize("file", FILES)
def test_a_file_it_names_exists(file: str) -> None:
    assert (ROOT / file).exists()


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda each: getattr(each, "name", each))
def test_a_link_leads_to_a_file(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


@pytest.mark.parametrize(("page", "file", "anchor"), ANCHORS, ids=lambda each: getattr(each, "name", each))
def test_a_link_into_a_page_leads_to_a_heading(page: Path, file: str, anchor: str) -> None:
    text = re.sub(
        r"^```.*?^```$", "", (page.parent / file if file else page).read_text(), flags=re.DOTALL | re.MULTILINE
    )
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize(("name", "file"), sorted(set(re.findall(r"\[(test_\w+)\]\(\.\./(tests/[\w/.]+)\)", ALL))))
def test_an_endpoint_s_test_is_where_the_table_says(name: str, file: str) -> None:
    assert f"def {name}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_mark_of_a_merge_is_left(page: Path) -> None:
    assert not re.search(r"^(<{7} |={7}$|>{7} )", PAGES[page], re.MULTILINE)


def test_the_first_page_is_short_enough_to_be_read() -> None:
    assert len(PAGES[ROOT / "README.md"].splitlines()) <= 150


def test_the_manual_page_is_what_the_help_says() -> None:
    """Where it is not: python -m bridge.cli.manual > udev/sms-bridge.1."""
    made = io.StringIO()
    manual.write(made)
    assert (ROOT / "udev/sms-bridge.1").read_text() == made.getvalue()


# -- blocks ---------------------------------------------------------------------------------------
#: kind of a block that nothing here types → where it is tried, or why it cannot be
NOT_TYPED = {
    "developer": "make's own targets, which CI runs",
    "devices": "tests/acceptance/test_documents_devices.py types it, with a virtual modem",
    "docker": "tests/machines/try-docker builds the image's steps and types what needs no Docker daemon",
    "first": "tests/machines/try-readme types it on an empty machine",
    "hook": "tests/acceptance/test_documents_machine.py runs it, as certbot would",
    "own": "tests/acceptance/test_documents.py types it, and tests/machines/try-readme",
    "pi": "its two halves are typed by tests/machines/try-readme (clone) and try-install (make deb, apt install)",
    "prometheus": "tests/acceptance/test_documents_machine.py types it, but for the restart of that Prometheus",
    "udev-rules": "tests/acceptance/test_documents_machine.py types it, with a udevd of its own",
}
#: names of blocks that tests/machines/try-install types on a machine of its own
MACHINE = set(re.findall(r"(?:does|block) ([a-z]+-[a-z]+|[a-z]+)", (ROOT / "tests/machines/try-install").read_text()))
SHELL = [block for block in blocks() if block.language == "sh"]
_COMMAND = re.compile(r"^(?:sudo (?:-u [\w-]+ )?|docker exec sms-bridge )?sms-bridge +([^|>#&\n\\]*)", re.MULTILINE)
COMMANDS = sorted({line for block in SHELL for line in _COMMAND.findall(block.text)})
INLINE = sorted(set(re.findall(r"`sms-bridge ([^`]+)`", ALL)))


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.place)
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.language


#: page → language of a block that is neither for a shell nor TOML → the test that has it, or why none can
OTHERS = {
    "docs/design.md": {"text": "a drawing"},
    "docs/modem.md": {
        "ini": "it is about power switches of hubs, of which there is none",
        "udev": "it is about power switches of hubs, of which there is none",
    },
    "docs/operating.md": {
        "caddy": "no test installs Caddy; the same is tried with nginx",
        "ini": "it is a setting of systemd for a port below 1024",
        "nginx": "tests/wire/test_behind_nginx.py",
        "text": "what doctor says on a machine with a modem and a phone",
    },
    "docs/recipes.md": dict.fromkeys(
        ("gotemplate", "js", "json", "liquid", "yaml"), "tests/acceptance/test_recipes.py"
    ),
    "docs/sites.md": {"nginx": "tests/wire/test_dialled_through_nginx.py"},
    "docs/webhooks.md": dict.fromkeys(("js", "php", "python", "ruby"), "tests/unit/test_webhook_samples.py"),
}


@pytest.mark.parametrize(
    "block", [each for each in blocks() if each.language not in ("sh", "toml")], ids=lambda block: block.place
)
def test_a_block_of_another_language_is_tried_by_a_test_or_it_is_said_why_not(block: Block) -> None:
    if block.kind == "demo":
        return  # tests/acceptance/test_documents.py runs it, and fails for a language that it cannot run
    way = OTHERS.get(block.page, {}).get(block.language, "")
    assert way, "which test tries it?"
    if way.startswith("tests/"):
        assert "support.documents" in (ROOT / way).read_text() or Path(block.page).name in (ROOT / way).read_text()


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.place)
def test_lines_for_a_shell_are_typed_by_a_test_or_it_is_said_why_not(block: Block) -> None:
    ways = {"pipx-install", "pipx-service", "deb-install", "deb-upgrade", "pipx-upgrade", "deb-purge", "pipx-purge"}
    assert block.kind in {"demo", "apprise", *NOT_TYPED, *MACHINE, *ways}
    checked = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("line", COMMANDS + INLINE)
def test_a_command_is_one_that_the_program_has(line: str) -> None:
    words = shlex.split(line.partition(" #")[0].replace("…", "x"))
    command: click.Command = commands
    context = click.Context(command)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no sms-bridge … {words[0]}"
        command, words = found, words[1:]
    known = {name for each in command.get_params(context) for name in (*each.opts, *each.secondary_opts)} | {
        "--version"
    }
    assert [word for word in words if word.startswith("--") and word.partition("=")[0] not in known] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z][a-z-]+)", ALL))))
def test_make_has_the_target(target: str) -> None:
    assert re.search(rf"^(?:[a-z -]+ )?{target}(?: [a-z -]+)?:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("block", [each for each in blocks() if each.language == "toml"], ids=lambda each: each.place)
def test_a_configuration_has_no_mistakes(block: Block, tmp_path: Path) -> None:
    """As `sms-bridge check` reads it; its files are here, and a table of a device that is cut short has its head."""
    text = block.text if block.text.lstrip().startswith("[") else f"{MODEM}{block.text}"
    for file in set(re.findall(r"\{ file = \"(/[^\"]+)\"", text)):
        here = tmp_path / file.replace("/", "-")
        here.write_text("a-secret-of-some-length")
        here.chmod(0o600)
        text = text.replace(file, str(here))
    config = tmp_path / "config.toml"
    config.write_text(text)
    loaded = load(config, {}, product.drivers(), {})
    assert loaded.devices.keys() == set(re.findall(r"^\[devices\.([\w-]+)\]", text, re.MULTILINE))


MODEM = '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyUSB2"\n'
