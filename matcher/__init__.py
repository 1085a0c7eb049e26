"""Ranks free places for a child and explains every yes and every no. Pure: no I/O, no clock, no randomness."""
