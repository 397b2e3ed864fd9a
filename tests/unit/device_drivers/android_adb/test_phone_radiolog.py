"""What lines of the radio log prove of one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Refusal
from device_drivers.android_adb import radiolog

OURS = 4711000000000000007
US, THEM, OLD = f"{{x-message-id:{OURS}}}", "{x-message-id:0}", "{x-message-id:8}"
SERVED = f"sendSms:  isIms()=false mRetryCount=0 mImsRetry=0 mMessageRef=0 mUsesImsServiceForIms=false SS=0 {US}"
FAILED = "Persist SMS into FAILED"


def line(text: str, thread: int = 1542, at: str = "1732147200.123") -> str:
    tag = "RILJ" if "SEND_SMS" in text else "SMSDispatcher"
    return f"{at}  1542  {thread} D {tag}: {text}"


def taken(about: str = US) -> str:
    return f"[0001]< SEND_SMS {{ mMessageRef = 1, mErrorCode = -1, mAckPdu = null, {about}}} [PHONE0]"


def answered(error: str, cause: int, about: str = US) -> str:
    words = f"com.android.internal.telephony.CommandException: {error}"
    return f"[0001]< SEND_SMS error: {words} ret={{ mMessageRef = 0, mErrorCode = {cause}, mAckPdu = null, {about}}}"


@pytest.mark.parametrize(
    "texts",
    [
        [taken()],
        [f"SMS send complete. Broadcasting intent: null {US}"],
        [f"[0001]< RIL_REQUEST_SEND_SMS {{ mMessageRef = 1, mErrorCode = 0, mAckPdu = null, messageId = {OURS}}}"],
        [f"SMS send failed {US}", answered("SMS_FAIL_RETRY", -1), "SMS retry..", taken()],
        [taken(), FAILED],
        [taken(), f"SMS send complete. Broadcasting intent: null {US}", f"SMS send failed {THEM}", FAILED],
    ],
)
def test_the_radio_says_that_it_took_our_message(texts: list[str]) -> None:
    assert radiolog.understand(map(line, texts), OURS, 1).sent


@pytest.mark.parametrize(
    ("texts", "means"),
    [
        ([answered("NETWORK_REJECT", 21)], Refusal.PERMANENT),
        ([answered("NETWORK_REJECT", 42)], Refusal.TEMPORARY),
        ([answered("NETWORK_REJECT", -1)], Refusal.TEMPORARY),
        ([answered("GENERIC_FAILURE", 8)], Refusal.CREDIT),
        ([answered("GENERIC_FAILURE", 331)], Refusal.NETWORK),
        ([answered("NETWORK_REJECT", 38)], Refusal.NETWORK),
        ([answered("NETWORK_NOT_READY", -1)], Refusal.NETWORK),
        ([answered("SIM_ABSENT", -1)], Refusal.LINE),
        ([answered("ACCESS_BARRED", -1)], Refusal.LINE),
        ([answered("SMS_FAIL_RETRY", 41)] * 4, Refusal.TEMPORARY),
        ([f"SMS send failed {US}", FAILED, "SMS failed with error 102, errorCode 1"], Refusal.PERMANENT),
        ([f"SMS failed with error 10, errorCode 21 {{x-message-id: {OURS}}}"], Refusal.PERMANENT),
        ([f"SMS failed with error RESULT_NETWORK_ERROR, errorCode 38 {US}"], Refusal.NETWORK),
        ([f"SMS failed with error 8, errorCode -1 {US}"], Refusal.PERMANENT),
        ([f"getSubmitPdu() returned null {US}"], Refusal.PERMANENT),
        ([SERVED.replace("SS=0", "SS=3"), FAILED], Refusal.NETWORK),
        ([SERVED.replace("SS=0", "SS=1"), FAILED], Refusal.NETWORK),
    ],
)
def test_a_definite_no_about_our_message(texts: list[str], means: Refusal) -> None:
    refusal = radiolog.understand(map(line, texts), OURS, 1).refusal
    assert refusal is not None
    assert refusal.refusal is means


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [f"sendText id: {US}", SERVED, "[0001]> SEND_SMS [PHONE0]"],
        [f"SMS send failed {US}"],
        [f"SMS send failed {THEM}", FAILED, "SMS failed with error 102, errorCode 21"],
        [f"SMS failed with error 10, errorCode 1 {THEM}"],
        [f"SMS failed with error 10, errorCode 1 {OLD}"],
        [FAILED, "SMS failed with error 10, errorCode 21"],
        [SERVED, f"SMS send failed {THEM}", FAILED, "SMS failed with error 102, errorCode 21"],
        [SERVED, "something else", FAILED, "SMS failed with error 102, errorCode 21"],
        [SERVED, FAILED],
        [SERVED.replace("mRetryCount=0", "mRetryCount=1").replace("SS=0", "SS=1"), FAILED],
        [SERVED.replace("isIms()=false", "isIms()=true").replace("SS=0", "SS=1"), FAILED],
        [taken(THEM)],
        [taken(OLD)],
        [answered("NETWORK_REJECT", 21, THEM)],
        [answered("SMS_FAIL_RETRY", 38)] * 3,
        [answered("GENERIC_FAILURE", -1)],
        [answered("GENERIC_FAILURE", 332)],
        [answered("GENERIC_FAILURE", 500)],
        [answered("NETWORK_REJECT", 197)],
        [answered("RADIO_NOT_AVAILABLE", -1)],
        [answered("MODEM_ERR", -1)],
        [f"SMS failed with error 1, errorCode -1 {US}"],
        ["getSubmitPdu() returned null"],
        ["Denied because queue limit reached"],
    ],
)
def test_nothing_is_proved_by_what_is_not_about_us_or_no_end(texts: list[str]) -> None:
    told = radiolog.understand(map(line, texts), OURS, 1)
    assert (told.sent, told.refusal) == (False, None)


@pytest.mark.parametrize("number", [0, OURS])
def test_without_numbers_a_failure_may_be_ours(number: int) -> None:
    told = radiolog.understand(map(line, [FAILED]), number, 1)
    assert (told.sent, told.refusal, told.named) == (False, None, False)
    assert "does not say which" in told.doubt


def test_a_failure_without_number_is_another_ones_where_ours_has_one() -> None:
    told = radiolog.understand(map(line, [f"sendText id: {US}", "[1]> SEND_SMS", FAILED]), OURS, 1)
    assert (told.named, told.doubt) == (True, "")


def test_another_thread_says_nothing_about_our_line() -> None:
    lines = [line(f"SMS send failed {US}", 1), line("SMS failed with error 102, errorCode 21", 2)]
    assert radiolog.understand(lines, OURS, 1).refusal is None


def test_every_part_has_to_be_settled() -> None:
    assert not radiolog.understand(map(line, [taken()] * 2), OURS, 3).sent
    assert radiolog.understand(map(line, [taken()] * 3), OURS, 3).sent
    part = answered("NETWORK_REJECT", 42)
    assert radiolog.understand(map(line, [part, taken()]), OURS, 3).refusal is None
    assert radiolog.understand(map(line, [part, taken(), taken()]), OURS, 3).refusal is not None
    doubtful = radiolog.understand(map(line, [part, answered("GENERIC_FAILURE", -1), taken()]), OURS, 3)
    assert (doubtful.refusal, doubtful.doubt) == (None, "the phone could not send it, and does not say why")


def test_only_what_comes_after_a_line_counts_whatever_the_phones_clock_says() -> None:
    old, mark, new = line("SMS send failed"), line("idle", at="9999999999.0"), line("new", at="1.0")
    out = f"--------- beginning of radio\n{old}\n{mark}\n{new}\n"
    assert radiolog.last(out) == new
    assert radiolog.after(out, mark) == [new]
    assert radiolog.after(out, "") == [old, mark, new]
    assert radiolog.after(out, "rotated away") == [old, mark, new]
    assert radiolog.last("--------- beginning of radio\n") == ""


@given(st.lists(st.text()), st.integers(1, 1 << 62))
def test_no_log_whatever_breaks_it(lines: list[str], number: int) -> None:
    told = radiolog.understand(lines, number, 1)
    assert not (told.sent and told.refusal)
