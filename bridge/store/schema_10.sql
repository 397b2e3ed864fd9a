-- a reference that a driver made of a provider's id or a site's, which no other part has, whatever its SIM is known by
CREATE INDEX parts_own_reference ON parts (reference) WHERE reference > 255;
