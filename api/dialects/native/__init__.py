"""The bridge's own API, `/v1`: one module a subject, described by `api/openapi.yaml`."""

from api.dialects.native.dialect import Native

DIALECT = Native
