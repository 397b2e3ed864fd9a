-- people who sign in
CREATE TABLE users (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    -- its hash; '' for one who cannot sign in yet
    password TEXT NOT NULL,
    totp_secret TEXT NOT NULL DEFAULT '',
    totp INTEGER NOT NULL DEFAULT 0,
    -- the last period whose code was used
    totp_step INTEGER NOT NULL DEFAULT 0,
    seen_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE recovery_codes (
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (user, digest)
) WITHOUT ROWID;
CREATE TABLE user_links (
    digest TEXT PRIMARY KEY,
    -- '' where the visitor chooses it
    user TEXT NOT NULL COLLATE NOCASE,
    role TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users(name) ON DELETE CASCADE,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user, created_at);

-- where words are, by `bridge.store.search`, which makes them; up to which row they are is in `indexed`
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '1 2', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE received_words USING fts5 (
    words, content = '', detail = none, columnsize = 0, prefix = '1 2', tokenize = 'ascii'
);
CREATE TABLE indexed (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    -- rows that were taken out; FTS5 writes that down and still has their words, until all is merged
    gone INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TRIGGER messages_unsaid AFTER DELETE ON messages
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'messages') BEGIN
    INSERT INTO message_words (message_words, rowid, words)
        VALUES ('delete', old.seq, words_of(old.account, old.recipient, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'messages';
END;
CREATE TRIGGER messages_said_again AFTER UPDATE OF account, recipient, text ON messages
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'messages') BEGIN
    INSERT INTO message_words (message_words, rowid, words)
        VALUES ('delete', old.seq, words_of(old.account, old.recipient, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'messages';
    INSERT INTO message_words (rowid, words) VALUES (new.seq, words_of(new.account, new.recipient, new.text));
END;
CREATE TRIGGER received_unsaid AFTER DELETE ON received
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'received') BEGIN
    INSERT INTO received_words (received_words, rowid, words)
        VALUES ('delete', old.seq, words_of('', old.sender, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'received';
END;
CREATE TRIGGER received_said_again AFTER UPDATE OF sender, text ON received
    WHEN old.seq <= (SELECT seq FROM indexed WHERE name = 'received') BEGIN
    INSERT INTO received_words (received_words, rowid, words)
        VALUES ('delete', old.seq, words_of('', old.sender, old.text));
    UPDATE indexed SET gone = gone + 1 WHERE name = 'received';
    INSERT INTO received_words (rowid, words) VALUES (new.seq, words_of('', new.sender, new.text));
END;
-- up to which row of the inbox an account has read or deleted everything
CREATE TABLE read_to (account TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
-- by what it came, and what came with the text: its kind and the provider's id of it, "" for none
ALTER TABLE received ADD COLUMN channel TEXT NOT NULL DEFAULT 'sms';
ALTER TABLE received ADD COLUMN media TEXT NOT NULL DEFAULT '';
CREATE INDEX received_channel ON received (channel);


-- each number with its newest messages, for its account and ('') for operators; made from what came since, in bites
CREATE TABLE conversations (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    -- of the newest message
    at INTEGER NOT NULL,
    -- `messages.seq` and `received.seq` of the newest; 0 for none
    sent INTEGER NOT NULL,
    received INTEGER NOT NULL,
    -- `received.seq` up to which all was read
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX conversations_newest ON conversations (account, at, number);
CREATE INDEX conversations_unread ON conversations (account, at, number) WHERE received > read;
CREATE INDEX conversations_number ON conversations (account, substr(number, -7));
-- up to which rows they are made
CREATE TABLE conversations_made (sent INTEGER NOT NULL, received INTEGER NOT NULL);
INSERT INTO conversations_made VALUES (0, 0);
-- numbers are compared by their end, however they are spelled
CREATE INDEX received_number ON received (substr(sender, -7));

CREATE TABLE contacts (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    -- the name as it is sorted and looked for
    sort TEXT NOT NULL,
    note TEXT NOT NULL,
    consent TEXT NOT NULL,
    consent_note TEXT NOT NULL,
    consent_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE INDEX contacts_sort ON contacts (account, sort, number);
CREATE INDEX contacts_number ON contacts (account, substr(number, -7));
CREATE TABLE contact_groups (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (account, name, number)
) WITHOUT ROWID;
CREATE INDEX contact_groups_number ON contact_groups (account, number);

-- what people said of messages of unknown fate
CREATE TABLE decisions (
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (message, at)
) WITHOUT ROWID;
CREATE INDEX ledger_dead ON ledger (seq) WHERE state = 'dead';

-- deliveries of an endpoint in each state, in their order
CREATE INDEX ledger_endpoint ON ledger (endpoint, state);
CREATE INDEX fragments_given ON fragments (arrived_at) WHERE received IS NOT NULL;

-- files that are sent, and their rows
CREATE TABLE batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    plan TEXT NOT NULL,
    columns TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows INTEGER NOT NULL,
    judged TEXT NOT NULL,
    parts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reserved INTEGER NOT NULL
);
CREATE INDEX batches_digest ON batches (account, digest);
CREATE INDEX batches_running ON batches (seq) WHERE state = 'running';
CREATE TABLE batch_rows (
    batch TEXT NOT NULL,
    row INTEGER NOT NULL,
    cells TEXT NOT NULL,
    state TEXT NOT NULL,
    number TEXT NOT NULL,
    parts INTEGER NOT NULL,
    problem TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (batch, row)
) WITHOUT ROWID;
CREATE INDEX batch_rows_state ON batch_rows (batch, state, row);

-- by which lines or devices an account may send, as JSON; none for all
ALTER TABLE accounts ADD COLUMN lines TEXT NOT NULL DEFAULT '[]';
