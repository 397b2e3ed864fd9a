"""Accounts: terms, credits, templates, suppressed numbers, keys and the audit trail."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.messages.templates import places
from bridge.model.account import Account, AuditEntry, Movement, Suppressed, Template, Terms
from bridge.model.scope import Key, written

#: reports count what the line can tell
AUTO = "auto"


def account(row: Account) -> Shape:
    """An account with terms and credits, without credentials."""
    return {
        "name": row.name,
        "operator": row.operator,
        "disabled": row.disabled,
        "on_unknown": row.on_unknown.value,
        "credits": row.credits,
        "terms": terms(row.terms),
        "created_at": format_time(row.created_at),
    }


def terms(row: Terms) -> Shape:
    """An account's terms."""
    return {
        "payment": row.payment.value,
        "addresses": list(row.addresses),
        "requests_per_minute": row.requests_per_minute,
        "daily_per_recipient": row.daily_per_recipient,
        "zone": row.zone,
        "country": row.country,
        "verification": row.verification.value,
        "report_on": row.report_on or AUTO,
        "lines": list(row.lines),
        "inbound_lines": list(row.inbound_lines),
    }


def movement(row: Movement) -> Shape:
    """A movement of credits."""
    return {
        "seq": row.seq,
        "kind": row.kind,
        "amount": row.amount,
        "balance": row.balance,
        "message": row.message,
        "note": row.note,
        "at": format_time(row.at),
    }


def template(row: Template) -> Shape:
    """A template."""
    return {
        "id": row.id,
        "text": row.text,
        "places": list(places(row.text)),
        "approved": row.approved,
        "created_at": format_time(row.created_at),
    }


def suppressed(row: Suppressed) -> Shape:
    """A suppressed number."""
    return {"number": row.number, "reason": row.reason, "at": format_time(row.at), "line": row.line}


def key(row: Key) -> Shape:
    """A named key without its secret."""
    return {
        "account": row.account,
        "name": row.name,
        "kind": row.kind,
        "hint": row.hint,
        "scopes": written(row.scopes).split(),
        "created_at": format_time(row.created_at),
        "expires_at": format_time(row.expires_at),
        "used_at": format_time(row.used_at),
    }


def audit_entry(row: AuditEntry) -> Shape:
    """An audit entry."""
    return {
        "seq": row.seq,
        "at": format_time(row.at),
        "who": row.who,
        "what": row.what,
        "account": row.account,
        "detail": row.detail,
    }
