-- what is forgotten: found by an index, whatever is kept, with all that speaks of it
-- `messages.seq` or `received.seq` of what an event is about; NULL for anything else
ALTER TABLE events ADD COLUMN about INTEGER;
UPDATE events SET about = (SELECT seq FROM messages m WHERE m.id = events.subject)
    WHERE name LIKE 'message.%' AND name NOT IN ('message.received', 'message.typed');
UPDATE events SET about = (SELECT seq FROM received r WHERE r.id = events.subject) WHERE name = 'message.received';
CREATE INDEX events_about ON events (about) WHERE about IS NOT NULL;
CREATE INDEX ledger_event ON ledger (event);
-- counts for groups of recipients, without their numbers
DROP TABLE concat_refs;
CREATE TABLE concat_refs (bucket INTEGER PRIMARY KEY, last INTEGER NOT NULL);
-- what goes with the text of a WhatsApp message: its URL, "" for none
ALTER TABLE messages ADD COLUMN media TEXT NOT NULL DEFAULT '';

-- what is looked up by recipient: numbers are compared by their end, however they are spelled
DROP INDEX messages_recipient;
CREATE INDEX messages_recipient ON messages (substr(recipient, -7), account);
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

-- what applications told the owner, and whether it was mailed
CREATE INDEX IF NOT EXISTS events_notifications ON events (account, seq) WHERE name = 'notification.sent';
CREATE INDEX IF NOT EXISTS events_notifications_all ON events (seq) WHERE name = 'notification.sent';
CREATE INDEX IF NOT EXISTS ledger_mailed ON ledger (event) WHERE endpoint = 'alarm-mail';

-- messages that went out and were deleted since: what an account has sent does not become less by that
CREATE TABLE deleted_counts (
    account TEXT NOT NULL,
    -- as in message_counts; 0 for all that are more than a week old
    quarter INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (account, quarter)
) WITHOUT ROWID;
CREATE TRIGGER messages_sent_deleted AFTER DELETE ON messages WHEN old.state IN ('sent', 'delivered') BEGIN
    INSERT INTO deleted_counts VALUES (old.account, old.created_at / 900000, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1;
END;
