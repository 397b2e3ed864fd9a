"""The store, composed of one module for each subject, on whatever engine."""

from bridge.store.account_admin import AccountAdmin
from bridge.store.accounts import Accounts
from bridge.store.attention import Attention
from bridge.store.audit_log import AuditLog
from bridge.store.balance import Balance
from bridge.store.batches import Batches
from bridge.store.clock_steps import ClockSteps
from bridge.store.contacts import Contacts
from bridge.store.conversations import Conversations
from bridge.store.counts import Counts
from bridge.store.deliveries import Deliveries
from bridge.store.endpoints import Endpoints
from bridge.store.event_log import EventLog
from bridge.store.health import Health
from bridge.store.inbox import Inbox
from bridge.store.keys import Keys
from bridge.store.lifecycle import Lifecycle
from bridge.store.line_history import LineHistory
from bridge.store.loopbacks import Loopbacks
from bridge.store.messages import Messages
from bridge.store.notifications import Notifications
from bridge.store.phones import Phones
from bridge.store.pulls import Pulls
from bridge.store.receiving import Receiving
from bridge.store.retention import Retention
from bridge.store.search import Search
from bridge.store.sessions import Sessions
from bridge.store.settling import Settling
from bridge.store.submission import Submission
from bridge.store.suppression import Suppression
from bridge.store.users import Users


class Subjects(
    Submission, Messages, Counts, Search, Lifecycle, Settling, Pulls,
    Receiving, Inbox, Conversations, Contacts, Phones, Loopbacks, LineHistory,
    Endpoints, Deliveries, EventLog, Notifications,
    Accounts, AccountAdmin, Keys, Balance, Suppression, AuditLog,
    Users, Sessions, Attention, Batches,
    Retention, ClockSteps, Health,
):  # fmt: skip
    """Implements `bridge.ports.store.Store`, but for how it is opened."""
