"""Credentials in request headers."""

import base64
from collections.abc import Mapping


def bearer(headers: Mapping[str, str]) -> str:
    """The token of `Authorization: Bearer …` (RFC 6750 §2.1); "" without one."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """User and password of `Authorization: Basic …` (RFC 7617); None when missing or malformed."""
    scheme, _, coded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except ValueError:  # binascii.Error and UnicodeDecodeError are such
        return None
    return (user, password) if colon else None
