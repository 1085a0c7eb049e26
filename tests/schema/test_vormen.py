"""Rows of the workflow that cannot be: the database refuses them by name, whoever writes them."""

from __future__ import annotations

import contextlib

import asyncpg

from service.db import SYSTEM
from tests.schema import test_policies
from tests.schema.test_policies import TakenBack, World
from tests.schema.world import key

filled = test_policies.filled

AGAIN = "insert into {0} select (jsonb_populate_record(x, jsonb_build_object('id', gen_random_uuid()))).* from {0} x"

VORMEN = {
    # A voorstel that waits holds a plek, and one that ended knows when; one that was sent knows that too.
    "voorstel_houdt_een_plek": "update voorstel set optie_id = null where status = 'verzonden'",
    "voorstel_einde_vorm": "update voorstel set klaar_op = now() where status = 'verzonden'",
    "voorstel_verzonden_vorm": "update voorstel set verzonden_op = null where status = 'afgewezen'",
    "voorstel_periode_vorm": "update voorstel set tot = van",
    # Asked once at a time, and definitive once.
    "voorstel_een_per_voorziening": AGAIN.format("voorstel"),
    "voorstel_een_definitief": "update voorstel set status = 'definitief', verzonden_op = now(), klaar_op = now()",
    "gebeurtenis_stand_vorm": "update gebeurtenis set naar = null",
    "opschaling_sluit_met_uitkomst": "update opschaling set gesloten_op = now()",
    "opschaling_anders_met_uitleg": "update opschaling set gesloten_op = now(), uitkomst = 'anders'",
    "opschaling_een_open_per_tafel": AGAIN.format("opschaling"),
    "aanvraag_een_vervolg": f"update aanvraag set vervolg_van = '{key('bezetting', 'hier')}'",
    # Told once, and it is known how that ended.
    "bericht_een_keer": AGAIN.format("bericht"),
    "bericht_einde_vorm": "update bericht set status = 'bezorgd' where status = 'wacht'",
    "bericht_uit_is_geen_bericht": "update bericht set wijze = 'uit'",
    "levering_een_keer": AGAIN.format("levering"),
    "levering_einde_vorm": "update levering set status = 'bezorgd'",
    "haak_een_per_url": AGAIN.format("haak"),
    "haak_van_een": "update haak set aanbieder_id = null, organisatie_id = null",
    "haak_geheim_vorig_vorm": "update haak_geheim set vorig_geheim = 'whsec_'",
    # Asked once a day; ended once.
    "bevestigverzoek_een_per_dag": AGAIN.format("bevestigverzoek"),
    "bevestigverzoek_geldig_vorm": "update bevestigverzoek set geldig_tot = gevraagd_op",
    "bevestigverzoek_over_iets": "update bevestigverzoek set plekken = '{}'",
    "beeindiging_een": AGAIN.format("beeindiging"),
    "beeindiging_anders_met_uitleg": "update beeindiging set reden = 'anders'",
    "beeindiging_plaatsing_besluit_vorm": (
        f"update beeindiging_plaatsing set besluit = 'uitloop', besloten_op = now(), besloten_door = '{SYSTEM}'"
    ),
    "plek_na_beeindiging": f"update plek set bestaat = '[2025-01-01,)' where id = '{key('plek', 'ander')}'",
}


async def test_each_row_that_cannot_be_is_refused_by_name(filled: World) -> None:
    refused = {}
    for name, statement in VORMEN.items():
        with contextlib.suppress(TakenBack):
            async with filled.owner.transaction():
                try:
                    await filled.owner.execute(statement)
                    refused[name] = None
                except asyncpg.IntegrityConstraintViolationError as error:
                    refused[name] = error.constraint_name
                raise TakenBack
    assert refused == {name: name for name in VORMEN}
