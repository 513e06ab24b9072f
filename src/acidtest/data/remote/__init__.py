"""Runs at addresses: their files are fetched, kept the same on both sides, and locked."""
