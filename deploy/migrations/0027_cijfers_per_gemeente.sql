-- Before the first release, so before any database that must stay up while this runs.
-- Figures per gemeente, and whether a child came to live outside the region.

create function cijfer_regels(wat cijfer_soort, van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, gemeente text, code text,
                   aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with gestuurd as (
        select v.* from voorstel v
        where v.regio = huidige_regio()
          and (v.verzonden_op at time zone 'Europe/Amsterdam')::date >= cijfer_regels.van
          and (v.verzonden_op at time zone 'Europe/Amsterdam')::date < cijfer_regels.tot),
    regels as (
        select v.aanbieder_id, z.zorgvorm, v.aanvraag_id, case v.status when 'definitief' then 'gekozen' else 'niet_gekozen' end as code
        from gestuurd v join voorziening z on z.id = v.voorziening_id
        where wat = 'voorstellen'
        union all
        select z.aanbieder_id, z.zorgvorm, b.aanvraag_id, b.reden::text
        from besluit b join voorziening z on z.id = b.voorziening_id
        where wat = 'afwijzingen' and b.regio = huidige_regio() and b.uitkomst = 'afgewezen'
          and (b.op at time zone 'Europe/Amsterdam')::date >= van and (b.op at time zone 'Europe/Amsterdam')::date < tot
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
comment on function cijfer_regels(cijfer_soort, date, date) is
    'As cijfer_tellingen, per verantwoordelijke gemeente of the child; null where that is not known any more.';

create or replace function cijfer_tellingen(wat cijfer_soort, van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, code text, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select r.aanbieder_id, r.aanbieder, r.zorgvorm, r.code, sum(r.aantal)::bigint
    from cijfer_regels(wat, van, tot) r
    group by r.aanbieder_id, r.aanbieder, r.zorgvorm, r.code;
end;

create function cijfer_aanbod(van date, tot date, gemeente text)
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
        select p.*,
               coalesce((select range_agg(b.periode) from bezetting b
                         where b.plek_id = p.id and b.soort = 'stop' and b.vrijgegeven_op is null), '{}') as stop,
               -- Who still lives there after the expected end, lives there.
               coalesce((select range_agg(daterange(
                                lower(b.periode), case when b.beeindigd_op is null then tot else upper(b.periode) end))
                         from bezetting b
                         where b.plek_id = p.id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
                           and b.begonnen_op is not null and lower(b.periode) < tot), '{}') as bezet,
               coalesce((select range_agg(daterange(c.dag, c.tot)) from (
                             select (c.op at time zone 'Europe/Amsterdam')::date as dag,
                                    (lead(c.op) over (order by c.op) at time zone 'Europe/Amsterdam')::date as tot
                             from bevestiging c where c.plek_id = p.id) as c), '{}') as gezegd,
               coalesce((select range_agg(daterange(c.dag, c.tot)) from (
                             select (c.op at time zone 'Europe/Amsterdam')::date as dag, c.beschikbaarheid,
                                    (lead(c.op) over (order by c.op) at time zone 'Europe/Amsterdam')::date as tot
                             from bevestiging c where c.plek_id = p.id) as c
                         where c.beschikbaarheid = 'bemenst'), '{}') as bemenst
        from bedden p),
    gemiddeld as (
        select p.aanbieder_id, p.zorgvorm, sum(dagen(p.bestaat)) as bestaat,
               sum(dagen(p.bestaat * (p.bemenst + p.bezet) - (p.stop - p.bezet))) as open,
               sum(dagen(p.bestaat * p.bezet)) as bezet,
               sum(dagen(p.bestaat * (p.stop - p.bezet))) as gestopt,
               sum(dagen(p.bestaat * (p.gezegd - p.bemenst) - p.bezet - p.stop)) as onbemenst,
               sum(dagen(p.bestaat - p.gezegd - p.bezet - p.stop)) as onbekend
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
comment on function cijfer_aanbod(date, date, text) is
    'As cijfer_aanbod, of places whose address is public and in this gemeente (null: all), and then without contracts and waits.';

create or replace function cijfer_aanbod(van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, bestaat float8, open float8, bezet float8,
                   gestopt float8, onbemenst float8, onbekend float8, minimum_capaciteit integer, maximum_wachttijd integer,
                   begonnen bigint, wachtdagen integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select * from cijfer_aanbod(van, tot, null);
end;

create function cijfer_geplaatst(van date, tot date)
    returns table (zorgvorm text, urgentie urgentie, gemeente text, buiten boolean, vanaf_aanmelding integer,
                   vanaf_grondslag integer, vanaf_gewenste_start integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with eerste as (
        select distinct on (a.id) z.zorgvorm, a.urgentie, a.gemeente_code, p.regio <> a.regio as buiten, b.begonnen_op,
               b.begonnen_op - (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as aanmelding,
               b.begonnen_op - (select min(g.datum) from grondslag g
                                where g.aanvraag_id = a.id and g.status = 'verleend') as grondslag,
               b.begonnen_op - a.gewenste_start as gewenst
        from aanvraag a
        join bezetting b on b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
            and b.begonnen_op is not null and not b.overbrugging
        join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        where a.regio = huidige_regio()
        order by a.id, b.begonnen_op),
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
comment on function cijfer_geplaatst(date, date) is
    'As cijfer_wachttijden, child by child: where it came, of which gemeente it is, whether that is outside the region (null: not known any more). Small numbers are hidden by gemeenten.py.';

revoke execute on function cijfer_regels(cijfer_soort, date, date), cijfer_aanbod(date, date, text),
    cijfer_geplaatst(date, date) from public;
grant execute on function cijfer_regels(cijfer_soort, date, date), cijfer_aanbod(date, date, text),
    cijfer_geplaatst(date, date) to loket_app;
