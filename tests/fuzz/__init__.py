"""Random bytes for whatever reads what a device says."""
