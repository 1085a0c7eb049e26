"""`loket worker`: does the taken of all regions, any number of them side by side."""
