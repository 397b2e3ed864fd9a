"""The bridge's own API, `/v1`: one module a subject, described by `api/openapi.yaml`."""

from typing import Any

from api import http_library  # noqa: F401 - before anything imports aiohttp


def __getattr__(name: str) -> Any:
    """`DIALECT`, imported on first use: commands need the operations without HTTP."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.native.dialect import Native

    return Native
