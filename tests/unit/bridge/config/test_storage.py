"""The section `[store]`."""

from pathlib import Path

from bridge.config.storage import Storage


def test_a_file_is_opened_by_its_url() -> None:
    store = Storage(url="sqlite:////srv/sms.db", password="unused")
    assert (store.is_file, store.path, store.address) == (True, Path("/srv/sms.db"), "sqlite:////srv/sms.db")


def test_a_database_is_opened_with_its_password_and_found_in_a_directory() -> None:
    store = Storage(url="postgresql://sms@db.example/sms?sslmode=require", password="a&b", directory="/srv/sms")
    assert (store.is_file, store.path) == (False, Path("/srv/sms/postgresql"))
    assert store.address == "postgresql://sms@db.example/sms?sslmode=require&password=a%26b"


def test_without_a_password_libpq_looks_for_one() -> None:
    assert Storage(url="postgresql://sms@db.example/sms").address == "postgresql://sms@db.example/sms"
