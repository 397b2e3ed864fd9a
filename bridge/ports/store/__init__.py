"""The protocols of the durable store, one for each subject.

Each consumer names the ones that it uses; `Store` is all of them, for the composition root. Their own rows are in
`bridge.ports.store_rows`. The same contract tests run on every store there is (`tests/contract/`).
"""

from typing import Protocol

from bridge.ports.store.accounts import AccountStore, CredentialStore, CreditStore, KeyStore
from bridge.ports.store.attention import AttentionStore
from bridge.ports.store.batches import BatchStore
from bridge.ports.store.conversations import ContactStore, ConversationStore
from bridge.ports.store.devices import DeviceStore, LoopbackStore, MemoryStore, ReceivingStore, SendingStore
from bridge.ports.store.events import EventStore
from bridge.ports.store.history import HistoryStore
from bridge.ports.store.inbox import InboxStore
from bridge.ports.store.lists import AuditStore, SuppressionStore, TemplateStore
from bridge.ports.store.messages import MessageStore, PullStore, StatisticsStore, SubmissionStore
from bridge.ports.store.upkeep import HealthStore, TimeStore, UpkeepStore
from bridge.ports.store.users import SessionStore, UserStore
from bridge.ports.store.webhooks import DeliveryStore, EndpointStore, LedgerStore

__all__ = [
    "AccountStore",
    "AttentionStore",
    "AuditStore",
    "BatchStore",
    "ContactStore",
    "ConversationStore",
    "CredentialStore",
    "CreditStore",
    "DeliveryStore",
    "DeviceStore",
    "EndpointStore",
    "EventStore",
    "HealthStore",
    "HistoryStore",
    "InboxStore",
    "KeyStore",
    "LedgerStore",
    "LoopbackStore",
    "MemoryStore",
    "MessageStore",
    "PullStore",
    "ReceivingStore",
    "SendingStore",
    "SessionStore",
    "StatisticsStore",
    "Store",
    "SubmissionStore",
    "SuppressionStore",
    "TemplateStore",
    "TimeStore",
    "UpkeepStore",
    "UserStore",
]


class Store(
    SubmissionStore, MessageStore, StatisticsStore, PullStore,
    SendingStore, ReceivingStore, DeviceStore, LoopbackStore, HistoryStore,
    InboxStore, ConversationStore, ContactStore,
    EndpointStore, DeliveryStore, LedgerStore,
    CredentialStore, AccountStore, KeyStore, CreditStore, TemplateStore, SuppressionStore, AuditStore,
    UserStore, SessionStore, AttentionStore, BatchStore,
    EventStore, UpkeepStore, TimeStore, HealthStore,
    Protocol,
):  # fmt: skip
    """The whole store. A call that returns is on disk; a call that raises changed nothing.

    State change, event and ledger row are one transaction; events go to the bus after it.
    Raises StoreUnavailable when the disk is full, the file locked by another bridge or damaged.
    """

    async def close(self) -> None:
        """Finish pending work, then close the file."""
        ...
