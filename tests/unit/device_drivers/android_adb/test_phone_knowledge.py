"""What is read out of a phone's dumps, and what a person is told about it."""

import re

import pytest

from bridge.errors import DeviceLost, Refusal, SendRefused
from device_drivers.android_adb import batch, conditions, facts, health, isms, subscriptions
from device_drivers.android_adb.conditions import Stops
from device_drivers.android_adb.facts import Messaging, Phone
from device_drivers.android_adb.subscriptions import Sim

CONTROLLER = """SubscriptionController:
 mLastISubServiceRegTime=8219
 defaultSubId=1
 defaultSmsSubId=1
++++++++++++++++++++++++++++++++
 ActiveSubInfoList:
  {id=7 iccId=8900101[****] simSlotIndex=1 displayName=B {id=3 SIM carrierName=Other Mobile number=+15550102 mcc=001}
  {id=1 iccId=89001012345678901237 simSlotIndex=0 displayName=Work carrierName=Some Mobile nameSource=0 number= mcc=001}
++++++++++++++++++++++++++++++++
 AllSubInfoList:
  {id=4 iccId=8900101[****] simSlotIndex=-1 displayName=Old carrierName=Old}
++++++++++++++++++++++++++++++++
2024-01-01T00:00:00 - addSubInfoRecord: {id=9 iccId=[****] simSlotIndex=0 displayName=x}
"""
MANAGER = """SubscriptionManagerService:
  Logical SIM slot sub id mapping:
    Logical SIM slot 0: subId=2
  defaultSmsSubId=2

  Active subscriptions:
    [SubscriptionInfoInternal: id=2 iccId=890010112[****] simSlotIndex=0 carrierName=Some Mobile number=[****]]

  All subscriptions:
    [SubscriptionInfoInternal: id=1 iccId=890010113[****] simSlotIndex=-1 displayName=Old carrierName=Old]

  Local log:
    2024-01-01T00:00:00 - insert: [SubscriptionInfoInternal: id=9 simSlotIndex=0 displayName=x]
"""


def test_reads_the_sims_of_android_13_and_before() -> None:
    assert subscriptions.parse(CONTROLLER) == (
        Sim(1, 1, "89001012345678901237", "Some Mobile", ""),
        Sim(7, 2, "8900101…", "Other Mobile", "+15550102"),
    )


def test_reads_the_sims_of_android_14_and_after() -> None:
    assert subscriptions.parse(MANAGER) == (Sim(2, 1, "890010112…", "Some Mobile", ""),)


@pytest.mark.parametrize(("told", "user"), [("-10000", 0), ("0", 0), ("10", 10)])
def test_a_sim_may_be_one_users(told: str, user: int) -> None:
    record = f"[SubscriptionInfoInternal: id=2 simSlotIndex=0 displayName=mine userId=11 carrierName=x userId={told}]"
    (sim,) = subscriptions.parse(f"Active subscriptions:\n  {record}\n")
    assert sim.user == user


def test_an_empty_list_of_sims_is_told_from_none() -> None:
    assert subscriptions.is_dump(" ActiveSubInfoList:\n  Null\n")
    assert subscriptions.parse(" ActiveSubInfoList:\n  Null\n++++\n{id=1 simSlotIndex=0}\n") == ()
    assert not subscriptions.is_dump("Can't find service: isub")


def test_reads_what_a_phone_is() -> None:
    properties = (
        "[ro.build.version.sdk]: [34]\n[ro.build.version.release]: [14]\n[ro.product.manufacturer]: [Maker]\n"
        "[ro.product.model]: [One]\n[sys.boot_completed]: [1]\n[gsm.sim.state]: [LOADED,ABSENT]\n"
    )
    phone = facts.phone(properties, "RUNNING_UNLOCKED\n")
    assert phone == Phone(34, "14", "Maker One", True, False, False, ("LOADED", "ABSENT"), maker="Maker")
    assert facts.phone(properties, "RUNNING_LOCKED\n").locked
    assert not facts.phone(properties, "usage: am\n").locked
    assert facts.phone("[ro.miui.ui.version.name]: [V14]\n", "") == Phone(booted=False, miui=True)


def test_reads_what_the_shell_may() -> None:
    granted = facts.grants(
        "  android.permission.SEND_SMS: granted=true\n  android.permission.READ_SMS: granted=false\n"
    )
    assert granted == {"SEND_SMS": True, "READ_SMS": False}
    assert facts.denied("Uid mode: READ_SMS: ignore\nSEND_SMS: allow; time=+2h ago\nWRITE_SMS: deny\n") == {
        "READ_SMS",
        "WRITE_SMS",
    }
    assert facts.denied("No operations.\n") == frozenset()
    assert Messaging(grants={}).granted("SEND_SMS"), "a phone that does not tell is tried"


# -- conditions ---------------------------------------------------------------------------------
GOOD_PHONE = Phone(34, "14", "Maker One", sim_states=("LOADED",))
GOOD = Messaging(preferred=isms.Reply((0, 1)), sims=(Sim(1, 1),), app="com.example.sms")


def test_a_phone_that_is_well_needs_nobody() -> None:
    assert conditions.of_state("device") is None
    assert list(conditions.of_phone(GOOD_PHONE)) == []
    assert list(conditions.of_messaging(GOOD_PHONE, GOOD, False)) == []


@pytest.mark.parametrize(
    ("state", "stops", "words"),
    [
        ("absent", Stops.DEVICE, "not plugged in"),
        ("offline", Stops.DEVICE, "does not answer"),
        ("authorizing", Stops.DEVICE, "connecting"),
        ("unauthorized", Stops.LINE, "Allow USB debugging"),
        ("no permissions (user in plugdev group; are your udev rules wrong?)", Stops.LINE, "udev rules"),
        ("recovery", Stops.LINE, "recovery mode"),
        ("detached", Stops.DEVICE, "detached"),
    ],
)
def test_every_state_of_adb_has_a_sentence_and_a_step(state: str, stops: Stops, words: str) -> None:
    condition = conditions.of_state(state)
    assert condition is not None
    assert condition.stops is stops
    assert words in condition.error.message
    assert condition.remedy
    assert isinstance(condition.error, SendRefused if stops is Stops.LINE else DeviceLost)


@pytest.mark.parametrize(
    ("name", "others", "sentence", "step"),
    [
        (
            "R58M12ABC", {"R58M99XYZ"}, "the phone R58M12ABC is not plugged in, and another one is (R58M99XYZ)",
            'plug it in; or, to use this one, write serial = "R58M99XYZ"',
        ),
        (
            "R58M12ABC", {"B", "A"}, "the phone R58M12ABC is not plugged in, and others are (A, B)",
            'plug it in; or, to use one of these, write serial = "A"',
        ),
        (
            "192.168.1.20:5555", {"A"}, "no phone answers at 192.168.1.20:5555, and another one is (A)",
            'see that it is on this network; or, to use this one, write serial = "A"',
        ),
    ],
    ids=["one", "two", "network"],
)  # fmt: skip
def test_another_phone_in_its_place_is_named_with_what_to_do(
    name: str, others: set[str], sentence: str, step: str
) -> None:
    condition = conditions.of_state("absent", name, others)
    assert condition is not None
    assert (condition.stops, condition.sentence, condition.remedy) == (Stops.DEVICE, sentence, step)


@pytest.mark.parametrize(
    ("phone", "stops", "words"),
    [
        (Phone(34, "14", booted=False), Stops.DEVICE, "still starting"),
        (Phone(34, "14", locked=True), Stops.LINE, "unlock its screen"),
        (Phone(19, "4.4"), Stops.LINE, "too old"),
    ],
)
def test_says_what_keeps_a_phone_from_being_asked(phone: Phone, stops: Stops, words: str) -> None:
    (condition,) = conditions.of_phone(phone)
    assert condition.stops is stops
    assert words in condition.error.message


@pytest.mark.parametrize(
    ("messaging", "stops", "words"),
    [
        (Messaging(service=False, app="x"), Stops.LINE, "no SMS service"),
        (Messaging(app="x", preferred=isms.Reply((0, 0xFFFFFFFF))), Stops.LINE, "no SIM"),
        (Messaging(sims=GOOD.sims, denied=frozenset({"READ_SMS"}), app="x"), Stops.LINE, "READ_SMS allow"),
        (Messaging(sims=GOOD.sims, grants={"READ_SMS": True}, app="x"), Stops.SENDING, "SEND_SMS allow"),
        (Messaging(sims=GOOD.sims, preferred=isms.Reply((0, 0xFFFFFFFE)), app="x"), Stops.SENDING, "report the phone"),
        (Messaging(sims=GOOD.sims, preferred=isms.Reply((0, 1, 2)), app="x"), Stops.SENDING, "report the phone"),
        (Messaging(sims=GOOD.sims, preferred=isms.Reply(error="no"), app="x"), Stops.SENDING, "report the phone"),
        (Messaging(sims=GOOD.sims, app="x", app_disabled=True), Stops.RECEIVING, "pm enable x"),
        (Messaging(sims=GOOD.sims), Stops.RECEIVING, "no SMS app"),
        (Messaging(sims=GOOD.sims, app="com.google.android.apps.messaging"), Stops.NOTHING, "RCS"),
        (Messaging(sims=GOOD.sims, app="x", forgets_keys=True), Stops.NOTHING, "forgets this computer's key"),
        (Messaging(sims=GOOD.sims, app="x", expressions=False), Stops.NOTHING, "slower"),
    ],
)
def test_says_what_keeps_it_from_sending_or_receiving(messaging: Messaging, stops: Stops, words: str) -> None:
    worst, *_ = conditions.of_messaging(GOOD_PHONE, messaging, False)
    assert worst.stops is stops
    assert words in worst.error.message


@pytest.mark.parametrize(("state", "words"), [("PIN_REQUIRED", "wants its PIN"), ("PUK_REQUIRED", "PUK")])
def test_a_sim_that_wants_something_is_told_from_none(state: str, words: str) -> None:
    phone = Phone(34, "14", sim_states=(state,))
    assert words in next(conditions.of_messaging(phone, Messaging(app="x"), False)).error.message


@pytest.mark.parametrize("sdk", [21, 22, 37, 40])
def test_an_unknown_version_receives_and_sends_when_told_to(sdk: int) -> None:
    (condition,) = conditions.of_messaging(Phone(sdk, "?"), GOOD, False)
    assert condition.stops is Stops.SENDING
    assert "allow_unknown_sdk = true" in condition.remedy
    assert list(conditions.of_messaging(Phone(sdk, "?"), GOOD, True)) == []


@pytest.mark.parametrize(
    ("sdk", "maker", "known"),
    [(26, "HUAWEI", True), (28, "Honor", True), (25, "HUAWEI", False), (29, "HUAWEI", False), (34, "samsung", True)],
)
def test_a_maker_whose_numbers_are_not_known_receives_and_sends_when_told_to(sdk: int, maker: str, known: bool) -> None:
    phone = Phone(sdk, "?", maker=maker)
    found = list(conditions.of_messaging(phone, GOOD, False))
    assert bool(found) is not known
    if not known:
        assert found[0].sentence.startswith(f"it is not known how Android ? of {maker}")
        assert not isms.may_check(sdk, maker, may_guess=True), "the code may be one that changes a setting"


@pytest.mark.parametrize("number", [-1, 0, 4711])
def test_any_number_proves_the_method_that_gives_one(number: int) -> None:
    messaging = Messaging(preferred=isms.Reply((0, number & 0xFFFFFFFF)), sims=(Sim(1, 1),), app="com.example.sms")
    assert list(conditions.of_messaging(GOOD_PHONE, messaging, False)) == []


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("89001012345678901237", "89001012345678901237"),
        ("890010112[****]", "890010112…"),
        ("890010112[qL9CtSbHW2lN]", "890010112…"),
        ("890010112XXXXXXXXXXX", "890010112…"),
        ("890010112", "890010112…"),
        ("89001012345678901237[****]", "89001012345678901237…"),
        ("[****]", ""),
        ("", ""),
        ("null", ""),
    ],
)
def test_a_part_of_an_iccid_is_shown_as_one(printed: str, told: str) -> None:
    record = f"{{id=1 iccId={printed} simSlotIndex=0 carrierName=A}}"
    assert [sim.iccid for sim in subscriptions.parse(f"ActiveSubInfoList:\n {record}\n")] == [told]


def test_the_worst_comes_first() -> None:
    found = conditions.of_messaging(Phone(40, "?", miui=True), Messaging(service=False), False)
    assert [condition.stops for condition in found] == [Stops.LINE, Stops.SENDING, Stops.RECEIVING, Stops.NOTHING]


def test_a_condition_that_parks_says_so_in_the_words_of_the_core() -> None:
    condition = conditions.of_state("unauthorized")
    assert condition is not None
    assert isinstance(condition.error, SendRefused)
    assert condition.error.refusal is Refusal.LINE


# -- health -------------------------------------------------------------------------------------
def battery(level: int, status: int, usb: bool) -> health.Battery:
    return health.battery(
        f"Current Battery Service state:\n  AC powered: false\n  USB powered: {str(usb).lower()}\n"
        f"  status: {status}\n  level: {level}\n  temperature: 281\n"
    )


def test_says_when_the_battery_will_not_last() -> None:
    assert battery(80, 2, True) == health.Battery(80, True, True)
    assert battery(80, 2, True).reason == ""
    assert battery(100, 5, True).reason == ""
    assert battery(80, 3, False).reason == "", "nobody wants to be told so early"
    assert "too little power" in battery(80, 3, True).reason
    assert "19 %" in battery(19, 3, False).reason
    assert health.battery("Can't find service: battery") == health.Battery()


NAMED = (
    "last known state:\n  Phone Id=0\n    mServiceState={{mVoiceRegState={voice}(X), mDataRegState={data}(X), x}}\n"
    "    mSignalStrength=SignalStrength:{{mLte=CellSignalStrengthLte: rssi=2147483647 rsrp=-95 level=3}}\n"
    "  Phone Id=1\n    mServiceState={{mVoiceRegState=3(POWER_OFF), mDataRegState=3(POWER_OFF)}}\n"
)
PROPERTIES = "[gsm.operator.alpha]: [Some Mobile,Other]\n[gsm.operator.isroaming]: [true,false]\n"


@pytest.mark.parametrize(
    ("voice", "data", "word", "reason"),
    [
        (0, 0, "roaming", ""),
        (1, 0, "roaming", ""),
        (1, 1, "searching", "no network"),
        (2, 2, "denied", "emergency"),
        (3, 3, "none", "radio is off"),
    ],
)
def test_says_whether_there_is_a_network(voice: int, data: int, word: str, reason: str) -> None:
    radio = health.radio(NAMED.format(voice=voice, data=data), PROPERTIES, 1, False)
    assert radio.registration == word
    assert bool(radio.reason) == bool(reason)
    assert re.search(reason, radio.reason)
    if not reason:
        assert (radio.operator, radio.signal_dbm) == ("Some Mobile", -95)


def test_each_slot_has_its_own_network() -> None:
    registry = NAMED.format(voice=0, data=0)
    assert health.radio(registry, PROPERTIES, 1, False).reason == ""
    assert "radio is off" in health.radio(registry, PROPERTIES, 2, False).reason
    assert "Airplane" in health.radio(registry, PROPERTIES, 1, True).reason


@pytest.mark.parametrize(
    ("signal", "level"),
    [
        ("mLte=CellSignalStrengthLte: rssi=-67 rsrp=-95 rsrq=-10", -95),
        ("mNr=CellSignalStrengthNr:{ csiRsrp = 2147483647 ssRsrp = -101 ssRsrq = -11", -101),
        ("mLte=CellSignalStrengthLte: rssi=-67 rsrp=2147483647", -67),
        ("mWcdma=CellSignalStrengthWcdma: ss=-71 ber=99 rscp=-80 ecno=-8", -80),
        ("mGsm=CellSignalStrengthGsm: rssi=-77 ber=0", -77),
        ("SignalStrength: 20 0 -120", None),
    ],
)
def test_the_level_is_that_of_the_reference_signal(signal: str, level: int | None) -> None:
    assert health.radio(f"  Phone Id=0\n    mSignalStrength={signal}\n", "", 1, False).signal_dbm == level


def test_an_old_phone_and_one_that_says_nothing_are_taken_to_be_well() -> None:
    old = "  Phone Id=0\n    mServiceState=0 0 voice home A A 00101\n    mSignalStrength=SignalStrength: 20 0 -120\n"
    assert health.radio(old, "", 1, False) == health.Radio("home")
    assert health.radio("", "", 1, False) == health.Radio()


# -- several commands in one --------------------------------------------------------------------
def test_answers_are_told_apart_by_what_nobody_can_guess() -> None:
    out = "\nn0nce:a\nfirst\nRow: 0\n\nn0nce:b\nno line end\nn0nce:c\n"
    names = {"a": "x", "b": "x", "c": "x", "d": "x"}
    assert batch.split(out, "n0nce", names) == {"a": "first\nRow: 0\n", "b": "no line end", "c": "", "d": ""}
    assert batch.split("\nother:a\nx", "n0nce", names)["a"] == ""
