"""People who sign in, and where they are signed in."""

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.accounts.sessions import SignedIn
from bridge.model.user import Session, User


def user(row: User) -> Shape:
    """A person who may sign in."""
    return {
        "name": row.name,
        "role": row.role.value,
        "disabled": row.disabled,
        "totp": row.totp,
        "recovery_codes_left": row.recovery_codes_left,
        "created_at": format_time(row.created_at),
        "seen_at": format_time(row.seen_at),
    }


def session(row: Session, current: bool) -> Shape:
    """Where somebody is signed in."""
    return {
        "id": row.id,
        "user": row.user,
        "address": row.address,
        "agent": row.agent,
        "created_at": format_time(row.created_at),
        "seen_at": format_time(row.seen_at),
        "expires_at": format_time(row.expires_at),
        "current": current,
    }


def signed_in(found: SignedIn | None) -> Shape:
    """Who is signed in, and what a page needs of it; nulls for nobody."""
    return {
        "user": None if found is None else user(found.user),
        "csrf": None if found is None else found.proof,
        "expires_at": None if found is None else format_time(found.session.expires_at),
        "idle_at": None if found is None else format_time(found.idle_at),
    }
