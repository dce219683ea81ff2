"""Recordings in the formats that instruments and programs write, one a file, and how they become `Receivers`.

A reader gives `Traces`: what the file holds as it holds it, and what it says of positions, times, units and kinds. What
it does not say is given by `ImportOptions`, or asked for by name; nothing is guessed. A new format is a file here
and a line in `registry.py`.
"""
