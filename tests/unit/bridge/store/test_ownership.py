"""What root makes in the service's directory is the service's."""

import os
from pathlib import Path

from bridge.store.ownership import leave_to_owner
from tests.support.users import NOBODY

FILES = ("bridge.db", "bridge.db-wal", "bridge.db.lock")


def owners(directory: Path) -> set[int]:
    return {(directory / name).stat().st_uid for name in FILES}


def test_the_files_of_a_store_go_to_the_owner_of_its_directory(tmp_path: Path) -> None:
    for name in (*FILES, "other"):
        (tmp_path / name).touch()
    service = NOBODY if os.geteuid() == 0 else os.geteuid()  # only root makes what is not its own
    os.chown(tmp_path, service, -1)
    leave_to_owner(tmp_path / "bridge.db")
    assert owners(tmp_path) == {service}
    assert (tmp_path / "other").stat().st_uid == os.geteuid()


def test_a_directory_of_ones_own_is_left_as_it_is(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).touch()
    leave_to_owner(tmp_path / "bridge.db")
    assert owners(tmp_path) == {os.geteuid()}
