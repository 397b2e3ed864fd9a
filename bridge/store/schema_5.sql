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

-- whom a recipient who writes STOP or START means: numbers are compared by their end, however they are spelled
CREATE INDEX messages_recipient ON messages (line, substr(recipient, -7)) WHERE line <> '';
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
