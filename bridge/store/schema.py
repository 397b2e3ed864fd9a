"""The tables of a store, as steps from release to release: what is released is never edited afterwards."""

_FIRST = """
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
"""

# what phones tell besides SMS, and what their driver remembers
_PHONES = """
CREATE TABLE typed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (line, slot)
);
CREATE INDEX typed_newest ON typed (sent_at, seq);
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    call_at INTEGER NOT NULL,
    duration_seconds INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (line, slot)
);
CREATE INDEX calls_newest ON calls (call_at, seq);
CREATE TABLE device_memory (
    device TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (device, key)
) WITHOUT ROWID;
"""

# what accounts may do and pay; an account without credits is not counted
_ACCOUNTS = """
ALTER TABLE accounts ADD COLUMN credits INTEGER;
ALTER TABLE accounts ADD COLUMN payment TEXT NOT NULL DEFAULT 'postpaid';
ALTER TABLE accounts ADD COLUMN addresses TEXT NOT NULL DEFAULT '[]';
ALTER TABLE accounts ADD COLUMN requests_per_minute INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN daily_per_recipient INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE accounts ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN verification TEXT NOT NULL DEFAULT 'approved';
ALTER TABLE accounts ADD COLUMN report_on TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
-- a success was handed out, after which nothing more is
ALTER TABLE messages ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;
CREATE TABLE movements (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    at INTEGER NOT NULL,
    message TEXT NOT NULL,
    note TEXT NOT NULL,
    balance INTEGER NOT NULL
);
CREATE INDEX movements_account ON movements (account, seq);
CREATE TABLE templates (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    approved INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE TABLE suppressed (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
-- only kept for accounts with a daily limit; `day` is a date of the account's time zone
CREATE TABLE daily (
    account TEXT NOT NULL,
    recipient TEXT NOT NULL,
    day TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, recipient, day)
) WITHOUT ROWID;
-- up to which event a pulling dialect has handed out what it hands out once
CREATE TABLE handed_out (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (account, kind)
) WITHOUT ROWID;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    account TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""

# a store that was moved to another machine sends no more from here
_MOVED = """
CREATE TABLE moved (at INTEGER NOT NULL, archive TEXT NOT NULL);
"""

# SMS from one of our lines to another, sent to see whether they arrive
_LOOPBACKS = """
CREATE TABLE loopbacks (
    token TEXT PRIMARY KEY,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL DEFAULT 0,
    lost_at INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
-- never two on their way between the same two lines
CREATE UNIQUE INDEX loopbacks_under_way ON loopbacks (sender, receiver) WHERE arrived_at = 0 AND lost_at = 0;
CREATE INDEX loopbacks_newest ON loopbacks (sender, receiver, started_at);
"""

# named keys beside an account's own credentials, which may do everything and have no name
_KEYS = """
ALTER TABLE credentials ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN scopes TEXT NOT NULL DEFAULT 'send read inbox webhooks admin';
ALTER TABLE credentials ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX credentials_name ON credentials (account, name) WHERE name <> '' AND kind <> 'token';
"""

# what the service centre's time stamps tell: whose report it is, and which parts belong together
_STAMPS = """
-- ICCID or IMSI of the SIM that carried it; the line's name where neither is known
ALTER TABLE parts ADD COLUMN sim TEXT NOT NULL DEFAULT '';
-- TP-SCTS of a report that was of this part; 0 when none was
ALTER TABLE parts ADD COLUMN centre_at INTEGER NOT NULL DEFAULT 0;
-- the SIM's last reference before this part; NULL where they do not count up
ALTER TABLE parts ADD COLUMN prior INTEGER;
UPDATE parts SET sim = line WHERE state IN ('sending', 'unknown', 'sent', 'failed');
DROP INDEX parts_reference;
CREATE INDEX parts_reference ON parts (sim, reference, intent_at) WHERE reference IS NOT NULL;
CREATE INDEX parts_undecided ON parts (sim, state, intent_at) WHERE state IN ('sending', 'unknown');
CREATE TABLE sims (
    sim TEXT PRIMARY KEY,
    -- the last that a part was given, and whether it came next after the one before
    reference INTEGER,
    in_order INTEGER NOT NULL DEFAULT 1,
    -- how far the service centre's clock is ahead, ms
    clock_offset INTEGER NOT NULL DEFAULT 0,
    clock_known INTEGER NOT NULL DEFAULT 0,
    -- what one report alone said of it, against all that is known
    suspected_from INTEGER NOT NULL DEFAULT 0,
    suspected_to INTEGER NOT NULL DEFAULT 0,
    suspected_reference INTEGER
) WITHOUT ROWID;
-- parts of long SMS: each finds its like by the stamps
ALTER TABLE fragments RENAME TO fragments_before;
CREATE TABLE fragments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    sender TEXT NOT NULL,
    reference INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    device TEXT NOT NULL,
    idx INTEGER NOT NULL,
    text BLOB NOT NULL,
    data TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL,
    -- `received.seq` of the SMS that it is in; NULL while it waits, 0 where that is not known or was the same again
    received INTEGER
);
INSERT INTO fragments (line, sender, reference, bits, total, device, idx, text, data, sent_at, arrived_at, received)
    SELECT s.line, s.sender, s.reference, s.bits, s.total, s.device, f.idx, f.text, f.data, f.sent_at, s.started_at,
    CASE s.done WHEN 1 THEN 0 END FROM fragments_before f JOIN fragment_sets s ON s.id = f.fragment_set
    ORDER BY s.id, f.idx;
CREATE INDEX fragments_kind ON fragments (line, sender, reference, bits, total);
CREATE INDEX fragments_waiting ON fragments (line, sender, reference, bits, total, seq) WHERE received IS NULL;
DROP TABLE fragments_before;
DROP TABLE fragment_sets;
DROP TABLE early_reports;
CREATE TABLE kept_reports (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sim TEXT NOT NULL,
    heard_at INTEGER NOT NULL,
    line TEXT NOT NULL,
    slot TEXT NOT NULL,
    recipient TEXT NOT NULL,
    reference INTEGER NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL
);
CREATE INDEX kept_reports_sim ON kept_reports (sim, seq);
"""

# what the command line came in with, until that was kept in memory alone
_COMMAND_LINE = """
DELETE FROM credentials WHERE account = 'operator' AND name = '';
"""

# whom a recipient who writes STOP or START means: numbers are compared by their end, however they are spelled
_RECIPIENTS = """
CREATE INDEX messages_recipient ON messages (line, substr(recipient, -7)) WHERE line <> '';
CREATE INDEX suppressed_number ON suppressed (account, substr(number, -7));
"""

STEPS: tuple[str, ...] = (
    _FIRST,
    _PHONES,
    _ACCOUNTS,
    _MOVED + _KEYS + _LOOPBACKS,
    _STAMPS + _COMMAND_LINE + _RECIPIENTS,
)
