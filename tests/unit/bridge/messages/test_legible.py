"""Texts of others as a log and a terminal may show them."""

from bridge.messages.legible import plain


def test_what_steers_a_terminal_is_replaced_and_letters_stay() -> None:
    assert plain("a\x1b[31mb\nc\ud800") == "a\ufffd[31mb\ufffdc\ufffd"
    assert plain("سلام 👩\u200d💻 é") == "سلام 👩\u200d💻 é"
