"""The agent of a screen's machine: finds its box, pairs, and serves the screen on localhost."""
