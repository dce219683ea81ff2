"""Define a sweep, start it, and follow it."""
