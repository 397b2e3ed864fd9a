"""Signatures of webhooks, beside those that other programs make."""

import hashlib
import hmac

from api.webhooks.signing import sign


def test_a_signature_is_the_one_that_another_program_computes() -> None:
    """The bytes are the published envelope of a received SMS; the digest comes from the openssl command."""
    body = (
        b'{"id":"8e9a1207-e3a4-4550-a4af-3dad6cff5108","type":"sms.received","api_version":"2026-09-22",'
        b'"created_at":"2026-09-23T12:00:01Z","occurred_at":"2026-09-23T12:00:00Z","data":{"guid":"SMS-GUID-1001",'
        b'"from":"+15550100","message":"Can you call me back?","received_at":"2026-09-23T12:00:00Z",'
        b'"alias":"Taylor","device_id":"office-phone-1"}}'
    )
    assert sign("test-secret", 1790164801, body) == (
        "v1=e72a442eba277d14381edd05c1d5407e8c1f8ff612eca94b61360d7aba0e6e60"
    )


def test_a_signature_covers_time_and_every_byte_of_the_body() -> None:
    signatures = {sign("s", 1, b"{}"), sign("s", 2, b"{}"), sign("s", 1, b"{ }"), sign("t", 1, b"{}")}
    assert len(signatures) == 4


def test_a_signature_takes_a_secret_as_utf_8() -> None:
    expected = hmac.new("schlüssel".encode(), b"5.{}", hashlib.sha256).hexdigest()
    assert sign("schlüssel", 5, b"{}") == f"v1={expected}"
