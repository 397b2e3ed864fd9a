"""What is written is read back, for anything that fits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.messages.segmentation import GSM7_DEFAULT, split
from bridge.model.radio import Concat, Outgoing
from device_drivers.gsm_modem.pdu import (
    Deliver,
    StatusReport,
    Submit,
    decode,
    deliver_of_submit,
    encode_deliver,
    encode_report,
    encode_submit,
    join,
)
from device_drivers.gsm_modem.pdu.validity import period, seconds

relaxed = settings(deadline=None, max_examples=150)

numbers = st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True).map(lambda text: text.translate(str.maketrans("", "", "\n")))
names = st.text(st.sampled_from(GSM7_DEFAULT.replace("\x1b", "")), min_size=1, max_size=11)
#: whole seconds from 2000-01-02 to 2089-12-30, so that no zone leads out of the years that two digits can say
moments = st.integers(946_771_200, 3_786_739_200).map(lambda seconds: seconds * 1000)
zones = st.integers(-79, 79).map(lambda quarters: 15 * quarters)
places = st.one_of(
    st.none(),
    st.builds(
        lambda bits, reference, total, index: Concat(reference % (1 << bits), total, 1 + index % total, bits),
        st.sampled_from((8, 16)),
        st.integers(0, 0xFFFF),
        st.integers(1, 255),
        st.integers(0, 254),
    ),
)
#: short enough for one part whatever the alphabet, lone surrogates and all
texts = st.text(st.characters(exclude_categories=[]), max_size=33)


@relaxed
@given(numbers | names, texts, moments, zones, places)
def test_a_deliver(sender: str, text: str, sent_at: int, zone: int, concat: Concat | None) -> None:
    decoded = decode(encode_deliver(sender, text, sent_at=sent_at, zone=zone, concat=concat))
    assert isinstance(decoded, Deliver)
    assert (decoded.sender, decoded.sent_at, decoded.zone, decoded.concat) == (sender, sent_at, zone, concat)
    assert (decoded.text, join([decoded.text])) == (recoded(text), join([text]))


def recoded(text: str) -> str:
    """Two halves that stand side by side are a pair in UTF-16, and nothing else."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@relaxed
@given(numbers, texts, st.booleans(), st.integers(0, 10**8), st.integers(1, 255), st.integers(0, 255), st.data())
def test_a_submit(
    recipient: str, text: str, report: bool, validity: int, total: int, reference: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(1, total))
    part = Outgoing("m", recipient, text, index, total, reference, report, validity)
    pdu, length = encode_submit(part)
    assert length == len(pdu) // 2 - 1
    decoded = decode(pdu, from_mobile=True)
    assert isinstance(decoded, Submit)
    assert (decoded.recipient, decoded.text, decoded.report) == (recipient, recoded(text), report)
    assert decoded.validity == (seconds(period(validity)) if validity else None)
    assert decoded.concat == (Concat(reference, total, index) if total > 1 else None)


@relaxed
@given(st.text(st.sampled_from("ab€字😀"), max_size=400), numbers, moments, zones)
def test_a_message_through_the_service_centre(text: str, sender: str, sent_at: int, zone: int) -> None:
    parts = split(text)
    heard = []
    for index, part in enumerate(parts, 1):
        pdu, _ = encode_submit(Outgoing("m", "+15550101", part, index, len(parts), concat_ref=42))
        recipient, report, deliver = deliver_of_submit(pdu, sender, sent_at=sent_at, zone=zone)
        assert (recipient, report) == ("+15550101", True)
        decoded = decode(deliver)
        assert isinstance(decoded, Deliver)
        assert (decoded.sender, decoded.sent_at) == (sender, sent_at)
        heard.append(decoded.text)
    assert join(heard) == text


@relaxed
@given(numbers, st.integers(0, 255), st.integers(0, 255), moments, moments)
def test_a_report(recipient: str, reference: int, status: int, sent_at: int, done_at: int) -> None:
    decoded = decode(encode_report(recipient, reference, status, sent_at=sent_at, done_at=done_at))
    assert isinstance(decoded, StatusReport)
    assert (decoded.recipient, decoded.reference, decoded.status) == (recipient, reference, status)
    assert (decoded.sent_at, decoded.done_at) == (sent_at, done_at)


@given(st.binary(max_size=134), places)
@settings(deadline=None, max_examples=50)
def test_octets(data: bytes, concat: Concat | None) -> None:
    if concat and concat.bits == 16:
        data = data[:133]
    decoded = decode(encode_deliver("+15550101", sent_at=0, data=data, concat=concat))
    assert isinstance(decoded, Deliver)
    assert (decoded.data, decoded.concat) == (data, concat)


@given(st.integers(300, 10**8))
@settings(deadline=None)
def test_a_validity_is_the_longest_that_is_not_too_long(wanted: int) -> None:
    octet = period(wanted)
    assert seconds(octet) <= wanted
    assert octet == 255 or seconds(octet + 1) > wanted
