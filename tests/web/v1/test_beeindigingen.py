"""Freshness and providers that stop, over HTTP: who sees what, and a line in the log per child."""

from __future__ import annotations

from uuid import UUID

from service.db import Connection, Pool, Rol, Wie, transaction
from tests import make
from tests.conftest import REGIO
from tests.web.conftest import Serve


async def test_a_machine_that_confirms_makes_a_plek_sure(pool: Pool, owner: Connection, wie: Wie, serve: Serve) -> None:
    """A feed is as good as a tap in a mail."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn, now=make.NOW.replace(month=1))
    machine = Wie(REGIO, Rol.AANBIEDER, UUID(int=9), plek.aanbieder_id, koppeling=UUID(int=9))
    client = await serve(machine)

    before = (await client.get(f"/v1/plekken/{plek.id}")).json()
    said = await client.post(f"/v1/plekken/{plek.id}/bevestigingen", json={})
    after = (await client.get(f"/v1/plekken/{plek.id}")).json()
    (aged,) = (await client.get("/v1/versheid")).json()

    assert (before["zekerheid"], said.status_code, after["zekerheid"]) == ("onbekend", 201, "zeker")
    assert (aged["id"], aged["bron"], aged["bevestigdUren"]) == (str(plek.id), "koppeling", 0)


async def test_from_the_end_of_an_aanbieder_to_where_each_child_goes(
    pool: Pool, owner: Connection, wie: Wie, serve: Serve
) -> None:
    """The loket ends and decides; contractbeheer sees numbers and who can take over; the aanbieder that it stops."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        stay = await make.plaatsing(conn, plek_id=plek.id, tot=make.day(60))
        other = await make.plek(conn)
    loket = await serve(wie)
    inkoop = await serve(Wie(REGIO, Rol.CONTRACTBEHEER, UUID(int=4)))
    zorg = await serve(Wie(REGIO, Rol.AANBIEDER, UUID(int=5), plek.aanbieder_id))

    made = await loket.post(
        "/v1/beeindigingen",
        json={"aanbiederId": str(plek.aanbieder_id), "per": make.day(30).isoformat(), "reden": "faillissement"},
    )
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    (line,) = (await loket.get(f"{path}/overdrachten")).json()
    decide = f"{path}/overdrachten/{stay.id}/besluiten"
    wrong = await loket.post(decide, json={"besluit": "uitloop"})
    decided = await loket.post(decide, json={"besluit": "overdracht"})
    (free,) = (await inkoop.get(f"{path}/overname")).json()

    assert (made.json()["openBesluiten"], line["id"], line["aanvraagId"]) == (1, str(stay.id), str(stay.aanvraag_id))
    assert (wrong.status_code, decided.status_code) == (400, 200), decided.text
    assert (free["aanbiederId"], free["open"]) == (str(other.aanbieder_id), 1)
    for client in (inkoop, zorg):
        seen = await client.get(path)
        assert seen.json() == made.json() | {"openBesluiten": 0}
        assert (await client.get(f"{path}/overdrachten")).status_code == 403
        assert str(stay.aanvraag_id) not in seen.text
    overdracht = UUID(decided.json()["overdrachtId"])
    logged = await owner.fetch(
        "select l.handeling, b.aanvraag_id from logregel l join betrokkene b on b.pseudoniem = l.betrokkene"
    )
    assert {tuple(row) for row in logged} >= {
        ("lijstOverdrachten", stay.aanvraag_id),
        ("besluitOverdracht", stay.aanvraag_id),
        ("besluitOverdracht", overdracht),
    }
