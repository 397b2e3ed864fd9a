"""Status reports, built octet by octet from 3GPP TS 23.040 §9.2.2.3."""

from datetime import datetime

import pytest

from bridge.model.message import State
from device_drivers.gsm_modem.pdu import StatusReport, decode, encode_report, outcome

SENT_AT = int(datetime.fromisoformat("2024-02-03T04:05:06+01:00").timestamp()) * 1000
PDU = (
    "0591" + "51551000"  # the service centre, +15550100
    "06"  # STATUS-REPORT, no more messages
    "2A"  # the reference of the part, 42
    "089151551010"  # +15550101
    "42203040506040"  # taken by the service centre 2024-02-03 04:05:06 +01:00
    "42203040602140"  # delivered 04:06:12
    "00"  # received by the phone
)


def test_reads_every_field() -> None:
    assert decode(PDU) == StatusReport(
        recipient="+15550101",
        reference=42,
        status=0,
        sent_at=SENT_AT,
        done_at=SENT_AT + 66_000,
        zone=60,
        smsc="+15550100",
        first_octet=6,
    )


def test_writes_the_same_octets() -> None:
    assert encode_report("+15550101", 42, 0, sent_at=SENT_AT, done_at=SENT_AT + 66_000, zone=60) == PDU


@pytest.mark.parametrize("rest", ["00", "FF", "07000400", "0700040548", "FFFFFFFFFF", "04FF"])
def test_what_follows_the_status_costs_no_report(rest: str) -> None:
    """TP-PI and the fields that it announces are optional, and networks get them wrong."""
    decoded = decode(PDU + rest)
    assert isinstance(decoded, StatusReport)
    assert (decoded.reference, decoded.status) == (42, 0)


def test_broken_times_cost_no_report() -> None:
    decoded = decode("0006" + "2A" + "089151551010" + "00000000000000" + "FFFFFFFFFFFFFF" + "46")
    assert isinstance(decoded, StatusReport)
    assert (decoded.sent_at, decoded.done_at, decoded.status) == (None, None, 0x46)
    assert decoded.outcome == (State.FAILED, "permanent error: validity period expired (TP-ST 0x46)")


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        (range(0x03), State.DELIVERED),
        (range(0x03, 0x10), State.FAILED),  # reserved: counts as "service rejected"
        (range(0x10, 0x20), State.DELIVERED),  # the service centre's own, in the group "completed"
        (range(0x20, 0x26), State.SENT),  # still trying
        (range(0x26, 0x30), State.FAILED),  # reserved
        (range(0x30, 0x40), State.SENT),
        (range(0x40, 0x60), State.FAILED),  # permanent
        (range(0x60, 0x80), State.FAILED),  # temporary, but given up
        (range(0x80, 0x100), State.FAILED),  # reserved
    ],
)
def test_every_status_has_a_state_and_words(codes: range, state: State) -> None:
    for code in codes:
        found, words = outcome(code)
        assert found is state
        assert words.endswith(f"(TP-ST 0x{code:02X})")


def test_the_three_ways_of_arriving_read_differently() -> None:
    assert len({outcome(code)[1].partition(" (")[0] for code in range(3)}) == 3


@pytest.mark.parametrize("recipient", ["Bank", "", "+1 555 0101"])
def test_refuses_to_write_a_report_for_no_number(recipient: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        encode_report(recipient, 1, 0, sent_at=SENT_AT, done_at=SENT_AT)
