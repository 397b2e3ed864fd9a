"""What callers put into headers: read as the standards say, and never guessed at."""

import base64

import pytest

from api.dialect.credential_headers import basic, bearer


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER a.b-c_~+/=", "a.b-c_~+/="),
        ("Bearer", ""),
        ("Bearerabc", ""),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
    ],
)
def test_reads_a_bearer_token(header: str, token: str) -> None:
    assert bearer({"Authorization": header}) == token


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        (f"Basic {coded('till:secret')}", ("till", "secret")),
        (f"basic  {coded('till:a:b')}", ("till", "a:b")),
        (f"Basic {coded(':secret')}", ("", "secret")),
        (f"Basic {coded('till:')}", ("till", "")),
        (f"Basic {coded('tëll:sécret')}", ("tëll", "sécret")),
        (f"Basic {coded('no colon')}", None),
        ("Basic !!!", None),
        ("Basic dGls", None),
        (f"Basic {base64.b64encode(bytes([255, 58, 255])).decode()}", None),
        (f"Bearer {coded('till:secret')}", None),
        ("", None),
    ],
)
def test_reads_a_user_and_password(header: str, pair: tuple[str, str] | None) -> None:
    assert basic({"Authorization": header}) == pair


def test_no_header_is_no_credentials() -> None:
    assert (bearer({}), basic({})) == ("", None)
