"""People and systems that may come in, and how they prove who they are."""
