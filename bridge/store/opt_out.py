"""What recipients ask for who write STOP or START: done in the transaction in which their SMS is kept."""

import secrets
import sqlite3

from bridge.accounts.credentials import OPERATOR
from bridge.errors import InvalidNumber
from bridge.messages import phone_numbers, segmentation
from bridge.messages.opt_out import Kind
from bridge.model.account import THE_RECIPIENT, Author
from bridge.model.event import RECIPIENT_STARTED, RECIPIENT_STOPPED
from bridge.model.inbox import Received
from bridge.model.line import Channel
from bridge.model.message import WHATSAPP_ROUTE, Message, State
from bridge.model.opt_out import Scope
from bridge.store import acceptance, accounts, counts, event_log, suppression
from bridge.store.audit_log import audit
from bridge.store.suppression import ENTRIES_OF, EVERY_LINE, TAIL, WROTE, Stop
from bridge.store.writer import Tx

#: what an account sent by a line to numbers with such an end; the newest tell enough
RECIPIENTS_OF = (
    "SELECT DISTINCT recipient FROM (SELECT recipient, line FROM messages INDEXED BY messages_recipient "
    f"WHERE substr(recipient, -{TAIL}) = ? AND account = ? ORDER BY seq DESC LIMIT 1000) newest WHERE line = ?"
)
#: an answer that could not be sent for so long is not sent any more, ms
ANSWER_LIFE = 24 * 3600 * 1000
#: of the answers to STOP and START
DIALECT = "opt_out"


def heed(tx: Tx, received: Received, now: int) -> None:
    """Do what a recipient asks for. What changes nothing is not told, audited or answered again."""
    wish = tx.opt_out.wish(received.text)
    if wish is None or not received.sender or received.data:
        return
    by = Author(THE_RECIPIENT, received.received_at)
    if wish.kind is Kind.STOP:
        done, name, answer = _stop(tx, received, wish.word, by), RECIPIENT_STOPPED, tx.opt_out.answer
    else:
        done, name, answer = _start(tx, received, by), RECIPIENT_STARTED, tx.opt_out.start_answer
    if done:
        event_log.tell(tx, name, "", now, received.sender, _told(tx, received, wish.word))
        _reply(tx, received, answer, now)


def _stop(tx: Tx, received: Received, word: str, by: Author) -> bool:
    """Whether anything is different now."""
    if tx.opt_out.scope is Scope.ACCOUNT:
        put = [_stop_account(tx, *each, word, by) for each in sorted(_concerned(tx.conn, received))]
        return any(put)
    line = EVERY_LINE if tx.opt_out.scope is Scope.BRIDGE else _route(received)
    if not suppression.stop(tx, Stop(line, received.device, received.sender, word, by.at)):
        return False
    where = "any line" if line == EVERY_LINE else line
    audit(tx, by, "suppress", "", f"{received.sender}, wrote {word} to {received.line}: for every account by {where}")
    return True


def _stop_account(tx: Tx, account: str, number: str, word: str, by: Author) -> bool:
    if not suppression.put(tx, account, number, WROTE + word, by.at):
        return False
    audit(tx, by, "suppress", account, f"{number}, wrote {word}")
    return True


def _start(tx: Tx, received: Received, by: Author) -> bool:
    """Whether anything is different now. What STOP did under another scope is lifted, too."""
    lifted = suppression.lift(tx, received.sender, by, _route(received))
    for account in sorted({account for account, _ in _concerned(tx.conn, received)}):
        for number, reason in tx.conn.execute(ENTRIES_OF, (account, received.sender[-TAIL:])).fetchall():
            if reason.startswith(WROTE) and phone_numbers.same_subscriber(number, received.sender):
                suppression.take_off(tx, account, number, by)
                lifted = True
    return lifted


def _concerned(conn: sqlite3.Connection, received: Received) -> set[tuple[str, str]]:
    """The accounts that sent to this sender on this line, all when none did, with each spelling of its number."""
    found = {
        (account, number)
        for account in {account for account, _ in counts.totals(conn)}
        for (number,) in conn.execute(RECIPIENTS_OF, (received.sender[-TAIL:], account, received.line))
        if phone_numbers.same_subscriber(number, received.sender)
    }
    names = {account for account, _ in found} or {account.name for account in accounts.everyone(conn)}
    return found | {(name, received.sender) for name in names}


def _told(tx: Tx, received: Received, word: str) -> dict[str, str]:
    """What the event says."""
    return {
        "number": received.sender,
        "word": word,
        "line": received.line,
        "device": received.device,
        "scope": tx.opt_out.scope.value,
        "received": received.id,
    }


def _route(received: Received) -> str:
    """The route to the line that it came to."""
    return received.line if received.channel is Channel.SMS else f"{WHATSAPP_ROUTE}{received.line}"


def _reply(tx: Tx, received: Received, text: str, now: int) -> None:
    """By the line it came to, for the operator account, past every list: it is what the recipient waits for."""
    try:
        recipient = phone_numbers.normalise(received.sender)
    except InvalidNumber:
        return
    if not text or len(recipient) <= phone_numbers.SHORT_CODE_DIGITS:
        return
    message = Message(
        id=f"{now:012x}{secrets.token_hex(14)}",
        account=OPERATOR,
        recipient=recipient,
        written=received.sender,
        text=text,
        state=State.QUEUED,
        created_at=now,
        updated_at=now,
        due_at=now,
        expires_at=now + ANSWER_LIFE,
        route=_route(received),
        parts=segmentation.count(text) if received.channel is Channel.SMS else 1,
        dialect=DIALECT,
    )
    acceptance.insert(tx, (message,), freely=True)
