-- Several bridges on one database: who they are, whose the devices are, and who does what only one does.
CREATE TABLE bridges (
    name TEXT COLLATE "C" PRIMARY KEY,
    version TEXT COLLATE "C" NOT NULL,
    -- raised at each start, and by a bridge that takes a device from this one: it writes nothing until it has seen that
    epoch BIGINT NOT NULL,
    -- its last sign of life, by the server's clock
    seen TIMESTAMPTZ NOT NULL,
    -- 1 when it said that it ends, with nothing left in its hands
    ended BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE device_owners (
    device TEXT COLLATE "C" PRIMARY KEY,
    bridge TEXT COLLATE "C" NOT NULL,
    -- how its lines were when the bridge last told, JSON
    lines TEXT COLLATE "C" NOT NULL DEFAULT '[]'
);
CREATE INDEX device_owners_bridge ON device_owners (bridge);
-- one row: who does it, and until when nobody else may, by the server's clock
CREATE TABLE duties (
    name TEXT COLLATE "C" PRIMARY KEY,
    bridge TEXT COLLATE "C" NOT NULL,
    until TIMESTAMPTZ NOT NULL
);
