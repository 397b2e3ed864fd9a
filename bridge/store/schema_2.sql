-- what phones tell besides SMS, and what their driver remembers
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
