"""Screens of the schakelfunctionaris; the crisisdienst sees of them what it may."""
