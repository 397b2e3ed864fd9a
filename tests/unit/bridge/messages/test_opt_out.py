"""What counts as STOP and START, and what is only a text."""

import pytest

from bridge.messages.opt_out import Kind, OptOut

RULES = OptOut()


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop \n", "Stop.", "STOP!!!", "STOP please", "please stop", "Stop, thank you", "“Stop”",

        "stop stop", "STOP \N{POUTING FACE}", "ｓｔｏｐ", "Stop all", "StopAll", "unsubscribe", "Opt-out",
        "opt out please",
        "END", "quit", "td", "TD", "退订", "退订。", "请退订，谢谢", "stop texting me",
        "*STOP*",
    ],
)  # fmt: skip
def test_is_a_stop(text: str) -> None:
    wish = RULES.wish(text)
    assert wish is not None
    assert wish.kind is Kind.STOP


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "please", "thanks", "T", "N", "1", "cancel", "CANCEL", "Stop by at noon", "stop it", "don't stop",
        "The bus stop", "I will end at 5", "stop start", "unstoppable", "st op", "no stop", "the end", "stop " * 30,
        "Please do not quit", "stopped",
    ],
)  # fmt: skip
def test_is_only_a_text(text: str) -> None:
    assert RULES.wish(text) is None


@pytest.mark.parametrize("text", ["START", "start.", "Start please", "unstop", "UNSTOP!", "opt in", "恢复"])
def test_is_a_start(text: str) -> None:
    wish = RULES.wish(text)
    assert wish is not None
    assert wish.kind is Kind.START


def test_the_word_is_told_in_capitals_without_what_is_around_it() -> None:
    assert RULES.wish("stop, please!") == (Kind.STOP, "STOP")
    assert RULES.wish("please opt-out") == (Kind.STOP, "OPT OUT")


def test_languages_and_words_are_configured() -> None:
    german = OptOut(languages=("de",), stop_words=("Cancel", "STOP Acme"), start_words=("ja",))
    asked = {
        text: german.wish(text) for text in ("Abmelden bitte", "cancel", "stop acme!", "ja", "unsubscribe", "退订")
    }
    assert {text: wish and wish.word for text, wish in asked.items()} == {
        "Abmelden bitte": "ABMELDEN", "cancel": "CANCEL", "stop acme!": "STOP ACME", "ja": "JA", "unsubscribe": None,
        "退订": None,
    }  # fmt: skip
    assert OptOut(languages=()).wish("STOP") is None
