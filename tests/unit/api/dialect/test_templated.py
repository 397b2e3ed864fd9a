"""What a message was made with, in its tag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dialect.templated import tag, told

WORDS = st.text(st.characters(blacklist_characters=";=", blacklist_categories=("Cs",)), min_size=1)


@given(st.text(st.characters(blacklist_characters=";", blacklist_categories=("Cs",)), min_size=1), WORDS)
def test_what_is_put_into_a_tag_comes_out_of_it(template: str, provider: str) -> None:
    assert told(tag(template_id=template, provider=provider)) == {"template_id": template, "provider": provider}


def test_what_is_empty_takes_no_room() -> None:
    assert tag(template_id="7", provider="") == "template_id=7"


@pytest.mark.parametrize("text", ["", "spring sale", "provider=x;template_id=7", "see template_id=7"])
def test_a_callers_own_tag_is_not_taken_for_ours(text: str) -> None:
    assert told(text) == {}
