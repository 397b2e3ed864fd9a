"""A provider's refusal, with its error code."""

from bridge.errors import Refusal, SendRefused


class ProviderRefused(SendRefused):
    """The provider refused the call."""

    def __init__(self, code: str, cause: str, refusal: Refusal) -> None:
        super().__init__(cause, refusal)
        #: the provider's own
        self.code = code
