"""Set up a run, start it, follow it while it trains, pause and stop it."""
