"""What stays of a page where nothing shows HTML."""

import pytest

from bridge.monitoring.plain_text import plain


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<div>one</div><div>two &amp; 3 < 4</div>", "one\ntwo & 3 < 4\n"),
        ("<p>Your   order\n</p><ul><li>a<li>b</ul>bye<br>Ana", "Your order\na\nbbye\nAna\n"),
        ("", "\n"),
    ],
)
def test_blocks_become_lines_and_markup_goes(page: str, text: str) -> None:
    assert plain(page) == text
