"""Emulated cloud SMS providers: their endpoints check signatures, take messages and report, as rudely as told to."""
