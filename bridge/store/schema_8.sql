-- names of the lines or devices whose received SMS an account sees, as JSON; none for all
ALTER TABLE accounts ADD COLUMN inbound_lines TEXT NOT NULL DEFAULT '[]';

-- Where words are, made anew by `bridge.store.search`: the first character of each stands for an account.
DROP TABLE message_words;
DROP TABLE received_words;
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '2 3', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE received_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '2 3', tokenize = 'ascii'
);
DELETE FROM indexed;

-- whether an hour's rows came in the order of their time, but for five seconds; not known of those that are there
ALTER TABLE message_hours ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message_hours ADD COLUMN mixed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE received_hours ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE received_hours ADD COLUMN mixed INTEGER NOT NULL DEFAULT 1;
DROP TRIGGER messages_counted;
CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN
    INSERT INTO message_counts VALUES (new.created_at / 900000, new.account, new.line, new.state, 1, new.parts)
        ON CONFLICT DO UPDATE SET messages = messages + 1, parts = parts + excluded.parts;
    INSERT INTO message_totals VALUES (new.account, new.state, 1) ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM message_hours WHERE hour > new.created_at / 3600000), new.created_at, 0)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd), mixed = max(mixed, excluded.newest < newest - 5000),
        newest = max(newest, excluded.newest);
END;
DROP TRIGGER messages_restamped;
CREATE TRIGGER messages_restamped AFTER UPDATE OF created_at ON messages WHEN old.created_at <> new.created_at BEGIN
    INSERT INTO message_hours VALUES (new.created_at / 3600000, new.seq, new.seq, 1, new.created_at, 1)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, old.created_at / 3600000 <> new.created_at / 3600000), mixed = 1,
        newest = max(newest, excluded.newest);
END;
DROP TRIGGER received_counted;
CREATE TRIGGER received_counted AFTER INSERT ON received BEGIN
    INSERT INTO received_counts VALUES (new.received_at / 900000, new.line, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1;
    INSERT INTO received_hours VALUES (new.received_at / 3600000, new.seq, new.seq,
        EXISTS (SELECT 1 FROM received_hours WHERE hour > new.received_at / 3600000), new.received_at, 0)
        ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        odd = max(odd, excluded.odd), mixed = max(mixed, excluded.newest < newest - 5000),
        newest = max(newest, excluded.newest);
END;

-- submissions that take more than one transaction: their messages, packed, until all of them are here
CREATE TABLE bulk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    -- from then on its messages are to be sent
    accepted INTEGER NOT NULL DEFAULT 0,
    -- credits of the account before those messages that are not made yet; NULL where nothing is counted
    balance INTEGER,
    -- by how much the clock was set since they were stamped, ms
    stepped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE bulk_slices (
    bulk INTEGER NOT NULL,
    place INTEGER NOT NULL,
    messages BLOB NOT NULL,
    PRIMARY KEY (bulk, place)
);
-- what callers call these messages: nobody else's may be called so meanwhile
CREATE TABLE bulk_refs (
    account TEXT NOT NULL,
    client_ref TEXT NOT NULL,
    PRIMARY KEY (account, client_ref)
) WITHOUT ROWID;
-- what holds the SMS: a SIM or a modem, in whatever line it is; the line where a driver does not say, and before this
ALTER TABLE slots RENAME COLUMN line TO holder;
-- parts of a long SMS come by a SIM; the line where that is not known, and before this
ALTER TABLE fragments ADD COLUMN sim TEXT NOT NULL DEFAULT '';
UPDATE fragments SET sim = line;
DROP INDEX fragments_kind;
DROP INDEX fragments_waiting;
CREATE INDEX fragments_kind ON fragments (sim, sender, reference, bits, total);
CREATE INDEX fragments_waiting ON fragments (sim, sender, reference, bits, total, seq) WHERE received IS NULL;
