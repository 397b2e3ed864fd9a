-- A page is read newest first by these, of one account or of the states that it asks for, as in a file: there each index
-- has the row's number behind its columns, here it has to be said.
DROP INDEX messages_account;
CREATE INDEX messages_account ON messages (account, state, seq);
DROP INDEX messages_recipient;
CREATE INDEX messages_recipient ON messages (right(recipient, 7), account, seq);
DROP INDEX messages_line;
CREATE INDEX messages_line ON messages (line, seq) WHERE line <> '';
DROP INDEX received_sender;
CREATE INDEX received_sender ON received (sender, seq);
DROP INDEX received_line;
CREATE INDEX received_line ON received (line, seq);
DROP INDEX received_channel;
CREATE INDEX received_channel ON received (channel, seq);
DROP INDEX received_number;
CREATE INDEX received_number ON received (right(sender, 7), seq);
DROP INDEX ledger_endpoint;
CREATE INDEX ledger_endpoint ON ledger (endpoint, state, seq);
DROP INDEX events_about;
CREATE INDEX events_about ON events (about, seq) WHERE about IS NOT NULL;
