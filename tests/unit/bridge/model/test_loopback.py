from bridge.messages import segmentation
from bridge.model import loopback
from bridge.model.radio import Alphabet


def test_is_one_part_of_the_plain_alphabet() -> None:
    text = loopback.text(loopback.new_token())
    assert (segmentation.count(text), segmentation.alphabet(text)) == (1, Alphabet.GSM7)


def test_the_token_is_found_in_its_text_and_is_never_the_same() -> None:
    tokens = {loopback.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {loopback.token_in(loopback.text(token)) for token in tokens} == tokens


def test_finds_none_where_there_is_none() -> None:
    token = loopback.new_token()
    assert loopback.token_in("") == loopback.token_in(token) == loopback.token_in(loopback.text(token)[:-1]) == ""
    assert loopback.token_in(loopback.text(token) + "a") == ""
    assert loopback.token_in(f"{loopback.text(token)}.") == token
