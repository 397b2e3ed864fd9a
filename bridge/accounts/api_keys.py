"""Named API keys of an account, one for each program: their names, how they are made, and which expire soon."""

from collections.abc import Iterable

from bridge.accounts.credentials import KINDS, NAME_LENGTH, is_name, kept, key_kinds, new_of_kind
from bridge.errors import BadRequest
from bridge.model.finding import Finding
from bridge.model.scope import Key, Needs, Scope, written
from bridge.ports.store_rows import Credential

#: of one account
MOST_KEYS = 100
#: somebody should hear of a key that expires within this
SOON = 7 * 86_400_000  # ms
#: characters of a secret that are kept to recognise it by; 108 bits and more of each stay unknown
HINT = 6


def made(
    account: str, name: str, kind: str, scopes: Needs, expires_at: int, now: int
) -> tuple[dict[str, str], Credential]:
    """Make a new key: what to print (once) and what to store. Raises BadRequest."""
    if not is_name(name):
        problem = f'"{name}" cannot be a key\'s name: use letters, digits, - _ and ., at most {NAME_LENGTH} of them'
        raise BadRequest(problem, "name")
    if kind not in key_kinds():
        raise BadRequest(f'there is no kind of key "{kind}"; there are: {", ".join(key_kinds())}', "kind")
    if not scopes:
        raise BadRequest(f"say what the key is for; there are: {written(Scope)}", "scopes")
    if expires_at and expires_at <= now:
        raise BadRequest("the key would have expired already", "expires_at")
    printed = new_of_kind(account, kind)
    (credential,) = kept(printed)
    public, secret = printed[KINDS[kind].keys[0]], printed[KINDS[kind].keys[-1]]
    hint = secret[:HINT] if KINDS[kind].known_by_secret else public
    return printed, Credential(kind, credential.ident, credential.digest, expires_at, name, scopes, now, hint)


def ending(keys: Iterable[Key], now: int) -> list[Finding]:
    """Findings about keys that have expired or will within a week, for the doctor and the log."""
    return [_finding(key, now) for key in keys if key.expires_at and key.expires_at <= now + SOON]


def _finding(key: Key, now: int) -> Finding:
    days = (key.expires_at - now) // 86_400_000
    if key.expires_at <= now:
        words, remedy = "has expired", f"sms-bridge key revoke {key.account} {key.name}"
    else:
        words = f"expires {'within a day' if days < 1 else f'in {days} day' if days == 1 else f'in {days} days'}"
        scopes = "".join(f" --scope {scope}" for scope in written(key.scopes).split())
        kind = "" if key.kind == "apikey" else f" --kind {key.kind}"
        remedy = f"sms-bridge key add {key.account} --name {key.name}-next{kind}{scopes} --expires 90d"
    return Finding("warn", f"key {key.name} of {key.account}", words, remedy)
