"""`loket serve` as it is, but for its clock, which begins at the moment of the examples: their dates lie ahead."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from service import app, cli
from tests import make

BEGUN = datetime.now(UTC)


def clock() -> datetime:
    return make.NOW + (datetime.now(UTC) - BEGUN)


if __name__ == "__main__":
    assert app.create_app.__kwdefaults__ is not None
    app.create_app.__kwdefaults__["clock"] = clock
    sys.argv = ["loket", "serve"]
    cli.main()
