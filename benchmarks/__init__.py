"""Measurements of the bridge beside its peers, or beside the least that any such program must do. Never tests."""
