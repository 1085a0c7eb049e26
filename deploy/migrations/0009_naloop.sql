-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation
-- What a second look at the workflow found.

-- What is being prepared, only the loket of the child sees: not that of the plek.
alter policy lees on voorstel using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
        or aanbod_regio = (select huidige_regio()) and verzonden_op is not null
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and verzonden_op is not null
    when 'crisisdienst' then regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id)
    when 'verwijzer' then regio = (select huidige_regio()) and status <> 'concept'
        and exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);
comment on policy lees on voorstel is 'What is being prepared, only the loket of the child sees.';

create or replace function leg_vast(
    aanvraag uuid, soort gebeurtenis_soort, nu timestamptz, reden text default null, naar aanvraag_status default null,
    voorstel uuid default null, plek uuid default null, gegevens jsonb default '{}') returns aanvraag_status
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select from aanvraag a
        where a.id = $1 and case huidige_rol()
            when 'schakelfunctionaris' then a.regio = huidige_regio()
            when 'verwijzer' then a.regio = huidige_regio() and a.organisatie_id = huidige_organisatie()
            when 'crisisdienst' then a.regio = huidige_regio() and a.urgentie = 'crisis'
            -- It answers; whether the aanvraag goes on, is not for a provider to say.
            when 'aanbieder' then $5 is null and ($2 = 'opschaling_antwoord' and exists (
                    select from opschaling_vraag q
                    where q.aanvraag_id = a.id and q.aanbieder_id = huidige_organisatie())
                or exists (
                    select from voorstel v
                    where v.id = $6 and v.aanvraag_id = a.id and v.aanbieder_id = huidige_organisatie()
                      and v.verzonden_op is not null)
                or exists (
                    select from bezetting b join plek p on p.id = b.plek_id
                    where b.aanvraag_id = a.id and p.aanbieder_id = huidige_organisatie() and b.soort = 'plaatsing'))
            else false end) then
        raise insufficient_privilege using message = 'no aanvraag of which something may be written down here';
    end if;
    if naar not in ('in_behandeling', 'afgewezen', 'ingetrokken') then
        raise check_violation using message = 'the other statuses follow from what happened';
    end if;
    return schrijf_gebeurtenis($1, $2, $3, $4, $5, $6, $7, $8);
end;
$$;

-- Who is told: the vervanger from the first day of an absence, the person until then and when the vervanger cannot be.

create or replace function ontvangers(gebeurtenis uuid, nu timestamptz)
    returns table (kring text, gebruiker_id uuid, wijze melding_wijze, urgentie urgentie)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    perform alleen_de_dienst();
    return query
        with dit as (
            select g.regio, g.aanbieder_id, g.gebruiker_id as dader, g.namens_id, a.organisatie_id, a.behandelaar_id,
                   coalesce(a.urgentie, 'regulier') as urgentie,
                   exists (select from gebruiker b where b.id = a.behandelaar_id and b.actief) as behandeld
            from gebeurtenis g left join aanvraag a on a.id = g.aanvraag_id
            where g.id = $1 and g.regio = huidige_regio()),
        leden as (
            select d.*, case p.rol when 'schakelfunctionaris' then 'loket' else p.rol::text end as kring,
                   coalesce(v.id, p.id) as id
            from dit d join gebruiker p on p.actief and (
                p.aanbieder_id = d.aanbieder_id
                or p.organisatie_id = d.organisatie_id and p.rol = 'verwijzer'
                or p.regio = d.regio and p.rol = 'schakelfunctionaris' and (not d.behandeld or p.id = d.behandelaar_id)
                or p.regio = d.regio and p.rol = 'crisisdienst' and d.urgentie = 'crisis'
                or p.regio = d.regio and p.rol = 'contractbeheer')
            left join gebruiker v on v.id = p.vervanger_id and v.actief and v.email is not null
                and p.vervangen_tot > (nu at time zone 'Europe/Amsterdam')::date
                and coalesce(p.vervangen_van <= (nu at time zone 'Europe/Amsterdam')::date, true))
        select distinct l.kring, g.id, k.wijze, l.urgentie
        from leden l join gebruiker g on g.id = l.id and g.actief and g.email is not null
        left join meldkeuze k on k.gebruiker_id = g.id and k.urgentie = l.urgentie
        where g.id <> l.dader and g.id is distinct from l.namens_id;
end;
$$;

create or replace function bevestigers(aanbieder uuid, urgentie urgentie, nu timestamptz)
    returns table (gebruiker_id uuid, wijze melding_wijze)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    perform alleen_de_dienst();
    return query
        select distinct g.id, k.wijze
        from gebruiker p
        left join gebruiker v on v.id = p.vervanger_id and v.actief and v.email is not null
            and p.vervangen_tot > (nu at time zone 'Europe/Amsterdam')::date
            and coalesce(p.vervangen_van <= (nu at time zone 'Europe/Amsterdam')::date, true)
        join gebruiker g on g.id = coalesce(v.id, p.id)
        left join meldkeuze k on k.gebruiker_id = g.id and k.urgentie = $2
        where p.aanbieder_id = $1 and p.regio = huidige_regio() and p.rol = 'aanbieder' and p.actief
          and g.actief and g.email is not null;
end;
$$;

-- Nothing leads back to a child that is anonymous: also not the aanvraag that it had before another provider stopped.
create index gebeurtenis_leidt_naar on gebeurtenis ((coalesce(gegevens ->> 'vervolg', gegevens ->> 'overdracht')))
    where soort in ('vervolg', 'overdracht');
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
    where b.aanvraag_id = $1 and b.soort = 'plaatsing' and b.vrijgegeven_op is null;
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
