"""When nothing fits: routes beside a plek, more people who look, and the file for them."""
