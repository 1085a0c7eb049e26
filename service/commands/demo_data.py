"""loket demo-data: a fictional region beside the others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import typer

from service.commands import connect
from service.commands.demo import SIZES, Omvang
from service.days import today
from service.demo import Scarcity, load
from service.demo.loading import SEED


def demo_data(
    regio: str = typer.Option(None, help="Code van de regio, zoals omgeving-almere. Leeg: Gooi en Vechtstreek."),
    omvang: Omvang = typer.Option(Omvang.REGIO, help="Een regio; zes regio's; of het land met 42 regio's."),
    schaarste: Scarcity = typer.Option(Scarcity.KRAP, help="ruim: 6,7 plekken per jeugdige; krap: 1,1."),
    getal: int = typer.Option(SEED, help="Hetzelfde getal geeft op dezelfde dag dezelfde gegevens."),
    json: bool = typer.Option(False, "--json", help="Antwoord als JSON."),
) -> None:
    """Zet een verzonnen regio naast wat er al staat, om mee te proberen of te meten.

    Een regio waar al gegevens in staan, blijft zoals hij is: dan gebeurt er niets.

    Voorbeelden:

      loket demo-data --regio omgeving-almere
      loket demo-data --omvang land --schaarste ruim
    """
    with connect.connected("demo-data") as data:

        async def work() -> dict[str, int]:
            async with connect.owner_connection(data.settings) as owner:
                vandaag = today(datetime.now(UTC))
                return await load(owner, today=vandaag, size=SIZES[omvang], scarcity=schaarste, regio=regio, seed=getal)

        counts = asyncio.run(work())
    if json:
        print(msgspec.json.encode(counts).decode())
    else:
        print(
            f"Gemaakt: {counts['jeugdregio']} regio('s) met {counts['plek']} plekken, {counts['aanvraag']} aanvragen "
            f"en {counts['bezetting']} perioden waarin een plek bezet was."
        )
