"""Who comes in: credentials, the network address, the account's rate. Asked by every dialect before anything else."""

from bridge.model import Account


class Admission:
    """The door. `gateway.admission` is the one of a bridge."""

    async def enter(self, kind: str, ident: str, secret: str, address: str) -> Account:
        """The account behind an identifier and its secret, called from `address`.

        Kinds and identifiers are those of `bridge.accounts.KINDS`; `ident` is "" for a secret that stands alone.
        Raises UnknownCaller, WrongSecret, AccountDisabled, AddressRefused, TooManyRequests.
        """
        raise AssertionError
