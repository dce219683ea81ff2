"""Choose runs from a table, and compare their curves."""
