"""Spreadsheets in: read, check every cell, show what would change, then apply all of it or nothing."""
