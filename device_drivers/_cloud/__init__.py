"""Shared by the drivers of cloud SMS providers, which carry approved templates only."""
