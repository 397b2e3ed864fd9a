-- What a process does of a bridge, by the name of its role; empty for one that has not told it.
ALTER TABLE bridges ADD COLUMN role TEXT NOT NULL DEFAULT '';
