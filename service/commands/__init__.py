"""One file per command of `loket`; service/cli.py wires them."""
