"""Secrets that stand elsewhere: where they are read from, what is said when they cannot be, and who sees them."""

import logging
import os
import traceback
from pathlib import Path

import pytest

from bridge.config import loader
from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.config.secrets import is_secret
from bridge.errors import ConfigError
from tests.unit.bridge.config.test_loader import DIALECTS, Drivers

DEVICE = '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyUSB0"\n'


def load(folder: Path, text: str, mode: int = 0o600, **environment: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    file.chmod(mode)
    return loader.load(file, environment, Drivers(), DIALECTS)


def problem(folder: Path, text: str, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environment)
    (told,) = caught.value.problems
    return told.replace(str(folder), "DIR")


def secret(folder: Path, text: str = "4821\n", name: str = "pin", mode: int = 0o600) -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("written", "read"), [("4821", "4821"), ("4821\n", "4821"), ("4821\r\n", "4821"), (" 48 21 \n\n", " 48 21 \n")]
)
def test_a_text_comes_from_a_file_without_the_line_break_at_its_end(tmp_path: Path, written: str, read: str) -> None:
    secret(tmp_path).write_bytes(written.encode())
    made = load(tmp_path, f'{DEVICE}pin = {{ file = "{tmp_path}/pin" }}')
    assert made.devices["office"].options["pin"] == read
    assert isinstance(made.devices["office"].options["pin"], Secret)
    assert made.findings == ()


def test_a_path_that_is_not_absolute_begins_at_the_configuration(tmp_path: Path) -> None:
    secret(tmp_path)
    assert load(tmp_path, f'{DEVICE}pin = {{ file = "pin" }}').devices["office"].options["pin"] == "4821"


def test_a_text_comes_from_a_credential_of_systemd(tmp_path: Path) -> None:
    secret(tmp_path, name="office-pin")
    text = f'{DEVICE}pin = {{ credential = "office-pin" }}'
    made = load(tmp_path, text, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert made.devices["office"].options["pin"] == "4821"


def test_any_text_may_stand_elsewhere(tmp_path: Path) -> None:
    secret(tmp_path, "sqlite:////srv/sms.db\n", "url")
    secret(tmp_path, "t0ken", "token")
    text = '[store]\nurl = { file = "url" }\n[dialects.smsmobile.options]\ntoken = { file = "token" }\n'
    made = load(tmp_path, text)
    assert made.store.path == Path("/srv/sms.db")
    assert made.dialects["smsmobile"].options["token"] == "t0ken"


@pytest.mark.parametrize("before", ["", 'pin = "1111"\n', 'pin = { credential = "x" }\n'])
def test_a_variable_names_the_file(tmp_path: Path, before: str) -> None:
    path = secret(tmp_path)
    made = load(tmp_path, DEVICE + before, SMS_BRIDGE__DEVICES__OFFICE__PIN__FILE=str(path))
    assert made.devices["office"].options["pin"] == "4821"


def test_variables_name_files_for_settings_and_options_of_dialects_too(tmp_path: Path) -> None:
    secret(tmp_path, "https://sms.example.com", "url")
    secret(tmp_path, "t0ken", "token")
    made = load(
        tmp_path,
        '[http]\npublic_url = "https://old.example.com"\n[dialects.smsmobile.options]\nstrict = true\n',
        SMS_BRIDGE__HTTP__PUBLIC_URL__FILE=str(tmp_path / "url"),
        SMS_BRIDGE__DIALECTS__SMSMOBILE__OPTIONS__TOKEN__FILE=str(tmp_path / "token"),
    )
    assert made.http.public_url == "https://sms.example.com"
    assert made.dialects["smsmobile"].options == {"strict": True, "token": "t0ken"}


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ('{ file = "DIR/none" }', "the file DIR/none is not there: make it, or correct the name"),
        ('{ file = "DIR" }', "DIR is a folder, where a file is needed: give the name of a file in it"),
        ('{ file = "DIR/empty" }', "the file DIR/empty is empty"),
        ('{ file = "DIR/noise" }', "the file DIR/noise is not UTF-8 text"),
        ('{ file = "DIR/large" }', "the file DIR/large is larger than 65536 bytes, which is no secret"),
        ("{ file = 5 }", 'must say { file = "…" } with a text'),
        ('{ credential = "../shadow" }', '"../shadow" cannot be the name of a credential'),
        (
            '{ credential = "none" }',
            'the credential "none" is not there: add a LoadCredential= to the service, or correct the name',
        ),
        ('{ path = "DIR/none" }', 'must be a text such as "text", not a table'),
    ],
)
def test_says_why_a_text_cannot_be_read(tmp_path: Path, reference: str, told: str) -> None:
    secret(tmp_path, "\n", "empty")
    secret(tmp_path, "x" * 70_000, "large")
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    text = f"{DEVICE}pin = {reference.replace('DIR', str(tmp_path))}"
    found = problem(tmp_path, text, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert found == f"DIR/config.toml: devices.office.pin: {told}"


def test_says_who_gets_credentials(tmp_path: Path) -> None:
    told = problem(tmp_path, f'{DEVICE}pin = {{ credential = "pin" }}')
    assert told.startswith("DIR/config.toml: devices.office.pin: systemd hands credentials to the service alone: run")


def test_names_the_variable_whose_file_cannot_be_read(tmp_path: Path) -> None:
    told = problem(tmp_path, DEVICE, SMS_BRIDGE__DEVICES__OFFICE__PIN__FILE="/none")
    assert told.startswith("environment: SMS_BRIDGE__DEVICES__OFFICE__PIN__FILE: the file /none is not there")


def test_warns_of_a_file_that_everybody_may_read(tmp_path: Path) -> None:
    path = secret(tmp_path, mode=0o644)
    (found,) = load(tmp_path, f'{DEVICE}pin = {{ file = "pin" }}').findings
    assert (found.level, found.message) == ("warn", f"{path} may be read by every user of this machine")
    assert found.remedy == f"sudo chmod o= {path}"


def test_warns_of_secrets_in_a_configuration_that_everybody_may_read(tmp_path: Path) -> None:
    text = f'{DEVICE}pin = "4821"\n'
    (found,) = load(tmp_path, text, mode=0o644).findings
    words = f"devices.office.pin stands in {tmp_path}/config.toml, which may be read by every user of this machine"
    assert (found.level, found.message) == ("warn", words)
    assert load(tmp_path, text, mode=0o640).findings == ()
    assert load(tmp_path, DEVICE, mode=0o644).findings == ()
    assert load(tmp_path, DEVICE, mode=0o644, SMS_BRIDGE__DEVICES__OFFICE__PIN="4821").findings == ()


def test_commands_that_need_no_secret_do_without_those_that_they_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[store]\nurl = "sqlite:////srv/sms.db"\n{DEVICE}pin = {{ file = "/none" }}\n')
    assert loader.load_part(file, {}).store.path == Path("/srv/sms.db")


@pytest.mark.parametrize(
    "name", ["pin", "puk", "password", "secret", "token", "key", "smtp_password", "api-key", "webhook_secret", "APIKEY"]
)
def test_knows_what_is_secret_by_its_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["port", "url", "keep_days", "spin", "tokens_per_minute", "monkey", "host"])
def test_knows_what_is_not(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("48211234", "a whole number"),
        ("true", "true or false"),
        ('["48211234"]', "a list of texts"),
        ("48211234.5", "a number"),
        ('{ "48211234" = "x" }', "a table"),
    ],
)
def test_a_secret_of_the_wrong_type_is_not_repeated(tmp_path: Path, written: str, found: str) -> None:
    told = problem(tmp_path, f"{DEVICE}pin = {written}")
    assert told.endswith(f'devices.office.pin: must be a text such as "text", not {found}')


def test_a_secret_shows_itself_in_no_form_that_people_print(tmp_path: Path) -> None:
    secret(tmp_path)
    made = load(tmp_path, f'{DEVICE}pin = {{ file = "pin" }}\n[dialects.smsmobile.options]\ntoken = "t0ken"\n')
    shown = [repr(made), f"{made}", f"{made!r}", str(made.devices), str(made.devices["office"])]
    try:
        raise KeyError(made.devices["office"].options["pin"])
    except KeyError:
        shown.append(traceback.format_exc())
    record = logging.LogRecord("x", logging.DEBUG, "x", 1, "starting with %s", (made,), None)
    shown.append(logging.Formatter().format(record))
    assert not [text for text in shown if "4821" in text or "t0ken" in text]
    assert all("********" in text for text in shown)


def test_a_file_that_this_user_may_not_read_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = secret(tmp_path, mode=0)
    text = f'{DEVICE}pin = {{ file = "pin" }}'
    if os.geteuid() == 0:  # root may read everything
        assert load(tmp_path, text).devices["office"].options["pin"] == "4821"
        return
    told = problem(tmp_path, text)
    assert told.endswith(f"may not be read by this user: sudo chgrp sms-bridge {path} && sudo chmod 640 {path}")


@pytest.mark.parametrize("where", ["/etc/tls/privkey.pem", "tls/privkey", "privkey.pem"])
def test_the_place_of_a_tls_key_is_no_secret(tmp_path: Path, where: str) -> None:
    dialects: dict[str, loader.Options] = {"native": {"key": (str, "")}}
    file = tmp_path / "config.toml"
    file.write_text(f'[dialects.native.options]\nkey = "{where}"\n')
    file.chmod(0o644)
    made = loader.load(file, {}, Drivers(), dialects)
    assert (made.findings, repr(made.dialects["native"].options)) == ((), f"{{'key': '{where}'}}")
