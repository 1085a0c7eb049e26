"""Measurements: `make bench`. Each bench_*.py has run(), which gives entries; __main__ prints and writes them."""
