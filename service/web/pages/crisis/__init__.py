"""Screens of the crisisdienst, on a phone at night; the schakelfunctionaris has them too."""
