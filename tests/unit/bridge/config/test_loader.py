"""The configuration: what is read, what wins, and the sentence for every mistake."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from bridge.config import loader, schema
from bridge.errors import ConfigError
from bridge.model.account import UnknownPolicy
from bridge.model.finding import Finding
from bridge.ports.driver import Device, Driver, Found, Link


class FakeDriver:
    """The simplest legal driver: knows its options, has no device."""

    name = "gsm_modem"
    options: Mapping[str, tuple[type, str]] = {
        "port": (str, "serial port"),
        "pin": (str, "PIN of the SIM"),
        "baud": (int, "speed of the serial port"),
        "init": (list, "commands to begin with"),
    }

    def validate(self, device: Device) -> Sequence[str]:
        return [] if "port" in device.options else ["port: is missing"]

    async def open(self, device: Device) -> Link:
        raise AssertionError(device)

    async def discover(self) -> Sequence[Found]:
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        return [Finding("ok", device.name, "is fine")]


class Drivers(Mapping[str, Driver]):
    """One driver that is there and one whose library is not."""

    def __getitem__(self, name: str) -> Driver:
        if name == "android_adb":
            raise ImportError("it needs the package adbutils: pip install adbutils")
        return {"gsm_modem": FakeDriver()}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(["android_adb", "gsm_modem"])

    def __len__(self) -> int:
        return 2


DIALECTS: dict[str, loader.Options] = {"native": {}, "smsmobile": {"strict": (bool, ""), "token": (str, "")}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(file: Path, text: str, **environment: str) -> schema.Config:
    file.write_text(text)
    return loader.load(
        file, environment, Drivers(), {"native": {}, "smsmobile": {"strict": (bool, ""), "token": (str, "")}}
    )


def problems(file: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file, text, **environment)
    return [problem.replace(f"{file}: ", "config.toml: ") for problem in caught.value.problems]


def test_an_empty_file_is_all_defaults(file: Path) -> None:
    made = load(file, "")
    assert (made.http.host, made.http.port) == ("127.0.0.1", 8080)
    assert made.store.path == Path("/var/lib/sms-bridge/bridge.db")
    assert (made.sending.retries, made.sending.on_unknown) == (3, UnknownPolicy.HOLD)
    assert made.inbox.partial_after == 3600
    assert dict(made.devices) == {}


def test_without_a_file_the_environment_is_enough() -> None:
    made = loader.load(None, {"SMS_BRIDGE__STORE__URL": "sqlite:///here/bridge.db"}, Drivers())
    assert made.directory == Path("here").resolve()


def test_reads_every_kind_of_value(file: Path) -> None:
    made = load(
        file,
        """
        [http]
        port = 9000
        legacy_http_200 = true
        public_url = "https://sms.example.com"
        [sending]
        retry_interval = 5
        on_unknown = "resend"
        [webhooks]
        allow_http = ["crm.lan"]
        [dialects.smsmobile]
        prefix = "/mobile"
        options.strict = true
        [devices.shop-modem]
        driver = "gsm_modem"
        port = "/dev/sms/shop"
        baud = 115200
        init = ["AT"]
        """,
    )
    assert (made.http.port, made.http.legacy_http_200) == (9000, True)
    assert (made.sending.retry_interval, made.sending.on_unknown) == (5.0, UnknownPolicy.RESEND)
    assert made.webhooks.allow_http == ("crm.lan",)
    assert made.dialects["smsmobile"] == schema.Dialect(True, "/mobile", options={"strict": True})
    options = {"port": "/dev/sms/shop", "baud": 115200, "init": ["AT"]}
    assert made.devices["shop-modem"] == Device("shop-modem", "gsm_modem", options)


def test_the_environment_wins_over_the_file(file: Path) -> None:
    made = load(
        file,
        '[http]\nport = 9000\nhost = "::1"\n[devices.shop-modem]\ndriver = "gsm_modem"\nport = "/dev/a"\n',
        SMS_BRIDGE__HTTP__PORT="9001",
        SMS_BRIDGE__HTTP__LEGACY_HTTP_200="yes",
        SMS_BRIDGE__SENDING__EXPIRE_AFTER="1.5",
        SMS_BRIDGE__SENDING__ON_UNKNOWN="fail",
        SMS_BRIDGE__WEBHOOKS__ALLOW_HTTP="a.lan, b.lan",
        SMS_BRIDGE__DEVICES__SHOP_MODEM__PIN="0123",
        SMS_BRIDGE__DEVICES__SHOP_MODEM__BAUD="9600",
        SMS_BRIDGE__DEVICES__SHOP_MODEM__INIT="AT+CLIP=1, AT",
    )
    assert (made.http.port, made.http.host, made.http.legacy_http_200) == (9001, "::1", True)
    assert (made.sending.expire_after, made.sending.on_unknown) == (1.5, UnknownPolicy.FAIL)
    assert made.webhooks.allow_http == ("a.lan", "b.lan")
    assert made.devices["shop-modem"].options == {
        "port": "/dev/a",
        "pin": "0123",
        "baud": 9600,
        "init": ["AT+CLIP=1", "AT"],
    }


def test_a_pin_never_shows_in_a_repr(file: Path) -> None:
    made = load(file, '[devices.a]\ndriver = "gsm_modem"\nport = "/dev/a"\npin = "4711"\n')
    assert made.devices["a"].options["pin"] == "4711"
    assert "4711" not in repr(made)


def test_a_secret_of_a_dialect_never_shows_in_a_repr(file: Path) -> None:
    made = load(file, "", SMS_BRIDGE__DIALECTS__SMSMOBILE__OPTIONS__TOKEN="4711")
    assert made.dialects["smsmobile"].options == {"token": "4711"}
    assert "4711" not in repr(made)


MODEM = '[devices.a]\ndriver = "gsm_modem"\n'

MISTAKES: list[tuple[str, str]] = [
    ("[http]\nprot = 1", "http.prot: there is no such setting; did you mean port?"),
    ("[htttp]\nport = 1", "htttp: there is no such section; did you mean http?"),
    (
        '[opt_out]\nlanguages = ["en", "tlh"]',
        'opt_out.languages: must be some of en, zh, de, es, fr, it, nl, pt, not "tlh"',
    ),
    (
        '[opt_out]\nscope = "sim"',
        'opt_out.scope: must be one of line, account, bridge, such as "line", not the text "sim"',
    ),
    (
        "[zzz]",
        (
            "zzz: there is no such section; "
            "there are: alarm, devices, dialects, http, hubs, inbox, log, loopback, metrics, opt_out, "
            "sending, store, webhooks"
        ),
    ),
    ("[inbox]\nzzz = 1", "inbox.zzz: there is no such setting; there are: partial_after"),
    ("http = 3", "http: must be a table, written as [http]"),
    ("devices = 3", "devices: must be a table, written as [devices]"),
    ("[devices]\na = 3", "devices.a: must be a table, written as [devices.a]"),
    ('[http]\nport = "http"', 'http.port: must be a whole number such as 8080, not the text "http"'),
    ("[http]\nport = true", "http.port: must be a whole number such as 8080, not true"),
    ("[http]\nport = 80.5", "http.port: must be a whole number such as 8080, not the number 80.5"),
    ("[http]\nport = 70000", "http.port: must be between 0 and 65535, not 70000"),
    ("[http]\nhost = 1", 'http.host: must be a text such as "127.0.0.1", not the number 1'),
    ('[http]\nlegacy_http_200 = "x"', 'http.legacy_http_200: must be true or false such as false, not the text "x"'),
    (
        '[http]\npublic_url = "sms.example.com"',
        'http.public_url: must be an address such as "https://sms.example.com", not "sms.example.com"',
    ),
    (
        '[store]\nurl = "/var/lib/bridge.db"',
        (
            'store.url: must look like "sqlite:////var/lib/sms-bridge/bridge.db" (four slashes: an absolute path), '
            'or like "postgresql://user@host/database", not "/var/lib/bridge.db"'
        ),
    ),
    ("[store]\nkeep_days = -1", "store.keep_days: must be 0 or more, not -1"),
    (
        '[sending]\non_unknown = "retry"',
        'sending.on_unknown: must be one of hold, resend, fail, such as "hold", not the text "retry"',
    ),
    ("[sending]\nretry_interval = []", "sending.retry_interval: must be a number such as 30, not a list of texts"),
    ("[sending]\nmax_parts = 0", "sending.max_parts: must be between 1 and 255, not 0"),
    (
        '[webhooks]\nallow_http = "crm.lan"',
        'webhooks.allow_http: must be a list of texts such as ["crm.example"], not the text "crm.lan"',
    ),
    ('[webhooks]\nzone = "Mars"', 'webhooks.zone: must be a time zone such as "Europe/Paris" or "UTC", not "Mars"'),
    ('[log]\nlevel = "loud"', 'log.level: must be one of debug, info, warning, error, not "loud"'),
    ("[dialects.smsmobil]", "dialects.smsmobil: there is no such dialect; did you mean smsmobile?"),
    (
        '[dialects.native]\nprefix = "v/"',
        'dialects.native.prefix: must be a path such as "/vendor", without a slash at its end, not "v/"',
    ),
    (
        "[dialects.smsmobile.options]\nstrikt = true",
        "dialects.smsmobile.options.strikt: smsmobile has no such option; did you mean strict?",
    ),
    (
        "[dialects.smsmobile.options]\nstrict = 1",
        "dialects.smsmobile.options.strict: must be true or false such as true, not the number 1",
    ),
    (
        '[devices.a]\nport = "/dev/a"',
        "devices.a.driver: is missing: it says what kind of device this is, one of android_adb, gsm_modem",
    ),
    ("[devices.a]\ndriver = 1", 'devices.a.driver: must be a text such as "gsm_modem", not the number 1'),
    (
        '[devices.a]\ndriver = "gsm_moden"',
        'devices.a.driver: there is no driver "gsm_moden"; did you mean gsm_modem?',
    ),
    (
        '[devices.a]\ndriver = "android_adb"',
        (
            'devices.a.driver: the driver "android_adb" cannot be used here: '
            "it needs the package adbutils: pip install adbutils"
        ),
    ),
    (MODEM + "prt = 1", "devices.a.prt: gsm_modem has no such option; did you mean port?"),
    (MODEM + 'port = "/dev/a"\npin = 1234', 'devices.a.pin: must be a text such as "text", not a whole number'),
    (MODEM, "devices.a.port: is missing"),
    (
        '[devices."a:1"]\ndriver = "gsm_modem"',
        "devices.a:1: a device's name may contain letters, digits, - and _, and must begin with a letter or digit",
    ),
    ("[http]\nport 1", "line 2, column 6: is not TOML: Expected '=' after a key in a key/value pair"),
    ("[http", "end of document: is not TOML: Expected ']' at the end of a table declaration"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[sentence.partition(": ")[0] for _, sentence in MISTAKES])
def test_tells_a_mistake_in_one_sentence(file: Path, text: str, sentence: str) -> None:
    told = problems(file, text)
    assert told == [f"config.toml: {sentence}"]


def test_tells_all_mistakes_at_once(file: Path) -> None:
    told = problems(file, '[http]\nport = "x"\nhots = "y"\n[sending]\nretries = -1\n[devices.a]\n')
    assert [problem.split(": ")[1] for problem in told] == [
        "http.port",
        "http.hots",
        "sending.retries",
        "devices.a.driver",
    ]


def test_names_the_variable_that_is_wrong(file: Path) -> None:
    told = problems(
        file,
        "",
        SMS_BRIDGE__HTTP__PORT="many",
        SMS_BRIDGE__HTTP__PROT="1",
        SMS_BRIDGE__HTPP__PORT="1",
        SMS_BRIDGE__PORT="1",
        SMS_BRIDGE__DEVICES__A__DRIVER="none",
    )
    assert sorted(told) == [
        'environment: SMS_BRIDGE__DEVICES__A__DRIVER: there is no driver "none"; there are: android_adb, gsm_modem',
        "environment: SMS_BRIDGE__HTPP__PORT: there is no such section; did you mean http?",
        'environment: SMS_BRIDGE__HTTP__PORT: must be a whole number such as 8080, not the text "many"',
        "environment: SMS_BRIDGE__HTTP__PROT: there is no such setting; did you mean port?",
        "environment: SMS_BRIDGE__PORT: must name a section and a setting, such as SMS_BRIDGE__HTTP__PORT",
    ]


def test_says_when_the_file_is_not_there(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loader.load(file, {}, Drivers())
    assert caught.value.problems == [f"{file}: there is no such file: make it, or correct the name"]


def test_says_when_it_is_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loader.load(tmp_path, {}, Drivers())
    assert caught.value.problems == [f"{tmp_path} is a folder, where a file is needed: give the name of a file in it"]


def test_says_when_it_is_no_text(file: Path) -> None:
    file.write_bytes(b"[http]\n\xff")
    with pytest.raises(ConfigError) as caught:
        loader.load(file, {}, Drivers())
    assert caught.value.problems == [f"{file}: is not UTF-8 text (byte 8)"]


def test_the_rest_can_be_read_while_devices_and_dialects_are_wrong(file: Path) -> None:
    file.write_text('[store]\nurl = "sqlite:////data/bridge.db"\n[devices.a]\ndriver = "none"\n[dialects.none]\n')
    assert loader.load_part(file, {}).store.path == Path("/data/bridge.db")
    assert loader.load_part(file, {"SMS_BRIDGE__STORE__URL": "sqlite:///b.db"}).store.path == Path("b.db")


def test_tells_what_is_wrong_with_the_rest_alone(file: Path) -> None:
    file.write_text("[store]\nurk = 1\n[devices.a]\n")
    with pytest.raises(ConfigError) as caught:
        loader.load_part(file, {})
    assert caught.value.problems == [f"{file}: store.urk: there is no such setting; did you mean url?"]
