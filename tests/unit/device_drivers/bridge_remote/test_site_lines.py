"""A site's lines as lines of this bridge."""

from typing import Any

import pytest

from api.dialects.native.serializers.lines import line as serialized
from bridge.model.history import Ongoing
from bridge.model.line import Line, LineState
from device_drivers.bridge_remote.lines import changed, mirrored, mirrored_alarms, moment, name_here, read_line, shared

AT = "2026-11-20T22:48:32Z"
OFFICE = {"name": "office", "device": "office", "driver": "gsm_modem", "state": "ready", "slot": 1}
PHONE = {"name": "phone:2", "device": "phone", "driver": "android_adb", "state": "parked", "slot": 2, "reason": "PIN"}


def named(*found: dict[str, Any]) -> list[str]:
    return [each["name"] for each in found]


def test_all_lines_are_shared_unless_the_account_or_the_configuration_names_some() -> None:
    assert named(*shared([OFFICE, PHONE], (), ())) == ["office", "phone:2"]
    assert named(*shared([OFFICE, PHONE], ("Office",), ())) == ["office"]
    assert named(*shared([OFFICE, PHONE], (), ("phone",))) == ["phone:2"]
    assert named(*shared([OFFICE, PHONE], ("office",), ("phone",))) == []


@pytest.mark.parametrize("driver", ["whatsapp_cloud", "tencent", "aliyun", "bridge_remote"])
def test_what_does_not_carry_any_sms_and_what_is_a_site_itself_is_left_out(driver: str) -> None:
    assert shared([{**OFFICE, "driver": driver}], (), ()) == []


def test_a_line_is_mirrored_with_its_health() -> None:
    told = {
        **PHONE, "number": "+15550101", "operator": "Virtual", "signal_dbm": -71, "battery": 55, "charging": False,
        "seen_at": "2026-11-20T22:48:32.123Z", "reports": False, "calls": True, "iccid": "8901", "model": "P",
    }  # fmt: skip
    line = mirrored("shop2", "bridge_remote", told, ahead=1_000)
    assert (line.name, line.device, line.driver) == ("shop2:phone.2", "shop2", "bridge_remote")
    assert (line.state, line.reason, line.slot) == (LineState.PARKED, "PIN", 2)
    assert (line.number, line.operator, line.signal_dbm, line.battery) == ("+15550101", "Virtual", -71, 55)
    assert (line.reports, line.calls, line.iccid, line.model) == (False, True, "8901", "P")
    assert line.seen_at == moment("2026-11-20T22:48:31.123Z")


def test_what_a_line_of_a_site_does_not_carry_is_known_here() -> None:
    phone = Line("phone", "phone", "android_adb", LineState.READY, most_parts=10, fewest_digits=9)
    here = mirrored("shop2", "bridge_remote", read_line(serialized(phone)), 0)
    assert (here.most_parts, here.fewest_digits) == (10, 9)
    older = {name: value for name, value in serialized(phone).items() if name not in ("most_parts", "fewest_digits")}
    here = mirrored("shop2", "bridge_remote", read_line(older), 0)
    assert (here.most_parts, here.fewest_digits) == (255, 1)
    for wrong in (0, 256, "10", -1):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
            read_line(serialized(phone) | {"most_parts": wrong})


def test_a_change_is_of_state_and_reason_alone() -> None:
    line = changed(mirrored("shop2", "bridge_remote", OFFICE, 0), "absent", "pulled out")
    assert (line.state, line.reason, line.name) == (LineState.ABSENT, "pulled out", "shop2:office")


def test_names_here_have_one_colon() -> None:
    assert name_here("shop2", "phone:2") == "shop2:phone.2"


@pytest.mark.parametrize("written", [None, "", "yesterday"])
def test_no_time_is_zero(written: object) -> None:
    assert moment(written) == 0


def test_alarms_about_lines_that_are_used_here_are_told_but_for_those_that_are_raised_here_anyway() -> None:
    told = [
        {"id": "loopback:office>office", "title": "lost", "reason": "why", "line": "office", "began_at": AT},
        {"id": "line:office", "title": "away", "reason": "", "line": "office", "began_at": AT},
        {"id": "loopback:private>office", "title": "lost", "reason": "", "line": "private", "began_at": None},
    ]
    [found] = mirrored_alarms(told, {"office": "shop2:office"}, 5000)
    at = moment("2026-11-20T22:48:27Z")
    assert found == Ongoing("loopback:office>office", "lost", "why", "shop2:office", at)
