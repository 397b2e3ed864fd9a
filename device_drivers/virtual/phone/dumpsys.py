"""The command `dumpsys`: what the services print, as far as a gateway reads it."""

from collections.abc import Callable

from device_drivers.virtual.phone.card import Card
from device_drivers.virtual.phone.state import State

Write = Callable[[int, bytes], None]

OPERATOR, NETWORK = "Virtual", "00101"
#: from here on SubscriptionManagerService
MANAGER = 34
#: from here on signal and service state are printed with names
NAMED = 28
#: until here the shell may receive nothing (Shell's AndroidManifest.xml)
RECEIVES = 33


async def run(state: State, arguments: list[str], write: Write) -> int:
    """Print; the exit code. Raises ValueError for a service that this phone does not have."""
    match arguments:
        case ["isub"]:
            text = _manager(state) if state.sdk >= MANAGER else _controller(state)
        case ["battery"]:
            text = _battery(state)
        case ["telephony.registry"]:
            text = "last known state:\n" + "".join(_registry(state, slot) for slot in range(1, state.slots + 1))
        case ["package", "com.android.shell"]:
            text = _package(state)
        case _:
            write(2, f"Can't find service: {' '.join(arguments)}\n".encode())
            raise ValueError(f"dumpsys {' '.join(arguments)}")
    write(1, text.encode())
    return 0


# -- subscriptions ---------------------------------------------------------------------------------
def _controller(state: State) -> str:
    records = [
        f"  {{id={sim.sub_id} iccId={_iccid(state, sim)} simSlotIndex={sim.slot - 1} carrierId=-1 "
        f"displayName={OPERATOR} "
        f"carrierName={OPERATOR} nameSource=0 iconTint=-16746133 number=[****] dataRoaming=0 iconBitmap=null mcc=001 "
        "mnc=01 countryIso= isEmbedded=false nativeAccessRules=null cardString=[****] cardId=0 isOpportunistic=false "
        "groupUUID=null isGroupDisabled=false profileClass=-1 subscriptionType=0}"
        for sim in state.cards
    ]
    active = records if state.active else ["  Null"]
    rule = "++++++++++++++++++++++++++++++++"
    lines = ["SubscriptionController:", " mLastISubServiceRegTime=8219"]
    lines += [f" default{kind}SubId={state.preferred()}" for kind in ("", "Data", "Voice", "Sms")]
    lines += [rule, " ActiveSubInfoList:", *active, rule, " AllSubInfoList:", *records, rule]
    lines += [
        f"2024-01-01T00:00:00 - addSubInfoRecord: {{id=9 iccId=[****] simSlotIndex=0 displayName={OPERATOR}}}",
        rule,
    ]
    return "\n".join(lines) + "\n"


def _manager(state: State) -> str:
    records = [
        f"[SubscriptionInfoInternal: id={sim.sub_id} iccId={_iccid(state, sim)} simSlotIndex={sim.slot - 1} "
        "portIndex=0 "
        f"isEmbedded=0 isRemovableEmbedded=0 carrierId=-1 displayName={OPERATOR} carrierName={OPERATOR} "
        "isOpportunistic=0 displayNameSource=CARRIER iconTint=-16746133 number=[****] dataRoaming=0 mcc=001 mnc=01 "
        "ehplmns= hplmns= cardString=[****] cardId=0 type=LOCAL_SIM areUiccApplicationsEnabled=1 "
        f"userId={state.user(sim.sub_id)} isSatelliteEnabled=0 isGroupDisabled=false]"
        for sim in state.cards
    ]
    lines = ["SubscriptionManagerService:", "  Logical SIM slot sub id mapping:"]
    cards = {slot: state.card(slot) for slot in range(1, state.slots + 1)}
    lines += [f"    Logical SIM slot {slot - 1}: subId={card.sub_id if card else -1}" for slot, card in cards.items()]
    lines += [f"  {kind}={state.preferred()}" for kind in ("defaultSubId", "defaultVoiceSubId", "defaultDataSubId")]
    lines += [f"  defaultSmsSubId={state.preferred()}", "  areAllSubscriptionsLoaded=true", ""]
    lines += ["  Active subscriptions:", *(f"    {record}" for record in records if state.active), ""]
    lines += ["  All subscriptions:", *(f"    {record}" for record in records), "", "  Embedded subscriptions: []", ""]
    lines += [
        "  Local log:",
        f"    2024-01-01T00:00:00 - insert: [SubscriptionInfoInternal: id=9 displayName={OPERATOR}]",
    ]
    return "\n".join(lines) + "\n"


def _iccid(state: State, card: Card) -> str:
    """As builds for customers print it: its beginning."""
    return card.iccid if state.faults.whole_iccids else f"{card.iccid[:9]}[****]"


# -- health ----------------------------------------------------------------------------------------
def _battery(state: State) -> str:
    faults = state.faults
    powered = str(faults.usb_power > 0).lower()
    status = 5 if faults.charging and faults.battery == 100 else 2 if faults.charging and faults.usb_power else 3
    return (
        "Current Battery Service state:\n  AC powered: false\n"
        f"  USB powered: {powered}\n  Wireless powered: false\n  Max charging current: {faults.usb_power * 1000}\n"
        f"  Max charging voltage: 5000000\n  Charge counter: 2100000\n  status: {status}\n"
        "  health: 2\n  present: true\n"
        f"  level: {faults.battery}\n  scale: 100\n  voltage: 4012\n  temperature: 281\n  technology: Li-ion\n"
    )


def _registry(state: State, slot: int) -> str:
    faults = state.faults
    service = 3 if faults.airplane else 0 if state.card(slot) else 1
    operator = OPERATOR if service == 0 else ""
    level = 3 if service == 0 else 0
    if state.sdk < NAMED:
        named = f"{operator} {operator} {NETWORK}" if operator else "null null null"
        reach = f"{service} {service} voice home data home {named} LTE LTE CSS not supported -1 -1 EmergOnly=false"
        signal = f"SignalStrength: {20 if level else 99} 0 -120 -160 -120 -1 -1 28 -95 -10 80 2147483647 gsm|lte"
    else:
        word = {0: "IN_SERVICE", 1: "OUT_OF_SERVICE", 3: "POWER_OFF"}[service]
        reach = (
            f"{{mVoiceRegState={service}({word}), mDataRegState={service}({word}), mChannelNumber=1850, "
            f"mOperatorAlphaLong={operator or 'null'}, mOperatorAlphaShort={operator or 'null'}, "
            "isManualNetworkSelection=false(automatic), mIsEmergencyOnly=false, mIsUsingCarrierAggregation=false}"
        )
        signal = (
            "SignalStrength:{mLte=CellSignalStrengthLte: rssi=-67 rsrp=-95 rsrq=-10 rssnr=8 "
            f"ta=2147483647 level={level},primary=CellSignalStrengthLte}}"
        )
    return f"  Phone Id={slot - 1}\n    mCallState=0\n    mServiceState={reach}\n    mSignalStrength={signal}\n"


# -- permissions -----------------------------------------------------------------------------------
def _package(state: State) -> str:
    granted = ["CALL_PHONE", "READ_PHONE_STATE", "READ_PRIVILEGED_PHONE_STATE", "MODIFY_PHONE_STATE", "DUMP"]
    if not state.faults.permission_denied:
        granted += ["SEND_SMS", "READ_SMS"]
    if state.sdk >= RECEIVES:
        granted += ["RECEIVE_SMS", "READ_LOGS"]
    if state.reads_calls():
        granted += ["READ_CALL_LOG", "WRITE_CALL_LOG"]
    lines = [f"        android.permission.{name}: granted=true" for name in granted]
    head = "Packages:\n  Package [com.android.shell] (2d5c7e1):\n    userId=2000\n    install permissions:\n"
    return head + "".join(f"{line}\n" for line in lines) + "    User 0: ceDataInode=1 installed=true hidden=false\n"
