"""Cables that are pulled a thousand times: a bridge that has as much afterwards as before."""
