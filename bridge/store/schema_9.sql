-- each line by the quarter of an hour, counted from 1970; written once an hour
CREATE TABLE line_quarters (
    quarter INTEGER NOT NULL,
    line TEXT NOT NULL,
    -- dBm, NULL where none was told
    signal INTEGER,
    -- seconds in which it could not send, and in which the bridge looked
    away INTEGER NOT NULL,
    watched INTEGER NOT NULL,
    PRIMARY KEY (quarter, line)
) WITHOUT ROWID;

-- alarms that were raised, from this release on
CREATE TABLE alarms (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    reason TEXT NOT NULL,
    line TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    raised_at INTEGER NOT NULL,
    -- 0 while it goes on
    ended_at INTEGER NOT NULL,
    UNIQUE (key, began_at)
);
CREATE INDEX alarms_line ON alarms (line);

-- loop-back SMS in the order of their time, of all lines and of one
CREATE INDEX loopbacks_at ON loopbacks (started_at, token);
CREATE INDEX loopbacks_sender ON loopbacks (sender, started_at, token);
CREATE INDEX loopbacks_receiver ON loopbacks (receiver, started_at, token);
