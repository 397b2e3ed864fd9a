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
