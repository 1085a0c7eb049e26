"""The facts of a database as tests/model.py judges them. Read by the owner, in one statement and so at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from service.db import Connection
from tests import model

FACTS = """
select
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', b.id, 'soort', b.soort, 'plek', b.plek_id, 'van', lower(b.periode), 'tot', upper(b.periode),
    'kind', b.aanvraag_id, 'vervalt', b.vervalt_op, 'verlengd', b.verlengd_op is not null,
    'vrij', b.vrijgegeven_op is not null, 'begonnen', b.begonnen_op, 'definitief', b.definitief_op is not null,
    'beeindigd', b.beeindigd_op, 'overbrugging', b.overbrugging) order by b.id), '[]')
  from bezetting b where $1::uuid[] is null or b.plek_id = any ($1)) as bezetting,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', v.id, 'kind', v.aanvraag_id, 'voorziening', v.voorziening_id, 'plek', v.plek_id, 'bundel', v.bundel_id,
    'status', v.status, 'van', v.van, 'tot', v.tot, 'optie', v.optie_id, 'antwoord_voor', v.antwoord_voor,
    'kennismaking', v.kennismaking_op, 'herinnerd', v.herinnerd_op is not null) order by v.id), '[]')
  from voorstel v where $2::uuid[] is null or v.aanvraag_id = any ($2)) as voorstel,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', a.id, 'status', a.status, 'stand', stand_van(a.id), 'urgentie', a.urgentie, 'behandelaar', a.behandelaar_id,
    'vervolg_van', a.vervolg_van,
    'alarmen', (select coalesce(jsonb_agg(jsonb_build_array(
        g.gegevens ->> 'alarm', g.gegevens ->> 'dag', g.gegevens ->> 'ernst')), '[]') from gebeurtenis g
        where g.aanvraag_id = a.id and g.soort = 'alarm' and g.gegevens ? 'ernst'),
    'opgeschaald', array(select o.id from opschaling o where o.aanvraag_id = a.id and o.gesloten_op is null),
    'historie', (select coalesce(jsonb_agg(jsonb_build_array(g.soort, g.van, g.naar) order by g.nummer), '[]')
                 from gebeurtenis g where g.aanvraag_id = a.id)) order by a.id), '[]')
  from aanvraag a where $2::uuid[] is null or a.id = any ($2)) as aanvraag,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', r.id, 'kind', r.aanvraag_id, 'soort', r.soort, 'staat', r.staat, 'termijn', r.termijn,
    'klaar', r.klaar_op is not null, 'gewaarschuwd', r.gewaarschuwd_op is not null) order by r.id), '[]')
  from route r where $2::uuid[] is null or r.aanvraag_id = any ($2)) as route,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', o.id, 'kind', o.aanvraag_id, 'tafel', o.tafel, 'eigenaar', o.eigenaar_id, 'termijn', o.termijn,
    'gesloten', o.gesloten_op is not null, 'gewaarschuwd', o.gewaarschuwd_op is not null) order by o.id), '[]')
  from opschaling o where $2::uuid[] is null or o.aanvraag_id = any ($2)) as opschaling,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', q.id, 'opschaling', q.opschaling_id, 'kind', q.aanvraag_id, 'voorziening', q.voorziening_id,
    'nodig', q.nodig, 'gesloten', q.gesloten_op is not null) order by q.id), '[]')
  from opschaling_vraag q where $2::uuid[] is null or q.aanvraag_id = any ($2)) as vraag,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', q.id, 'kind', q.aanvraag_id, 'aanleiding', q.aanleiding, 'opschaling', q.opschaling_id,
    'geweigerd', q.geweigerd is not null) order by q.id), '[]')
  from opschalingsverzoek q where $2::uuid[] is null or q.aanvraag_id = any ($2)) as verzoek,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'einde', upper(p.bestaat), 'staf', p.beschikbaarheid, 'bevestigd', p.bevestigd_op) order by p.id), '[]')
  from plek p where $1::uuid[] is null or p.id = any ($1)) as plek,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', q.aanbieder_id || ' ' || q.dag, 'plekken', q.plekken, 'tot', q.geldig_tot) order by q.dag, q.id), '[]')
  from bevestigverzoek q where $1::uuid[] is null or q.plekken && $1) as bevestigverzoek,
 (select coalesce(jsonb_agg(jsonb_build_object(
    'id', u.bezetting_id, 'beeindiging', u.beeindiging_id, 'besluit', u.besluit, 'uitloop', u.uitloop_tot,
    'aanvraag', u.overdracht_id) order by u.bezetting_id), '[]')
  from beeindiging_plaatsing u join bezetting b on b.id = u.bezetting_id
  where $1::uuid[] is null or b.plek_id = any ($1)) as overdracht,
 (select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'soort', g.soort, 'gemeld', exists (
    select from taak t where t.regio = g.regio and t.soort = 'melding' and t.sleutel = g.id::text))
    order by g.nummer), '[]')
  from gebeurtenis g where $2::uuid[] is null or g.aanvraag_id = any ($2)) as gebeurtenis
"""


async def read(
    owner: Connection, *, plekken: Sequence[UUID] | None = None, aanvragen: Sequence[UUID] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Of these plekken and aanvragen, or of all."""
    row = await owner.fetchrow(FACTS, plekken, aanvragen)
    assert row is not None
    found = {name: list(rows) for name, rows in row.items()}
    for name, days, moments in (
        ("bezetting", ("van", "tot", "begonnen", "beeindigd"), ("vervalt",)),
        ("voorstel", ("van", "tot", "kennismaking"), ("antwoord_voor",)),
        ("route", ("termijn",), ()),
        ("opschaling", ("termijn",), ()),
        ("plek", ("einde",), ("bevestigd",)),
        ("bevestigverzoek", (), ("tot",)),
        ("overdracht", ("uitloop",), ()),
    ):
        for one in found[name]:
            one |= {day: model.date.fromisoformat(one[day]) for day in days if one[day] is not None}
            one |= {moment: model.datetime.fromisoformat(one[moment]) for moment in moments if one[moment] is not None}
    return found


async def wrong(owner: Connection) -> list[str]:
    """What cannot be in this database."""
    return model.wrong(await read(owner))
