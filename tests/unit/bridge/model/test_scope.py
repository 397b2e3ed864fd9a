"""Scopes in words and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.scope import EVERYTHING, FULL, Scope, read, written


@given(st.frozensets(st.sampled_from(Scope)))
def test_what_is_written_is_read_back(scopes: frozenset[Scope]) -> None:
    assert read(written(scopes)) == scopes


def test_words_stand_in_the_order_of_the_table_whatever_order_they_were_given_in() -> None:
    assert written([Scope.ADMIN, Scope.READ, Scope.SEND, Scope.READ]) == "send read admin"


@pytest.mark.parametrize("words", ["send,read", "Send", "send *", "everything"])
def test_a_word_that_is_no_scope_grants_nothing(words: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Scope"):
        read(words)


def test_an_accounts_own_credentials_may_do_everything() -> None:
    assert (FULL.scopes, FULL.expires_at) == (EVERYTHING, 0)
