"""What is no PDU is called so, with the reason and the hex kept; nothing else is ever raised."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.model.radio import Concat, Outgoing
from device_drivers.gsm_modem.pdu import (
    Deliver,
    Malformed,
    StatusReport,
    Submit,
    decode,
    encode_deliver,
    encode_report,
    encode_submit,
)

SENT_AT = 1_706_929_506_000
relaxed = settings(deadline=None, max_examples=300)

VALID = [
    encode_submit(Outgoing("m", "+15550101", "hello", 1, 2, concat_ref=5, report=True, validity=3600))[0],
    encode_submit(Outgoing("m", "80555", "你好 😀"))[0],
    encode_deliver("Bank", "hello €", sent_at=SENT_AT, concat=Concat(0x1234, 3, 2, 16)),
    encode_deliver("+15550101", sent_at=SENT_AT, data=bytes(range(140))),
    encode_report("+15550101", 7, 0x30, sent_at=SENT_AT, done_at=SENT_AT),
]


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        ("", "ends inside the service centre's address: 0 of 1"),
        ("00", "ends inside the first octet"),
        ("0", "not hex"),
        ("XY", "not hex"),
        ("OK", "not hex"),
        ("07 91", "not hex"),
        ("０７", "not hex"),
        ("\ud800", "not hex"),
        ("00AG", "not hex"),
        # the length of the service centre's address: 12 octets are more than a type and 20 digits
        ("0C91" + "00" * 20, "service centre's address of 12 octets"),
        ("0791515510", "ends inside the service centre's address"),
        # a sender of 21 digits
        ("00041591" + "00" * 40, "the sender of 21 semi-octets"),
        ("0004089151", "ends inside the sender"),
        ("0004089151551010", "ends inside the protocol identifier"),
        ("000408915155101000", "ends inside the data coding scheme"),
        ("00040891515510100000422030", "ends inside the time stamp"),
        ("0004089151551010000042203040506040", "ends inside the user data length"),
        ("000408915155101000004220304050604005E8329BFD", "ends inside the user data: 4 of 5"),
        # 161 septets, 141 octets
        ("0004089151551010000042203040506040A1" + "00" * 141, "user data of 141 octets"),
        ("00040891515510100008422030405060408D" + "00" * 141, "user data of 141 octets"),
        # header: announced, but no user data; longer than the user data
        ("004408915155101000004220304050604000", "a header of 1 octets in user data of 0"),
        ("00440891515510100008422030405060400405000307", "a header of 6 octets in user data of 4"),
        # more octets behind the user data than in it
        ("000408915155101000084220304050604002" + "0041" + "004200430044", "6 octets follow 2"),
        ("0007" + "00" * 30, "reserved message type 3"),
        # a status report without its status
        ("00062A089151551010" + "42203040506040" * 2, "ends inside the status"),
        ("00062A089151551010" + "42203040506040", "ends inside the discharge time"),
        ("001100089151551010000042", "ends inside the user data length"),
        ("001900089151551010000042", "ends inside the validity period"),
    ],
)
def test_says_what_is_wrong_and_keeps_the_hex(pdu: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason) as refusal:
        decode(pdu)
    assert refusal.value.pdu == pdu
    assert isinstance(refusal.value, ValueError)


def survives(pdu: str) -> bool:
    """Decoding gives one of ours or Malformed with the PDU; any other exception goes through and fails the test."""
    for from_mobile in (False, True):
        for has_smsc in (False, True):
            try:
                decoded: object = decode(pdu, from_mobile=from_mobile, has_smsc=has_smsc)
            except Malformed as refusal:
                decoded = refusal.pdu == pdu and str(refusal) and refusal
            if not isinstance(decoded, Deliver | StatusReport | Submit | Malformed):
                return False
    return True


@relaxed
@given(st.text(st.characters(exclude_categories=[])))
@example("\ud83d")
@example("\x00")
def test_survives_any_text(text: str) -> None:
    assert survives(text)


@relaxed
@given(st.binary(max_size=200))
def test_survives_any_octets(octets: bytes) -> None:
    assert survives(octets.hex())


@relaxed
@given(st.sampled_from(VALID), st.data())
def test_survives_damage_to_a_valid_pdu(pdu: str, data: st.DataObject) -> None:
    octets = bytearray.fromhex(pdu)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert survives(bytes(octets).hex())


@pytest.mark.parametrize("pdu", VALID)
def test_a_valid_pdu_cut_anywhere_is_refused(pdu: str) -> None:
    decode(pdu)
    for end in range(0, len(pdu), 2):
        with pytest.raises(Malformed):
            decode(pdu[:end])


@pytest.mark.parametrize("pdu", VALID)
def test_every_single_wrong_octet_is_survived(pdu: str) -> None:
    octets = bytes.fromhex(pdu)
    for place in range(len(octets)):
        for wrong in (0x00, 0x01, 0x7F, 0x80, 0xFF, octets[place] ^ 0x10):
            assert survives((octets[:place] + bytes((wrong,)) + octets[place + 1 :]).hex())
