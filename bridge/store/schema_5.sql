-- what the service centre's time stamps tell: whose report it is, and which parts belong together
-- ICCID or IMSI of the SIM that carried it; the line's name where neither is known
ALTER TABLE parts ADD COLUMN sim TEXT NOT NULL DEFAULT '';
-- TP-SCTS of a report that was of this part; 0 when none was
ALTER TABLE parts ADD COLUMN centre_at INTEGER NOT NULL DEFAULT 0;
-- an earlier try is of unknown fate: until the part went out, nobody can say that it was not sent
ALTER TABLE parts ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0;
UPDATE parts SET sim = line WHERE state IN ('sending', 'unknown', 'sent', 'failed');
DROP INDEX parts_reference;
CREATE INDEX parts_reference ON parts (sim, reference, intent_at) WHERE reference IS NOT NULL;
CREATE INDEX parts_undecided ON parts (sim, state, intent_at) WHERE state IN ('sending', 'unknown');
CREATE TABLE sims (
    sim TEXT PRIMARY KEY,
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

-- what the command line came in with, until that was kept in memory alone
DELETE FROM credentials WHERE account = 'operator' AND name = '';

-- what is looked up by recipient: numbers are compared by their end, however they are spelled
CREATE INDEX messages_recipient ON messages (substr(recipient, -7), account);
CREATE INDEX suppressed_number ON suppressed (account, substr(number, -7));

-- recipients who wrote STOP to a line, whichever account sends by it; `line` is * where that is every line
CREATE TABLE stops (
    line TEXT NOT NULL,
    device TEXT NOT NULL,
    number TEXT NOT NULL,
    word TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (line, number)
) WITHOUT ROWID;
CREATE INDEX stops_number ON stops (substr(number, -7));

-- what applications told the owner, and whether it was mailed
CREATE INDEX events_notifications ON events (account, seq) WHERE name = 'notification.sent';
CREATE INDEX events_notifications_all ON events (seq) WHERE name = 'notification.sent';
CREATE INDEX ledger_mailed ON ledger (event) WHERE endpoint = 'alarm-mail';

-- prepaid means zero until topped up
UPDATE accounts SET credits = 0 WHERE payment = 'prepaid' AND credits IS NULL;

-- what time it was when the bridge last looked, by which the next run sees that the clock was set
CREATE TABLE clock (
    -- which start of the machine it was
    boot TEXT NOT NULL,
    -- of the wall clock, against the monotonic one, ms
    offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- the last event then
    event INTEGER NOT NULL,
    -- by how much the clock was set since that start, ms
    stepped INTEGER NOT NULL
);

-- an account's messages in each state, in the order in which they were accepted
CREATE INDEX messages_account ON messages (account, state);
-- what is with a device; how many are in the other states is counted below
DROP INDEX messages_trouble;
CREATE INDEX messages_sending ON messages (account) WHERE state = 'sending';
CREATE INDEX messages_line ON messages (line) WHERE line <> '';
CREATE INDEX received_sender ON received (sender);
CREATE INDEX received_line ON received (line);

-- how many messages there are, kept by triggers in the transaction of every change
CREATE TABLE message_counts (
    -- of acceptance, in quarters of an hour since 1970: every time zone is as many of them away from UTC
    quarter INTEGER NOT NULL,
    account TEXT NOT NULL,
    line TEXT NOT NULL,
    state TEXT NOT NULL,
    messages INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (account, quarter, line, state)
) WITHOUT ROWID;
CREATE TABLE message_totals (
    account TEXT NOT NULL,
    state TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, state)
) WITHOUT ROWID;
CREATE TABLE received_counts (
    quarter INTEGER NOT NULL,
    line TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (quarter, line)
) WITHOUT ROWID;
-- between which rows those of an hour are
CREATE TABLE message_hours (
    hour INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- some came while a later hour was there already, for the clock was set: only the others are in the rows' order
    odd INTEGER NOT NULL
);
CREATE TABLE received_hours (
    hour INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, odd INTEGER NOT NULL
);
CREATE INDEX message_hours_odd ON message_hours (hour) WHERE odd;
CREATE INDEX received_hours_odd ON received_hours (hour) WHERE odd;

INSERT INTO message_counts SELECT created_at / 900000, account, line, state, count(*), sum(parts) FROM messages
    GROUP BY 1, 2, 3, 4;
INSERT INTO message_totals SELECT account, state, sum(messages) FROM message_counts GROUP BY 1, 2;
INSERT INTO received_counts SELECT received_at / 900000, line, count(*) FROM received GROUP BY 1, 2;
INSERT INTO message_hours SELECT hour, first, last, coalesce(first < max(last) OVER before, 0) FROM (
    SELECT created_at / 3600000 AS hour, min(seq) AS first, max(seq) AS last FROM messages GROUP BY 1)
    WINDOW before AS (ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
INSERT INTO received_hours SELECT hour, first, last, coalesce(first < max(last) OVER before, 0) FROM (
    SELECT received_at / 3600000 AS hour, min(seq) AS first, max(seq) AS last FROM received GROUP BY 1)
    WINDOW before AS (ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);

CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM message_hours WHERE hour > new.created_at / 3600000))
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd);
END;
CREATE TRIGGER messages_moved AFTER UPDATE OF state, line, created_at ON messages
    WHEN old.state <> new.state OR old.line <> new.line OR old.created_at <> new.created_at BEGIN
    UPDATE message_counts SET messages = messages - 1, parts = parts - old.parts
        WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line AND state = old.state;
    DELETE FROM message_counts WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line
        AND state = old.state AND messages <= 0;
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    UPDATE message_totals SET messages = messages - 1 WHERE account = old.account AND state = old.state;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER messages_restamped AFTER UPDATE OF created_at ON messages
    WHEN old.created_at / 3600000 <> new.created_at / 3600000 BEGIN
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq, 1)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last), odd = 1;
END;
CREATE TRIGGER messages_forgotten AFTER DELETE ON messages BEGIN
    UPDATE message_counts SET messages = messages - 1, parts = parts - old.parts
        WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line AND state = old.state;
    DELETE FROM message_counts WHERE account = old.account AND quarter = old.created_at / 900000 AND line = old.line
        AND state = old.state AND messages <= 0;
    UPDATE message_totals SET messages = messages - 1 WHERE account = old.account AND state = old.state;
END;
CREATE TRIGGER received_counted AFTER INSERT ON received BEGIN
    INSERT INTO received_counts VALUES (new.received_at / 900000, new.line, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO received_hours VALUES (new.received_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM received_hours WHERE hour > new.received_at / 3600000))
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd);
END;
CREATE TRIGGER received_forgotten AFTER DELETE ON received BEGIN
    UPDATE received_counts SET messages = messages - 1 WHERE quarter = old.received_at / 900000 AND line = old.line;
    DELETE FROM received_counts WHERE quarter = old.received_at / 900000 AND line = old.line AND messages <= 0;
END;
