"""Who may do what, over which rows, why, and who sees which field: the one table of it.

The dispatcher asks `mag` before it reads a request and `versmal` before it answers; the OpenAPI document, the tables
in docs/beveiliging.md and tests/web/test_matrix.py are made of these lines. What stands here in words of rows, the
policies of schema.sql enforce. No line: the app does not start (`check`).
"""

from service.toegang.handelingen import (
    AANVRAGEN_DOEN,
    AANVRAGEN_ZIEN,
    HANDELINGEN,
    OPENBAAR,
    Grond,
    Handeling,
    handeling,
    kan,
    mag,
)
from service.toegang.velden import VELDEN, Zicht, verbergt, versmal, ziet, zonder_verborgen
from service.toegang.vragen import Vraag, check

__all__ = [
    "AANVRAGEN_DOEN",
    "AANVRAGEN_ZIEN",
    "HANDELINGEN",
    "OPENBAAR",
    "VELDEN",
    "Grond",
    "Handeling",
    "Vraag",
    "Zicht",
    "check",
    "handeling",
    "kan",
    "mag",
    "verbergt",
    "versmal",
    "ziet",
    "zonder_verborgen",
]
