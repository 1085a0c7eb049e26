"""loket replay: two years of the demo region under one policy after another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from service.commands.rank import decimal
from service.days import today
from service.demo.loading import SEED

if TYPE_CHECKING:
    from service.replay import Comparison

NAMEN = {
    "eerste_vrije": "Eerste vrije plek",
    "beste_score": "Beste plek van dat moment",
    "opnieuw": "Elke dag een nieuw plan",
    "met_prijzen": "Nieuw plan, schaarse plekken vrijhouden",
    "achteraf": "Beste achteraf, als alles bekend was",
}


def replay(
    getal: int = typer.Option(SEED, help="Hetzelfde getal geeft op dezelfde dag dezelfde aanvragen."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Speelt twee verzonnen jaren na, en vergelijkt manieren om plekken te verdelen.

    In het eerste jaar leert het loket welke plekken schaars zijn. In het tweede jaar wordt gemeten.
    Dit duurt een paar minuten. Er verandert niets aan de gegevens.

    Voorbeeld:

      loket replay --getal 7
    """
    # Brings the solver, which no other command needs.
    from service.replay import play  # noqa: PLC0415

    console = Console()
    with console.status("Twee jaren naspelen. Dit duurt een paar minuten."):
        found = play(seed=getal, today=today(datetime.now(UTC)))
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        show(found, console)


def show(found: Comparison, console: Console) -> None:
    table = Table("Manier", "Geplaatst", "Dagen gewacht", "Reistijd", "Samen", "Score", "Waarde")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in found.beleid.items():
        table.add_row(
            NAMEN[name],
            f"{one.placed} van {one.children}",
            decimal(one.days_waited),
            f"{decimal(one.minutes)} min",
            f"{one.whole} van {one.groups}",
            decimal(one.score),
            f"{one.value:.0f}",
        )
    console.print(table)
    console.print(f"Meer dan {found.grens:.0f} kan geen enkele manier halen: dat is bewezen.", highlight=False)
    console.print(
        f"Vrijhouden overbrugt {decimal(100 * found.gedicht)} % van het verschil tussen elke dag een nieuw plan en de "
        "bewezen grens.",
        highlight=False,
    )
