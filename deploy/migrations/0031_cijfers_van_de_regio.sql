-- Figures of a region are found by the region, and not by going through all regions (docs/schaal.md).
-- squawk-ignore-file require-concurrent-index-creation

create index contract_regio on contract (regio);
create index plek_regio on plek (regio);
create index besluit_op on besluit (regio, op) where uitkomst = 'afgewezen';
create index bezetting_begonnen on bezetting (regio, begonnen_op) where begonnen_op is not null;
create index bezetting_kwam on bezetting (vraag_regio, begonnen_op) where begonnen_op is not null;
create index bezetting_beeindigd on bezetting (regio, beeindigd_op) where beeindigd_op is not null;
create index voorstel_verzonden on voorstel (regio, verzonden_op) where verzonden_op is not null;
create index voorstel_gevraagd on voorstel (aanbod_regio, verzonden_op) where verzonden_op is not null;

-- As before; the days are compared as moments, so that an index on them helps.
create or replace function cijfer_regels(wat cijfer_soort, van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, gemeente text, code text,
                   aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with gestuurd as (
        select v.id, v.aanbieder_id, v.voorziening_id, v.aanvraag_id, v.status from voorstel v
        where v.regio = huidige_regio()
          and v.verzonden_op >= cijfer_regels.van::timestamp at time zone 'Europe/Amsterdam'
          and v.verzonden_op < cijfer_regels.tot::timestamp at time zone 'Europe/Amsterdam'),
    regels as (
        select v.aanbieder_id, z.zorgvorm, v.aanvraag_id, case v.status when 'definitief' then 'gekozen' else 'niet_gekozen' end as code
        from gestuurd v join voorziening z on z.id = v.voorziening_id
        where wat = 'voorstellen'
        union all
        select z.aanbieder_id, z.zorgvorm, b.aanvraag_id, b.reden::text
        from besluit b join voorziening z on z.id = b.voorziening_id
        where wat = 'afwijzingen' and b.regio = huidige_regio() and b.uitkomst = 'afgewezen'
          and b.op >= van::timestamp at time zone 'Europe/Amsterdam' and b.op < tot::timestamp at time zone 'Europe/Amsterdam'
        union all
        -- Once per voorstel: for the voorziening that stood highest. Who was asked itself, was not passed over.
        select k.aanbieder_id, k.zorgvorm, k.aanvraag_id, k.reden
        from (
            select distinct on (v.id, k.aanbieder_id) k.aanbieder_id, z.zorgvorm, v.aanvraag_id, k.reden::text as reden
            from gestuurd v
            join voorstel_keuze k on k.voorstel_id = v.id and k.aanbieder_id <> v.aanbieder_id
            join voorziening z on z.id = k.voorziening_id
            where wat = 'gepasseerd'
            order by v.id, k.aanbieder_id, k.rang) as k
        union all
        select p.aanbieder_id, z.zorgvorm, b.aanvraag_id, b.einde_reden::text
        from bezetting b join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        where wat = 'verblijven' and b.regio = huidige_regio() and b.soort = 'plaatsing' and b.vrijgegeven_op is null
          and b.beeindigd_op >= van and b.beeindigd_op < tot
        union all
        select null, null, null, case when s.plaatsen = 1 then 'heel' else 'gesplitst' end
        from (
            select count(distinct e.locatie_id) as plaatsen
            from (
                select distinct on (a.id) a.samenplaatsing_id, z.locatie_id, b.begonnen_op
                from aanvraag a
                join bezetting b on b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
                    and b.begonnen_op is not null and not b.overbrugging
                join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
                where wat = 'samenplaatsingen' and a.regio = huidige_regio() and a.samenplaatsing_id is not null
                  and huidige_rol() <> 'aanbieder'
                order by a.id, b.begonnen_op) as e
            where not exists (
                select from aanvraag o where o.samenplaatsing_id = e.samenplaatsing_id and is_open(o.status))
            group by e.samenplaatsing_id
            having count(*) > 1 and max(e.begonnen_op) >= van and max(e.begonnen_op) < tot) as s)
    select r.aanbieder_id, a.naam, r.zorgvorm, k.gemeente_code, r.code, count(*)
    from regels r
    left join aanbieder a on a.id = r.aanbieder_id
    left join aanvraag k on k.id = r.aanvraag_id and k.regio = huidige_regio()
    where case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'contractbeheer' then true
        when 'aanbieder' then r.aanbieder_id = huidige_organisatie()
        else false end
    group by r.aanbieder_id, a.naam, r.zorgvorm, k.gemeente_code, r.code;
end;

-- As before; of each stay only what is before it is looked up.
create or replace function crisis_sinds(plaatsing uuid, crisisvormen text[], geslotenvormen text[]) returns date
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    -- Found by their ids, one after the other: written out, it would be all such stays of the region, for each child.
    with recursive tijdelijk as not materialized (
        select b.id, b.aanvraag_id, b.begonnen_op, b.beeindigd_op from bezetting b
        where b.soort = 'plaatsing' and b.begonnen_op is not null and b.vraag_regio = huidige_regio() and (
            exists (select from plek p join voorziening v on v.id = p.voorziening_id
                    where p.id = b.plek_id and (v.gesloten or v.zorgvorm = any (crisisvormen || geslotenvormen)))
            or exists (select from telefoongesprek t where t.bezetting_id = b.id))),
    keten as (
        select t.aanvraag_id, t.begonnen_op from tijdelijk t where t.id = plaatsing
        union all
        select t.aanvraag_id, t.begonnen_op
        from keten k join aanvraag a on a.id = k.aanvraag_id join tijdelijk t on t.id = a.vervolg_van
        where coalesce(t.beeindigd_op, 'infinity') >= k.begonnen_op)
    select min(k.begonnen_op) from keten k where huidige_rol() is not null;
end;

-- As before; what stands with a plek is read once.
create or replace function cijfer_aanbod(van date, tot date, gemeente text)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, bestaat float8, open float8, bezet float8,
                   gestopt float8, onbemenst float8, onbekend float8, minimum_capaciteit integer, maximum_wachttijd integer,
                   begonnen bigint, wachtdagen integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with bedden as (
        select p.id, p.aanbieder_id, z.zorgvorm, datemultirange(p.bestaat * daterange(van, tot)) as bestaat
        from plek p join voorziening z on z.id = p.voorziening_id
        where p.regio = huidige_regio() and p.bestaat && daterange(van, tot)
          and (gemeente is null or exists (
              select from locatie l where l.id = z.locatie_id and l.zichtbaarheid = 'openbaar' and l.gemeente_code = gemeente))),
    perioden as materialized (
        select p.*, coalesce(b.stop, '{}') as stop, coalesce(b.bezet, '{}') as bezet, coalesce(c.gezegd, '{}') as gezegd,
               coalesce(c.bemenst, '{}') as bemenst
        from bedden p
        cross join lateral (
            select range_agg(b.periode) filter (where b.soort = 'stop') as stop,
                   -- Who still lives there after the expected end, lives there.
                   range_agg(daterange(
                       lower(b.periode), case when b.beeindigd_op is null then tot else upper(b.periode) end))
                       filter (where b.soort = 'plaatsing' and b.begonnen_op is not null and lower(b.periode) < tot) as bezet
            from bezetting b where b.plek_id = p.id and b.vrijgegeven_op is null) as b
        cross join lateral (
            select range_agg(daterange(c.dag, c.tot)) as gezegd,
                   range_agg(daterange(c.dag, c.tot)) filter (where c.beschikbaarheid = 'bemenst') as bemenst
            from (
                select (c.op at time zone 'Europe/Amsterdam')::date as dag, c.beschikbaarheid,
                       (lead(c.op) over (order by c.op) at time zone 'Europe/Amsterdam')::date as tot
                from bevestiging c where c.plek_id = p.id) as c) as c),
    -- Written out: called so often, a function for it costs more than all else here.
    gemiddeld as (
        select p.aanbieder_id, p.zorgvorm, sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat) as d)) as bestaat,
               sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat * (p.bemenst + p.bezet) - (p.stop - p.bezet)) as d)) as open,
               sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat * p.bezet) as d)) as bezet,
               sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat * (p.stop - p.bezet)) as d)) as gestopt,
               sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat * (p.gezegd - p.bemenst) - p.bezet - p.stop) as d)) as onbemenst,
               sum((select sum(upper(d) - lower(d)) from unnest(p.bestaat - p.gezegd - p.bezet - p.stop) as d)) as onbekend
        from perioden p group by p.aanbieder_id, p.zorgvorm),
    afspraken as (
        select distinct on (c.aanbieder_id, c.zorgvorm) c.aanbieder_id, c.zorgvorm, c.minimum_capaciteit, c.maximum_wachttijd
        from contract c where c.regio = huidige_regio() and c.geldigheid && daterange(van, tot)
          and gemeente is null
        order by c.aanbieder_id, c.zorgvorm, lower(c.geldigheid) desc),
    -- What the provider could do something about: from when it was asked, or the child could come.
    gekomen as (
        select p.aanbieder_id, z.zorgvorm, count(*) as begonnen,
               percentile_disc(0.5) within group (order by greatest(0, b.begonnen_op - greatest(a.gewenste_start, coalesce(
                   (select (v.verzonden_op at time zone 'Europe/Amsterdam')::date from voorstel v
                    where v.aanvraag_id = a.id and v.plek_id = b.plek_id and v.status = 'definitief'),
                   (a.aangemeld_op at time zone 'Europe/Amsterdam')::date)))) as wachtdagen
        from bezetting b join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        join aanvraag a on a.id = b.aanvraag_id
        where b.regio = huidige_regio() and b.soort = 'plaatsing' and b.vrijgegeven_op is null
          and b.begonnen_op >= van and b.begonnen_op < tot and gemeente is null
        group by p.aanbieder_id, z.zorgvorm)
    select a.id, a.naam, k.zorgvorm,
           coalesce(g.bestaat, 0)::float8 / (tot - van), coalesce(g.open, 0)::float8 / (tot - van),
           coalesce(g.bezet, 0)::float8 / (tot - van), coalesce(g.gestopt, 0)::float8 / (tot - van),
           coalesce(g.onbemenst, 0)::float8 / (tot - van), coalesce(g.onbekend, 0)::float8 / (tot - van),
           c.minimum_capaciteit, c.maximum_wachttijd, coalesce(w.begonnen, 0), w.wachtdagen
    from (select g.aanbieder_id, g.zorgvorm from gemiddeld g union select c.aanbieder_id, c.zorgvorm from afspraken c) as k
    join aanbieder a on a.id = k.aanbieder_id
    left join gemiddeld g on g.aanbieder_id = k.aanbieder_id and g.zorgvorm = k.zorgvorm
    left join afspraken c on c.aanbieder_id = k.aanbieder_id and c.zorgvorm = k.zorgvorm
    left join gekomen w on w.aanbieder_id = k.aanbieder_id and w.zorgvorm = k.zorgvorm
    where case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'contractbeheer' then true
        when 'aanbieder' then k.aanbieder_id = huidige_organisatie()
        else false end
    order by a.naam, k.zorgvorm;
end;


-- As before; only the stays of these days are looked up, and whether there was an earlier one.
create or replace function cijfer_wachttijden(van date, tot date)
    returns table (zorgvorm text, urgentie urgentie, aantal bigint, met_grondslag bigint, vanaf_aanmelding integer,
                   vanaf_grondslag integer, vanaf_gewenste_start integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with eerste as (
        select z.zorgvorm, a.urgentie, b.begonnen_op,
               b.begonnen_op - (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as aanmelding,
               b.begonnen_op - (select min(g.datum) from grondslag g
                                where g.aanvraag_id = a.id and g.status = 'verleend') as grondslag,
               b.begonnen_op - a.gewenste_start as gewenst
        from bezetting b
        join aanvraag a on a.id = b.aanvraag_id
        join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        where b.vraag_regio = huidige_regio() and b.soort = 'plaatsing' and b.vrijgegeven_op is null
          and b.begonnen_op >= van and b.begonnen_op < tot and not b.overbrugging
          and not exists (
              select from bezetting e
              where e.aanvraag_id = b.aanvraag_id and e.soort = 'plaatsing' and e.vrijgegeven_op is null
                and e.begonnen_op < b.begonnen_op and not e.overbrugging)),
    ooit as (
        select * from eerste
        union all
        select a.uitkomst -> 'verblijven' -> 0 ->> 'zorgvorm', a.urgentie,
               (a.aangemeld_op at time zone 'Europe/Amsterdam')::date + (a.uitkomst ->> 'dagenTotStart')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer - (a.uitkomst ->> 'dagenTotGrondslag')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer - (a.uitkomst ->> 'dagenTotGewensteStart')::integer
        from aanvraag a
        where a.regio = huidige_regio() and a.geanonimiseerd_op is not null and a.uitkomst ? 'dagenTotStart')
    select o.zorgvorm, o.urgentie, count(*), count(o.grondslag),
           percentile_disc(0.5) within group (order by greatest(0, o.aanmelding)),
           percentile_disc(0.5) within group (order by greatest(0, o.grondslag)) filter (where o.grondslag is not null),
           percentile_disc(0.5) within group (order by greatest(0, o.gewenst))
    from ooit o
    where o.begonnen_op >= van and o.begonnen_op < tot and huidige_rol() in ('schakelfunctionaris', 'contractbeheer')
    group by o.zorgvorm, o.urgentie
    order by o.zorgvorm, o.urgentie;
end;

create or replace function cijfer_geplaatst(van date, tot date)
    returns table (zorgvorm text, urgentie urgentie, gemeente text, buiten boolean, vanaf_aanmelding integer,
                   vanaf_grondslag integer, vanaf_gewenste_start integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with eerste as (
        select z.zorgvorm, a.urgentie, a.gemeente_code, p.regio <> a.regio as buiten, b.begonnen_op,
               b.begonnen_op - (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as aanmelding,
               b.begonnen_op - (select min(g.datum) from grondslag g
                                where g.aanvraag_id = a.id and g.status = 'verleend') as grondslag,
               b.begonnen_op - a.gewenste_start as gewenst
        from bezetting b
        join aanvraag a on a.id = b.aanvraag_id
        join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        where b.vraag_regio = huidige_regio() and b.soort = 'plaatsing' and b.vrijgegeven_op is null
          and b.begonnen_op >= van and b.begonnen_op < tot and not b.overbrugging
          and not exists (
              select from bezetting e
              where e.aanvraag_id = b.aanvraag_id and e.soort = 'plaatsing' and e.vrijgegeven_op is null
                and e.begonnen_op < b.begonnen_op and not e.overbrugging)),
    ooit as (
        select * from eerste
        union all
        select a.uitkomst -> 'verblijven' -> 0 ->> 'zorgvorm', a.urgentie, a.gemeente_code, null,
               (a.aangemeld_op at time zone 'Europe/Amsterdam')::date + (a.uitkomst ->> 'dagenTotStart')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer - (a.uitkomst ->> 'dagenTotGrondslag')::integer,
               (a.uitkomst ->> 'dagenTotStart')::integer - (a.uitkomst ->> 'dagenTotGewensteStart')::integer
        from aanvraag a
        where a.regio = huidige_regio() and a.geanonimiseerd_op is not null and a.uitkomst ? 'dagenTotStart')
    select o.zorgvorm, o.urgentie, o.gemeente_code, o.buiten, greatest(0, o.aanmelding),
           case when o.grondslag is not null then greatest(0, o.grondslag) end, greatest(0, o.gewenst)
    from ooit o
    where o.begonnen_op >= van and o.begonnen_op < tot and huidige_rol() in ('schakelfunctionaris', 'contractbeheer');
end;

-- As before; when children came is read once for all of them.
create or replace function wacht_geschiedenis(vanaf wacht_vanaf, sinds date, vandaag date)
    returns table (zorgvorm text, urgentie urgentie, dagen integer, voorbij boolean, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with gemeld as (
        select a.id, a.urgentie, a.zorgvormen, a.gewenste_start, a.afgesloten_op, a.geanonimiseerd_op, a.uitkomst,
               (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as dag
        from aanvraag a
        where a.regio = huidige_regio() and huidige_rol() in ('schakelfunctionaris', 'verwijzer', 'contractbeheer')),
    gekomen as (
        select b.aanvraag_id, min(b.begonnen_op) as start from bezetting b
        where b.vraag_regio = huidige_regio() and b.begonnen_op is not null and b.soort = 'plaatsing'
          and b.vrijgegeven_op is null and not b.overbrugging
        group by b.aanvraag_id),
    bekend as (
        select a.urgentie, a.zorgvormen,
               case vanaf
                   when 'aanmelding' then a.dag
                   when 'grondslag' then (
                       select min(g.datum) from grondslag g where g.aanvraag_id = a.id and g.status = 'verleend')
                   else a.gewenste_start end as begin,
               k.start, coalesce(a.afgesloten_op, vandaag) as einde
        from gemeld a left join gekomen k on k.aanvraag_id = a.id where a.geanonimiseerd_op is null
        union all
        -- Of these the month is left, and the days between.
        select a.urgentie, a.zorgvormen,
               a.dag + case vanaf
                   when 'aanmelding' then 0
                   when 'grondslag' then (a.uitkomst ->> 'dagenTotGrondslag')::integer
                   else (a.uitkomst ->> 'dagenTotGewensteStart')::integer end,
               a.dag + (a.uitkomst ->> 'dagenTotStart')::integer,
               a.dag + coalesce((a.uitkomst ->> 'dagenTotSluiting')::integer, a.afgesloten_op - a.dag)
        from gemeld a where a.geanonimiseerd_op is not null),
    gewacht as (
        select b.urgentie, b.zorgvormen, coalesce(b.start <= vandaag, false) as voorbij,
               greatest(0, least(coalesce(b.start, b.einde), vandaag) - b.begin) as dagen
        from bekend b where b.begin between sinds and vandaag)
    select z.code, g.urgentie, g.dagen, g.voorbij, count(*)
    from gewacht g cross join lateral unnest(g.zorgvormen) as z (code)
    group by z.code, g.urgentie, g.dagen, g.voorbij;
end;
