"""What `sms-bridge setup` puts where, on a system of its own in a directory."""

import stat
from collections.abc import Iterable
from pathlib import Path

import pytest

from bridge.errors import NotPossible
from bridge.host.install import CONFIG, KEPT, PLACES, Installation, files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Files such as ours."""
    directory = tmp_path / "share"
    directory.mkdir()
    (directory / "completions").mkdir()
    for name in (*PLACES, "config.toml"):
        (directory / name).write_text(f"# {name}\n")
    (directory / "sms-bridge.service").write_text("[Service]\nExecStart=/usr/bin/sms-bridge serve --config x\n")
    return directory


@pytest.fixture
def installation(source: Path, tmp_path: Path) -> Installation:
    root = tmp_path / "root"
    program = root / "opt/pipx/venvs/sms-bridge/bin/sms-bridge"
    program.parent.mkdir(parents=True)
    for name in ("sms-bridge", "python3"):
        program.with_name(name).touch()
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    return Installation(source, program, root)


def done(steps: Iterable[str]) -> list[str]:
    """The first word of each step."""
    return [step.split()[0] for step in steps]


def present(installation: Installation) -> set[str]:
    return {place for place in (*PLACES.values(), CONFIG) if (installation.root / place).exists()}


def test_puts_every_file_in_its_place_and_the_unit_runs_this_program(installation: Installation) -> None:
    assert done(installation.put_in_place()) == ["wrote"] * (len(PLACES) + 1)
    assert present(installation) == {*PLACES.values(), CONFIG}
    unit = (installation.root / "etc/systemd/system/sms-bridge.service").read_text()
    assert f"ExecStart={installation.program} serve " in unit


def test_again_it_finds_everything_there(installation: Installation) -> None:
    list(installation.put_in_place())
    assert done(installation.put_in_place()) == ["has"] * len(PLACES) + ["kept"]


def test_an_upgrade_brings_new_units_and_leaves_the_configuration(installation: Installation, source: Path) -> None:
    list(installation.put_in_place())
    (installation.root / CONFIG).write_text("# mine\n")
    for name in ("config.toml", "sms-bridge.socket"):
        (source / name).write_text("# new\n")
    assert done(installation.put_in_place()).count("wrote") == 1
    assert (installation.root / PLACES["sms-bridge.socket"]).read_text() == "# new\n"
    assert (installation.root / CONFIG).read_text() == "# mine\n"


def test_removed_it_leaves_configuration_and_messages(installation: Installation) -> None:
    list(installation.put_in_place())
    store = installation.root / "var/lib/sms-bridge/bridge.db"
    store.parent.mkdir(parents=True)
    store.touch()
    assert done(installation.take_away()) == ["removed"] * len(PLACES)
    assert present(installation) == {CONFIG}
    assert store.exists()
    assert done(installation.take_away()) == []


def test_brings_the_manual_page_and_completion_to_where_shells_look(installation: Installation) -> None:
    list(installation.put_in_place())
    shared = installation.root / "usr/local/share"
    for place in (
        shared / "man/man1/sms-bridge.1",
        shared / "bash-completion/completions/sms-bridge",
        shared / "zsh/site-functions/_sms-bridge",
        installation.root / "etc/fish/completions/sms-bridge.fish",
    ):
        assert place.stat().st_mode & 0o777 == 0o644
    (shared / "man/man1/other.1").touch()
    list(installation.take_away())
    assert [path.name for path in shared.rglob("*") if path.is_file()] == ["other.1"]
    assert not (shared / "zsh").exists()
    assert not (installation.root / "etc/fish").exists()


def test_purged_it_leaves_nothing(installation: Installation) -> None:
    list(installation.put_in_place())
    for place in KEPT:
        (installation.root / place).mkdir(parents=True, exist_ok=True)
    assert done([*installation.take_away(), *installation.forget()]) == ["removed"] * (len(PLACES) + len(KEPT))
    assert [place for place in KEPT if (installation.root / place).exists()] == []


@pytest.mark.parametrize("home", ["home/someone", "root"])
def test_refuses_a_program_in_somebodys_home_and_says_how_to_mend_it(source: Path, tmp_path: Path, home: str) -> None:
    program = tmp_path / home / ".local/bin/sms-bridge"
    program.parent.mkdir(parents=True)
    with pytest.raises(NotPossible, match=r"is in somebody's home.*\n.*pipx install "):
        Installation(source, program, tmp_path).refuse_unreachable()


def test_refuses_a_program_below_a_closed_directory(installation: Installation) -> None:
    installation.refuse_unreachable()
    closed = installation.root / "opt/pipx"
    closed.chmod(stat.S_IRWXU)
    with pytest.raises(NotPossible, match=f"is below {closed}, which is closed to others"):
        installation.refuse_unreachable()


def test_brings_every_file_that_it_puts_in_place() -> None:
    assert [name for name in (*PLACES, "config.toml") if not (files() / name).is_file()] == []
