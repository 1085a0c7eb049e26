"""Figures to learn from, the waiting list, and how small numbers are kept hidden."""
