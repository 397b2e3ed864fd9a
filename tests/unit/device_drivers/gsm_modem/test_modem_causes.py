"""Error codes in people's words, and what they mean for the next try."""

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from device_drivers.gsm_modem import causes


@pytest.mark.parametrize(
    ("final", "cause", "means"),
    [
        ("+CMS ERROR: 42", "+CMS ERROR: 42 (congestion)", Refusal.TEMPORARY),
        ("+CMS ERROR: 41", "+CMS ERROR: 41 (temporary failure)", Refusal.TEMPORARY),
        ("+CMS ERROR: 331", "+CMS ERROR: 331 (no network service)", Refusal.NETWORK),
        ("+CMS ERROR: 1", "+CMS ERROR: 1 (unassigned number)", Refusal.PERMANENT),
        ("+CMS ERROR: 96", "+CMS ERROR: 96 (invalid mandatory information)", Refusal.PERMANENT),
        ("+CMS ERROR: 8", "+CMS ERROR: 8 (operator determined barring, often no credit left)", Refusal.CREDIT),
        ("+CMS ERROR: insufficient credit", "+CMS ERROR: insufficient credit", Refusal.CREDIT),
        ("+CMS ERROR: 310", "+CMS ERROR: 310 (SIM not inserted)", Refusal.LINE),
        ("+CMS ERROR:330", "+CMS ERROR:330 (SMSC address unknown)", Refusal.LINE),
        ("+CMS ERROR: 196", "+CMS ERROR: 196 (recipient barred)", Refusal.PERMANENT),
        ("+CMS ERROR: 161", "+CMS ERROR: 161 (command unsupported)", Refusal.PERMANENT),
        ("+CMS ERROR: 170", "+CMS ERROR: 170 (refused by the service centre)", Refusal.PERMANENT),
        ("+CMS ERROR: 777", "+CMS ERROR: 777 (not in the standard)", Refusal.TEMPORARY),
        ("+CMS ERROR: SIM busy", "+CMS ERROR: SIM busy", Refusal.NETWORK),
        ("+CMS ERROR: Network timeout", "+CMS ERROR: Network timeout", Refusal.TEMPORARY),
        ("+CMS ERROR: SIM PUK necessary", "+CMS ERROR: SIM PUK necessary (SIM PUK required)", Refusal.LINE),
        ("+CMS ERROR: Unknown error", "+CMS ERROR: Unknown error", Refusal.TEMPORARY),
        ("+CMS ERROR: some maker's own words", "+CMS ERROR: some maker's own words", Refusal.TEMPORARY),
        ("+CME ERROR: 10", "+CME ERROR: 10 (SIM not inserted)", Refusal.LINE),
        ("+CME ERROR: 30", "+CME ERROR: 30 (no network service)", Refusal.NETWORK),
        ("ERROR", "ERROR (the modem gives no reason)", Refusal.TEMPORARY),
        ("COMMAND NOT SUPPORT", "COMMAND NOT SUPPORT (this port of the modem cannot send SMS)", Refusal.LINE),
    ],
)
def test_says_what_a_refusal_means(final: str, cause: str, means: Refusal) -> None:
    refused = causes.refusal(final)
    assert (refused.cause, refused.refusal) == (cause, means)
    assert refused.message == cause


@pytest.mark.parametrize("final", ["+CMS ERROR: 515", "+CMS ERROR: 314", "+CMS ERROR: SIM busy", "+CME ERROR: 14"])
def test_knows_that_the_same_command_works_a_little_later(final: str) -> None:
    assert causes.is_busy(final)


@pytest.mark.parametrize("final", ["OK", "ERROR", "+CMS ERROR: 500", "+CME ERROR: 10", "+CME ERROR: SIM busy?"])
def test_does_not_wait_for_what_will_not_change(final: str) -> None:
    assert not causes.is_busy(final)


def test_every_code_has_words_and_a_consequence() -> None:
    for table in (causes.CMS, causes.CME, causes.WORDS):
        for words, means in table.values():
            assert words
            assert isinstance(means, Refusal)


@pytest.mark.parametrize(
    "final",
    [
        "ERROR",
        "ABORTED",
        "NO CARRIER",
        "COMMAND NOT SUPPORT",
        "+CMS ERROR: 0",
        "+CMS ERROR: 197",
        "+CMS ERROR: 300",
        "+CMS ERROR: 320",
        "+CMS ERROR: 332",
        "+CMS ERROR: 340",
        "+CMS ERROR: 400",
        "+CMS ERROR: 500",
        "+CMS ERROR: 512",
        "+CMS ERROR: 538",
        "+CMS ERROR: Unknown error",
        "+CMS ERROR: something new",
        "+CME ERROR: 0",
        "+CME ERROR: 31",
        "+CME ERROR: 100",
        "+CME ERROR: 9999",
    ],
)
def test_behind_the_pdu_this_proves_nothing(final: str) -> None:
    assert isinstance(causes.after_hand_over(final), OutcomeUnknown)


#: the network's own words, and what the modem looks at before it transmits
NOES = (*range(1, 197), *range(198, 256), *range(301, 306), *range(310, 319), 321, 322, 330, 331)


@pytest.mark.parametrize("code", NOES)
def test_behind_the_pdu_this_is_a_definite_no(code: int) -> None:
    assert isinstance(causes.after_hand_over(f"+CMS ERROR: {code}"), SendRefused)


def test_a_refusal_for_lack_of_credit_is_definite_in_whatever_words() -> None:
    refused = causes.after_hand_over("+CMS ERROR: Insufficient balance")
    assert isinstance(refused, SendRefused)
    assert refused.refusal is Refusal.CREDIT
