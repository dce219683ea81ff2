"""From a raw file of one's own to a receiver file."""
