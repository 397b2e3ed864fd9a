-- Whose a long submission is that is not finished: the bridge that took it, or that took it over, and its
-- idempotency key ('' without one). Without a row here it is of a release before this, or was brought in.
CREATE TABLE bulk_owners (
    bulk BIGINT PRIMARY KEY REFERENCES bulk ON DELETE CASCADE,
    bridge TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL
);
