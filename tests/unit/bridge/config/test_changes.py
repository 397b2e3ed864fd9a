"""What differs between two configurations, and how it is said."""

from dataclasses import replace

from bridge.config.changes import changes, taken_over
from bridge.config.field import Secret
from bridge.config.schema import Alarm, Config, Dialect, Http, Log, Sending
from bridge.ports.driver import Device

OFFICE = Device("office", "gsm_modem", {"port": "/dev/ttyUSB2"})
SHOP = Device("shop", "gsm_modem", {"port": "/dev/ttyUSB4"})


def words(was: Config, now: Config) -> list[str]:
    return [each.words for each in changes(was, now)]


def test_nothing_differs_between_a_configuration_and_itself() -> None:
    config = Config(devices={"office": OFFICE})
    assert changes(config, replace(config, devices={"office": replace(OFFICE)})) == ()


def test_says_each_setting_with_both_values() -> None:
    now = Config(Http(port=9000), sending=Sending(max_parts=3), log=Log("debug"))
    assert words(Config(), now) == [
        "http.port is 9000 now, it was 8080",
        "sending.max_parts is 3 now, it was 255",
        'log.level is "debug" now, it was "info"',
    ]


def test_says_no_secret_and_no_address_that_may_hold_one() -> None:
    now = Config(alarm=Alarm(webhook="https://ops.example.com/token", webhook_secret=Secret("s3cret")))
    assert words(Config(), now) == ["alarm.webhook is changed", "alarm.webhook_secret is changed"]


def test_says_which_devices_and_dialects_came_went_and_changed() -> None:
    was = Config(devices={"office": OFFICE, "old": replace(SHOP, name="old")}, dialects={"native": Dialect()})
    moved = replace(OFFICE, options={"port": "/dev/ttyUSB3"})
    now = Config(devices={"shop": SHOP, "office": moved}, dialects={"native": Dialect(prefix="/sms")})
    assert words(was, now) == [
        "dialects.native is changed",
        "devices.office is changed",
        "devices.old is removed",
        "devices.shop is added",
    ]


def test_takes_over_what_is_named_and_nothing_else() -> None:
    was = Config(devices={"office": OFFICE}, dialects={"native": Dialect()})
    now = Config(Http(port=9000), log=Log("debug"), devices={"shop": SHOP}, dialects={"zhenzi": Dialect(port=81)})
    taken = taken_over(was, now, frozenset({"log.level", "devices.office", "devices.shop"}))
    assert (taken.http.port, taken.log.level) == (8080, "debug")
    assert (taken.devices, taken.dialects) == ({"shop": SHOP}, {"native": Dialect()})
    assert [each.key for each in changes(taken, now)] == ["http.port", "dialects.native", "dialects.zhenzi"]
