"""The smallest dialect there can be: one folder, which a test puts among the others."""

from api.dialects.tiny.dialect import Tiny

DIALECT = Tiny
