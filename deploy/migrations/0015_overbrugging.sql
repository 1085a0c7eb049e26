-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion, constraint-missing-not-valid, ban-drop-constraint
-- A plaatsing in a tussenvoorziening is where a child waits: its aanvraag stays open.

alter table bezetting add column overbrugging boolean not null default false;
alter table voorstel add column overbrugging boolean not null default false;
alter table bezetting drop constraint bezetting_kind_op_een_plek;
alter table bezetting add constraint bezetting_kind_op_een_plek
        exclude using gist (aanvraag_id with =, (overbrugging::integer) with =, periode with &&)
        where (soort = 'plaatsing' and vrijgegeven_op is null);
alter table bezetting add constraint bezetting_overbrugging_vorm check (not overbrugging or soort = 'plaatsing');
drop index voorstel_een_definitief;
create unique index voorstel_een_definitief on voorstel (aanvraag_id) where status = 'definitief' and not overbrugging;
grant update (overbrugging) on voorstel to loket_app;
comment on column bezetting.overbrugging is
    'Of a plaatsing: where the child waits for a place, as in a tussenvoorziening. The aanvraag stays open, and the stay may go on until the child has moved.';
comment on column voorstel.overbrugging is 'What became definitive is where the child waits: the search goes on.';

create or replace function stand_van(aanvraag uuid) returns aanvraag_status
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case
        when a.status in ('afgewezen', 'ingetrokken', 'beeindigd') then a.status
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
                     and b.vrijgegeven_op is null and not b.overbrugging and (b.begonnen_op is not null or b.definitief_op is null)) then 'geplaatst'
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
                     and b.vrijgegeven_op is null and not b.overbrugging) then 'definitief'
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing'
                     and b.vrijgegeven_op is null and not b.overbrugging) then 'beeindigd'
        else coalesce(
            (select case max(v.status)
                 when 'kennismaking' then 'kennismaking' when 'toestemming' then 'toestemming' when 'akkoord' then 'akkoord'
                 else 'voorstel' end::aanvraag_status
             from voorstel v where v.aanvraag_id = a.id and is_levend(v.status) having count(*) > 0),
            (select 'optie'::aanvraag_status from bezetting b
             where b.aanvraag_id = a.id and b.soort = 'optie' and b.vrijgegeven_op is null limit 1),
            (select 'opgeschaald'::aanvraag_status from opschaling o
             where o.aanvraag_id = a.id and o.gesloten_op is null limit 1),
            case when a.status = 'ingediend' then a.status else 'in_behandeling' end)
    end
    from aanvraag a where a.id = aanvraag;
end;

create or replace function anonimiseer(aanvraag uuid, nu timestamptz, waarom wissing_soort, reden text) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    kind   aanvraag%rowtype;
    gemeld date;
    begin_ date;
    samen  uuid;
begin
    if huidige_rol() is distinct from 'schakelfunctionaris' or waarom = 'termijn'
       and huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the loket removes a child, and by term only the service itself';
    end if;
    select a.* into kind from aanvraag a where a.id = $1 and a.regio = huidige_regio() for update;
    if kind.id is null or kind.geanonimiseerd_op is not null then
        raise no_data_found using message = 'there is no such child (any more)';
    end if;
    if kind.afgesloten_op is null or exists (
        select from bezetting b where b.aanvraag_id = $1 and b.soort = 'plaatsing' and b.beeindigd_op is null
          and b.vrijgegeven_op is null) then
        raise object_not_in_prerequisite_state using message = 'an aanvraag that is open, or whose child still lives there';
    end if;

    -- What counts afterwards: how long a child waited, what came of it. Days, so that no date is needed.
    select min(lower(b.periode)) into begin_ from bezetting b
    where b.aanvraag_id = $1 and b.soort = 'plaatsing' and b.vrijgegeven_op is null and not b.overbrugging;
    gemeld := (kind.aangemeld_op at time zone 'Europe/Amsterdam')::date;
    update aanvraag a
    set uitkomst = jsonb_strip_nulls(jsonb_build_object(
            'dagenTotGewensteStart', kind.gewenste_start - gemeld,
            'dagenTotGrondslag',
                (select min(g.datum) - gemeld from grondslag g where g.aanvraag_id = $1 and g.status = 'verleend'),
            'dagenTotStart', begin_ - gemeld,
            'dagenTotSluiting', kind.afgesloten_op - gemeld,
            'afgewezen', (select nullif(count(*), 0) from besluit b where b.aanvraag_id = $1 and b.uitkomst = 'afgewezen'),
            'voorstellen', (
                select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                    'zorgvorm', z.zorgvorm, 'status', v.status, 'dagen', (v.beantwoord_op at time zone 'Europe/Amsterdam')::date
                        - (v.verzonden_op at time zone 'Europe/Amsterdam')::date)) order by v.verzonden_op, v.id)
                from voorstel v join voorziening z on z.id = v.voorziening_id
                where v.aanvraag_id = $1 and v.verzonden_op is not null),
            'verblijven', (
                select jsonb_agg(jsonb_build_object(
                    'zorgvorm', v.zorgvorm, 'dagen', b.beeindigd_op - lower(b.periode), 'einde', b.einde_reden)
                    order by lower(b.periode))
                from bezetting b join plek p on p.id = b.plek_id join voorziening v on v.id = p.voorziening_id
                where b.aanvraag_id = $1 and b.soort = 'plaatsing' and b.vrijgegeven_op is null))),
        geanonimiseerd_op = nu, samenplaatsing_id = null, urgentie_reden = null,
        leeftijd_maanden = kind.leeftijd_maanden / 12 * 12,
        leeftijd_peildatum = date_trunc('month', kind.leeftijd_peildatum)::date,
        geslacht = 'onbekend', groepssoorten = '{gemengd}', pc4 = null, school_pc4 = null, netwerk_pc4 = null,
        huidig_verblijf_tot = null, gewenste_start = date_trunc('month', kind.gewenste_start)::date,
        uiterlijke_datum = date_trunc('month', kind.gewenste_start)::date, zorgvorm_reden = null,
        ondersteuning = '{}', kenmerken = '{}', medisch = '{}', rolstoel = false, onderwijs = null,
        maximale_reistijd = null, vervolg_van = null, gewijzigd_op = null, eerder_geprobeerd = null, mening_jeugdige = null, praktisch = null,
        aangemeld_op = date_trunc('month', kind.aangemeld_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        afgesloten_op = date_trunc('month', kind.afgesloten_op)::date, versie = a.versie + 1
    where a.id = $1;

    -- What followed on it is not to lead back to it.
    update gebeurtenis g set gegevens = g.gegevens - 'vervolg' - 'overdracht'
    where g.soort in ('vervolg', 'overdracht') and coalesce(g.gegevens ->> 'vervolg', g.gegevens ->> 'overdracht') = $1::text;
    update aanvraag a set vervolg_van = null, versie = a.versie + 1
    where a.vervolg_van in (select b.id from bezetting b where b.aanvraag_id = $1);

    delete from aanvraag_kenmerk k where k.aanvraag_id = $1;
    delete from gebeurtenis g where g.aanvraag_id = $1;
    delete from telefoongesprek t where t.aanvraag_id = $1;
    delete from opschaling_dossier d where d.aanvraag_id = $1;
    delete from opschalingsverzoek v where v.aanvraag_id = $1;
    delete from beeindiging_plaatsing u where u.aanvraag_id = $1;
    update beeindiging_plaatsing u set overdracht_id = null where u.overdracht_id = $1;
    delete from grondslag g where g.aanvraag_id = $1;
    delete from machtiging m where m.aanvraag_id = $1;
    delete from toestemming t where t.aanvraag_id = $1;
    delete from uitsluiting u where u.aanvraag_id = $1;
    samen := kind.samenplaatsing_id;
    delete from samenplaatsing s
    where s.id = samen and not exists (select from aanvraag a where a.samenplaatsing_id = samen);

    -- Of what was tried the codes stay, and the month: who was asked, and what came of it.
    delete from voorstel v where v.aanvraag_id = $1 and v.status = 'concept';
    update voorstel v
    set status = case when is_levend(v.status) then 'ingetrokken' else v.status end,
        klaar_op = date_trunc('month', coalesce(v.klaar_op, nu) at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        verzonden_op = date_trunc('month', v.verzonden_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        beantwoord_op = date_trunc('month', v.beantwoord_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        aangemaakt_op = date_trunc('month', v.aangemaakt_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        van = date_trunc('month', v.van)::date, tot = null, optie_id = null, bundel_id = null, toelichting = null,
        afwijking = null, contactplan = null, antwoord_voor = null, herinnerd_op = null, kennismaking_op = null,
        versie = v.versie + 1
    where v.aanvraag_id = $1;
    update opschaling o
    set waarom = '(verwijderd)', toelichting = case when o.toelichting is not null then '(verwijderd)' end,
        uitkomst = coalesce(o.uitkomst, 'niet_meer_nodig'), termijn = date_trunc('month', o.termijn)::date,
        geopend_op = date_trunc('month', o.geopend_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        gesloten_op = date_trunc('month', coalesce(o.gesloten_op, nu) at time zone 'Europe/Amsterdam')
            at time zone 'Europe/Amsterdam',
        gewaarschuwd_op = null, versie = o.versie + 1
    where o.aanvraag_id = $1;
    update opschaling_vraag v
    set toelichting = case when v.nodig = 'anders' then '(verwijderd)' end, vanaf = date_trunc('month', v.vanaf)::date,
        antwoord_voor = date_trunc('month', v.antwoord_voor)::date,
        gesteld_op = date_trunc('month', v.gesteld_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        beantwoord_op = date_trunc('month', v.beantwoord_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        gesloten_op = date_trunc('month', coalesce(v.gesloten_op, nu) at time zone 'Europe/Amsterdam')
            at time zone 'Europe/Amsterdam',
        versie = v.versie + 1
    where v.aanvraag_id = $1;
    update route r
    set details = jsonb_build_object('soort', r.soort), reden = case when r.reden is not null or r.klaar_op is null then '(verwijderd)' end,
        staat = case when r.klaar_op is null then 'gestopt' else r.staat end, termijn = date_trunc('month', r.termijn)::date,
        begonnen_op = date_trunc('month', r.begonnen_op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        klaar_op = date_trunc('month', coalesce(r.klaar_op, nu) at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam',
        gewaarschuwd_op = null, versie = r.versie + 1
    where r.aanvraag_id = $1;

    -- The plek keeps that it was taken. Who lived there, stands in no row any more.
    delete from bezetting b where b.aanvraag_id = $1 and b.soort = 'optie';
    update bezetting b set aanvraag_id = null, bewoner_maanden = null, bewoner_kenmerken = null, versie = b.versie + 1
    where b.aanvraag_id = $1;
    update besluit b
    set toelichting = case when b.reden = 'anders' then '(verwijderd)' end,
        later_vanaf = date_trunc('month', b.later_vanaf)::date,
        op = date_trunc('month', b.op at time zone 'Europe/Amsterdam') at time zone 'Europe/Amsterdam'
    where b.aanvraag_id = $1;

    delete from plan_keuze k where k.aanvraag_id = $1;
    delete from plan_regel r where r.aanvraag_id = $1;
    delete from plan_prijs p where p.aanvraag_id = $1;
    update plan_prijs p set verliezers = array_remove(p.verliezers, $1)
    where p.regio = kind.regio and p.verliezers @> array[$1];
    update plan p
    set conflicten = (
        select jsonb_agg(case when c ? 'aanvragen' then jsonb_set(c, '{aanvragen}', (c -> 'aanvragen') - $1::text) else c end)
        from jsonb_array_elements(p.conflicten) as c)
    where p.regio = kind.regio and p.conflicten::text like '%' || $1 || '%';
    -- Also what a provider of another region was answered.
    delete from herhaling h where h.betrokkenen @> array[$1];
    update taak t set gegevens = '{}' where t.regio = kind.regio and t.gegevens::text like '%' || $1 || '%';

    insert into wissing (regio, op, soort, gebruiker_id, betrokkene, nummer, reden)
    select kind.regio, nu, waarom, huidige_gebruiker(), b.pseudoniem, kind.nummer, $4
    from (select) as altijd left join betrokkene b on b.aanvraag_id = $1;
end;
$$;

create or replace function wachtenden()
    returns table (id uuid, organisatie_id uuid, nummer text, urgentie urgentie, waar wachtplaats, aanmelding date,
                   grondslag date, gewenste_start date, zorgvormen text[], geplaatst_per date)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.organisatie_id, a.nummer, a.urgentie,
           case
               when exists (
                   select from bezetting b
                   where b.aanvraag_id = a.id and b.overbrugging and b.begonnen_op is not null and b.beeindigd_op is null)
                   then 'overbrugging'
               when a.huidig_verblijf = 'crisisplek' and exists (
                   select from bezetting b
                   where b.id = a.vervolg_van and b.beeindigd_op is null and b.vrijgegeven_op is null) then 'crisis'
               when exists (
                   select from route r
                   where r.aanvraag_id = a.id and r.soort in ('overbrugging', 'tussenvoorziening') and r.staat = 'loopt')
                   then 'overbrugging'
               when a.huidig_verblijf = 'crisisplek' then 'crisis'
               when a.huidig_verblijf = 'overbrugging' then 'overbrugging'
               when a.huidig_verblijf in ('thuis', 'netwerk') then 'thuis'
               else 'elders' end::wachtplaats,
           (a.aangemeld_op at time zone 'Europe/Amsterdam')::date,
           (select min(g.datum) from grondslag g where g.aanvraag_id = a.id and g.status = 'verleend'),
           a.gewenste_start, a.zorgvormen,
           case when a.status = 'definitief' then (
               select min(lower(b.periode)) from bezetting b
               where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null and b.vrijgegeven_op is null
                 and not b.overbrugging)
           end
    from aanvraag a
    where a.regio = huidige_regio() and (is_open(a.status) or a.status = 'definitief');
end;

create or replace function wacht_geschiedenis(vanaf wacht_vanaf, sinds date, vandaag date)
    returns table (zorgvorm text, urgentie urgentie, dagen integer, voorbij boolean, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with gemeld as (
        select a.*, (a.aangemeld_op at time zone 'Europe/Amsterdam')::date as dag from aanvraag a
        where a.regio = huidige_regio() and huidige_rol() in ('schakelfunctionaris', 'verwijzer', 'contractbeheer')),
    bekend as (
        select a.urgentie, a.zorgvormen,
               case vanaf
                   when 'aanmelding' then a.dag
                   when 'grondslag' then (
                       select min(g.datum) from grondslag g where g.aanvraag_id = a.id and g.status = 'verleend')
                   else a.gewenste_start end as begin,
               (select min(b.begonnen_op) from bezetting b
                where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
                  and not b.overbrugging) as start,
               coalesce(a.afgesloten_op, vandaag) as einde
        from gemeld a where a.geanonimiseerd_op is null
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

create or replace function cijfer_tellingen(wat cijfer_soort, van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, code text, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with gestuurd as (
        select v.* from voorstel v
        where v.regio = huidige_regio()
          and (v.verzonden_op at time zone 'Europe/Amsterdam')::date >= cijfer_tellingen.van
          and (v.verzonden_op at time zone 'Europe/Amsterdam')::date < cijfer_tellingen.tot),
    regels as (
        select v.aanbieder_id, z.zorgvorm, case v.status when 'definitief' then 'gekozen' else 'niet_gekozen' end as code
        from gestuurd v join voorziening z on z.id = v.voorziening_id
        where wat = 'voorstellen'
        union all
        select z.aanbieder_id, z.zorgvorm, b.reden::text
        from besluit b join voorziening z on z.id = b.voorziening_id
        where wat = 'afwijzingen' and b.regio = huidige_regio() and b.uitkomst = 'afgewezen'
          and (b.op at time zone 'Europe/Amsterdam')::date >= van and (b.op at time zone 'Europe/Amsterdam')::date < tot
        union all
        -- Once per voorstel: for the voorziening that stood highest. Who was asked itself, was not passed over.
        select k.aanbieder_id, k.zorgvorm, k.reden
        from (
            select distinct on (v.id, k.aanbieder_id) k.aanbieder_id, z.zorgvorm, k.reden::text as reden
            from gestuurd v
            join voorstel_keuze k on k.voorstel_id = v.id and k.aanbieder_id <> v.aanbieder_id
            join voorziening z on z.id = k.voorziening_id
            where wat = 'gepasseerd'
            order by v.id, k.aanbieder_id, k.rang) as k
        union all
        select p.aanbieder_id, z.zorgvorm, b.einde_reden::text
        from bezetting b join plek p on p.id = b.plek_id join voorziening z on z.id = p.voorziening_id
        where wat = 'verblijven' and b.regio = huidige_regio() and b.soort = 'plaatsing' and b.vrijgegeven_op is null
          and b.beeindigd_op >= van and b.beeindigd_op < tot
        union all
        select null, null, case when s.plaatsen = 1 then 'heel' else 'gesplitst' end
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
    select r.aanbieder_id, a.naam, r.zorgvorm, r.code, count(*)
    from regels r left join aanbieder a on a.id = r.aanbieder_id
    where case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'contractbeheer' then true
        when 'aanbieder' then r.aanbieder_id = huidige_organisatie()
        else false end
    group by r.aanbieder_id, a.naam, r.zorgvorm, r.code;
end;

create or replace function cijfer_wachttijden(van date, tot date)
    returns table (zorgvorm text, urgentie urgentie, aantal bigint, met_grondslag bigint, vanaf_aanmelding integer,
                   vanaf_grondslag integer, vanaf_gewenste_start integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with eerste as (
        select distinct on (a.id) z.zorgvorm, a.urgentie, b.begonnen_op,
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

create or replace function plaatsing_waar(plaatsingen uuid[])
    returns table (id uuid, nummer text, aanbieder_id uuid, aanbieder text, voorziening_id uuid, voorziening text,
                   plek text, zorgvorm text, gesloten boolean, gezinsvorm boolean, organisatie_id uuid, vervolg_id uuid,
                   vervolg_open boolean, elders_woont boolean)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select b.id, a.nummer, p.aanbieder_id, z.naam, v.id, v.naam, p.naam, v.zorgvorm, v.gesloten, f.gezinsvorm,
           case when b.vraag_regio = huidige_regio() then a.organisatie_id end,
           case when b.vraag_regio = huidige_regio() and huidige_rol() in ('schakelfunctionaris', 'verwijzer') then g.id end,
           coalesce(is_open(g.status), false),
           not b.overbrugging and exists (
               select from bezetting e
               where e.beeindigd_op is null and e.begonnen_op is not null and (
                   e.id = a.vervolg_van and b.begonnen_op is null
                   or e.aanvraag_id = b.aanvraag_id and e.overbrugging and b.beeindigd_op is null
                      and b.vrijgegeven_op is null))
    from bezetting b
    join plek p on p.id = b.plek_id
    join voorziening v on v.id = p.voorziening_id
    join aanbieder z on z.id = p.aanbieder_id
    join zorgvorm f on f.regio = v.regio and f.code = v.zorgvorm
    left join aanvraag a on a.id = b.aanvraag_id
    left join aanvraag g on g.vervolg_van = b.id
    where b.id = any (plaatsingen) and b.soort = 'plaatsing' and case huidige_rol()
        when 'schakelfunctionaris' then huidige_regio() in (b.regio, b.vraag_regio)
        when 'aanbieder' then b.regio = huidige_regio() and p.aanbieder_id = huidige_organisatie()
        when 'verwijzer' then a.regio = huidige_regio() and a.organisatie_id = huidige_organisatie()
        when 'crisisdienst' then a.regio = huidige_regio() and a.urgentie = 'crisis'
            and a.status not in ('beeindigd', 'afgewezen', 'ingetrokken')
        else false end;
end;
