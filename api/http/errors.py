"""Errors of the HTTP side, extending `bridge.errors`; every dialect has words for them.

BridgeError
├── BadRequest
│   ├── MissingParameter    a parameter that is needed is not there
│   ├── NotOffered          asked for something that this bridge does not do
│   ├── WrongMethod         a path that is there, but not for this method
│   ├── BodyTooLarge        more bytes than the dialect reads
│   └── BodyTooSlow         it does not come to its end
├── NotAllowed
│   └── InvalidToken        a bearer token that is wrong or has ended
└── NoSuchThing
    └── UnknownPath         nothing at this path
"""

from collections.abc import Collection

from bridge.errors import BadRequest, NoSuchThing, NotAllowed


class MissingParameter(BadRequest):
    """A required parameter is missing."""

    def __init__(self, field: str, hint: str = "") -> None:
        super().__init__(f"The parameter {field} is missing{hint and f' ({hint})'}.", field)


def missing(field: str, problem: str = "") -> BadRequest:
    """The error for a missing parameter: BadRequest if the body's `problem` explains it, else MissingParameter."""
    return BadRequest(problem, "body") if problem else MissingParameter(field)


class NotOffered(BadRequest):
    """This bridge does not offer that."""


class WrongMethod(BadRequest):
    """This path does not answer to that method."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        super().__init__(f"This path answers to {', '.join(sorted(allowed))} only." if allowed else "")
        #: for the header Allow (RFC 9110 §15.5.6)
        self.allowed = tuple(sorted(allowed))


class BodyTooLarge(BadRequest):
    """The request body is too large."""

    def __init__(self, limit: int) -> None:
        size = f"{limit >> 20} MiB" if limit and limit % (1 << 20) == 0 else f"{limit} bytes"
        super().__init__(f"The request body is larger than {size}.")
        #: bytes
        self.limit = limit


class BodyTooSlow(BadRequest):
    """The request body took too long to arrive."""

    def __init__(self, patience: float = 0) -> None:
        super().__init__(f"The request body did not arrive within {patience:g} seconds." if patience else "")


class InvalidToken(NotAllowed):
    """The bearer token is wrong or has expired."""


class UnknownPath(NoSuchThing):
    """Nothing exists at this path."""
