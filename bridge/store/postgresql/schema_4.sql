-- What a bridge's last transaction was, by which it finds out whether a COMMIT that was not answered has happened: a
-- number of a transaction is given again after a crash, to another one.
ALTER TABLE bridges ADD COLUMN wrote BIGINT NOT NULL DEFAULT 0;
