"""What a browser gets when a page cannot be shown: a page in the same voice, with what to do. It reveals nothing."""

from __future__ import annotations

from datetime import datetime

from litestar.response import Response

from service.days import today
from service.web.pages.render import page

TEXTS = {
    400: ("Dit adres klopt niet", ["Er staat iets in het adres wat het loket niet kent."]),
    403: ("Dit mag u niet bekijken", ["Uw rol geeft geen toegang tot deze pagina."]),
    404: (
        "Deze pagina is er niet",
        ["Misschien is de aanvraag gesloten, of klopt het adres niet.", "U kunt verder vanaf de lijst."],
    ),
    405: ("Dit kan hier niet", ["Deze pagina kunt u alleen bekijken."]),
    500: (
        "Er ging iets mis",
        [
            "Dat ligt niet aan u. Er is niets gewijzigd.",
            "Probeer het opnieuw. Blijft het misgaan, geef dan de tijd hieronder door aan uw beheerder.",
        ],
    ),
    503: (
        "Het loket kan er nu niet bij",
        ["De gegevens zijn even niet bereikbaar. Probeer het over een minuut opnieuw."],
    ),
}
"""Status → title and sentences; any other status reads as 500."""


def error_page(status: int, now: datetime) -> Response[str]:
    """The page of one status; `now` is shown with an error that somebody must look for in the log."""
    title, sentences = TEXTS.get(status, TEXTS[500])
    return page(
        "fout.html",
        today=today(now),
        status=status,
        section="",
        is_list=False,
        who="",
        title=title,
        sentences=sentences,
        moment=now if status >= 500 else None,
    )
