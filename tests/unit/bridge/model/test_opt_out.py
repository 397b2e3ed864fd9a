"""The words of each language are understood, and none of them is ambiguous."""

import pytest

from bridge.messages.opt_out import Kind, OptOut
from bridge.model.opt_out import DEFAULT_LANGUAGES, LANGUAGES


def test_the_default_languages_have_words() -> None:
    assert set(DEFAULT_LANGUAGES) <= LANGUAGES.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_language_is_understood_and_none_is_both(language: str) -> None:
    rules = OptOut(languages=(language,))
    for kind, words in ((Kind.STOP, LANGUAGES[language].stop), (Kind.START, LANGUAGES[language].start)):
        for word in words:
            wish = rules.wish(f"{word.upper()}.")
            assert wish is not None, word
            assert wish.kind is kind, word


def test_no_language_takes_a_lone_letter_or_cancel_for_a_stop() -> None:
    every = OptOut(languages=tuple(LANGUAGES))
    assert [every.wish(text) for text in ("t", "n", "cancel", "stop by", "end of may")] == [None] * 5
