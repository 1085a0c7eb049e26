"""All that a region chose, as one object: read, changed with who, when and why, set back, and tried out first."""
