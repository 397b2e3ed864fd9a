"""The bridge's own API, `/v1`: one module a subject, described by `api/openapi.yaml`."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`DIALECT`, imported on first use: commands need the operations without HTTP."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.native.dialect import Native

    return Native
