CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    on_unknown TEXT NOT NULL,
    operator INTEGER NOT NULL DEFAULT 0,
    webhook_secret TEXT NOT NULL DEFAULT ''
);
CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    ident TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, ident, digest)
) WITHOUT ROWID;

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    written TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    route TEXT NOT NULL,
    line TEXT NOT NULL,
    slot INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    on_unknown TEXT NOT NULL,
    report INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    client_ref TEXT NOT NULL,
    tag TEXT NOT NULL,
    dialect TEXT NOT NULL,
    concat_ref INTEGER,
    units INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX messages_queue ON messages (route, due_at, seq) WHERE state = 'queued';
CREATE INDEX messages_scheduled ON messages (due_at) WHERE state = 'scheduled';
CREATE INDEX messages_expiry ON messages (expires_at) WHERE state IN ('queued', 'scheduled') AND expires_at > 0;
CREATE INDEX messages_trouble ON messages (state, seq) WHERE state IN ('sending', 'failed', 'unknown', 'expired');
CREATE UNIQUE INDEX messages_client_ref ON messages (account, client_ref) WHERE client_ref <> '';

CREATE TABLE parts (
    message TEXT NOT NULL,
    idx INTEGER NOT NULL,
    state TEXT NOT NULL,
    reference INTEGER,
    line TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    intent_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    done_at INTEGER NOT NULL,
    PRIMARY KEY (message, idx)
) WITHOUT ROWID;
CREATE INDEX parts_reference ON parts (line, reference) WHERE reference IS NOT NULL;
CREATE INDEX parts_open ON parts (line, state) WHERE state IN ('sending', 'unknown');

CREATE TABLE concat_refs (recipient TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE idempotency (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    ids TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE early_reports (
    line TEXT NOT NULL,
    reference INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at INTEGER NOT NULL,
    heard_at INTEGER NOT NULL
);
CREATE INDEX early_reports_reference ON early_reports (line, reference);

CREATE TABLE received (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    partial INTEGER NOT NULL,
    data TEXT NOT NULL,
    error TEXT NOT NULL
);
CREATE TABLE received_marks (
    account TEXT NOT NULL,
    received INTEGER NOT NULL,
    read_at INTEGER NOT NULL DEFAULT 0,
    hidden_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, received)
) WITHOUT ROWID;
CREATE TABLE slots (line TEXT NOT NULL, slot TEXT NOT NULL, PRIMARY KEY (line, slot)) WITHOUT ROWID;
CREATE TABLE fragment_sets (
    id INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    sender TEXT NOT NULL,
    reference INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX fragment_sets_key ON fragment_sets (line, sender, reference, bits, total);
CREATE TABLE fragments (
    fragment_set INTEGER NOT NULL REFERENCES fragment_sets(id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    text BLOB NOT NULL,
    data TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (fragment_set, idx)
) WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    url TEXT NOT NULL,
    format TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    next_secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL
);
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    account TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events(seq),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX ledger_owed ON ledger (endpoint, seq) WHERE state = 'owed';
