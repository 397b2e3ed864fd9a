"""Files that strangers sent do no harm in a browser."""

import pytest

from api.dialect.downloads import as_download
from bridge.model.media import Media


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("image/jpeg", "image/jpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("Video/MP4", "video/mp4"),
        ("application/pdf", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("image/png\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_only_what_shows_or_plays_has_its_own_type(said: str, told: str) -> None:
    kind, headers = as_download(Media(said, b"x"))
    assert kind == told
    assert headers["Content-Disposition"] == "attachment"
    assert headers["X-Content-Type-Options"] == "nosniff"
