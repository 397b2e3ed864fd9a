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
