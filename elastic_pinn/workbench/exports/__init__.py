"""Checkpoints and wavefields as files of other programs."""
