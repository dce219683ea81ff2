"""The form of a config: its fields in tabs, each with what is wrong with it."""
