"""All that is held about a child, and what is forgotten when."""
