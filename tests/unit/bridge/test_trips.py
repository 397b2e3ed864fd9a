from bridge import segments, trips


def test_is_one_part_of_the_plain_alphabet() -> None:
    text = trips.text(trips.new_token())
    assert (segments.count(text), segments.alphabet(text)) == (1, segments.Alphabet.GSM7)


def test_the_token_is_found_in_its_text_and_is_never_the_same() -> None:
    tokens = {trips.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {trips.token_in(trips.text(token)) for token in tokens} == tokens


def test_finds_none_where_there_is_none() -> None:
    token = trips.new_token()
    assert trips.token_in("") == trips.token_in(token) == trips.token_in(trips.text(token)[:-1]) == ""
    assert trips.token_in(trips.text(token) + "a") == ""
    assert trips.token_in(f"{trips.text(token)}.") == token
