"""Is this Python enough? Run by make with whatever Python there is, so this file stays readable for an old one."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Het loket heeft Python 3.11 of nieuwer nodig, en dit is Python %d.%d. Installeer een nieuwere, of wijs die"
        " aan: make PYTHON=python3.12" % sys.version_info[:2]
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "Deze Python kan geen eigen omgeving maken: venv of ensurepip ontbreekt. Op Debian en Ubuntu helpt:"
        " apt-get install python3-venv"
    )
