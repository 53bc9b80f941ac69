"""The shared language of box, HQ and screens: structs and pure rules, no I/O, no clock, no randomness.

Read in this order: `commands`, `events`, `orders`, `rules`, `journal`, `replication`.
"""

PROTOCOL = 1
"""Major version of everything that crosses a wire; within it changes are only additive."""

OLDEST_SPOKEN = 1
"""Oldest major version this build still understands."""
