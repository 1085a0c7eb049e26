"""Links that log in without a password. Whether they may exist is decided here, and nowhere else."""

from __future__ import annotations

from service.adressen import is_loopback
from service.errors import Kind, Refusal


def allowed(asked: bool | None, *, embedded: bool, bound_to: str, adres: str | None) -> bool:
    """Whether the links exist: on the embedded database, bound to this computer only, without an address for others.

    asked: LOKET_DEMO_LOGIN; None: if it can. bound_to: host of the listening socket itself. Refusal (FORBIDDEN) when
    they were asked for where they may not be: then the program does not start.
    """
    possible = embedded and is_loopback(bound_to) and adres is None
    if asked and not possible:
        raise Refusal(
            Kind.FORBIDDEN,
            "Inloggen zonder wachtwoord mag alleen in de demo: met de meegeleverde database, op 127.0.0.1 en zonder"
            " LOKET_ADRES. Het loket start niet. Haal LOKET_DEMO_LOGIN weg.",
        )
    return possible and asked is not False
