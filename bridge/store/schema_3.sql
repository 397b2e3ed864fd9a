-- what accounts may do and pay; an account without credits is not counted
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
