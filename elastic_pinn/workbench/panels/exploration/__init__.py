"""Look at one checkpoint: its wavefield, its numbers, its bytes."""
