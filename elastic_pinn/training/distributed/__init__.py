"""One run on several processes: their communication, which a session uses, and their roles, which use a session."""
