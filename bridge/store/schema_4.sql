-- a store that was moved to another machine sends no more from here
CREATE TABLE moved (at INTEGER NOT NULL, archive TEXT NOT NULL);

-- named keys beside an account's own credentials, which may do everything and have no name
ALTER TABLE credentials ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN scopes TEXT NOT NULL DEFAULT 'send read inbox webhooks admin';
ALTER TABLE credentials ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX credentials_name ON credentials (account, name) WHERE name <> '' AND kind <> 'token';

-- SMS from one of our lines to another, sent to see whether they arrive
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
