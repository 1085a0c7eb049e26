-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation
-- A verwijzer asks to escalate; what could not be told is on a list; kept answers of other regions are in the dossier.

alter type gebeurtenis_soort add value 'opschaling_gevraagd' after 'bevestiging_gevraagd';
alter type gebeurtenis_soort add value 'opschaling_geweigerd' after 'opschaling_gevraagd';
alter type gebeurtenis_soort add value 'aanbieder_gaat_door' after 'opschaling_geweigerd';
alter type gebeurtenis_soort add value 'plek_blijft' after 'aanbieder_gaat_door';
alter type gebeurtenis_soort add value 'overdracht_vervalt' after 'plek_blijft';

-- ── A verwijzer asks to escalate; what could not be told ─────────────────────────────────────────

create table opschalingsverzoek (
    id              uuid                  not null default gen_random_uuid(),
    regio           text                  not null,
    aanvraag_id     uuid                  not null,
    aanleiding      opschaling_aanleiding not null,
    toelichting     text                  not null,
    gevraagd_op     timestamptz           not null,
    gevraagd_door   uuid                  not null,
    opschaling_id   uuid,
    geweigerd       text,
    beantwoord_op   timestamptz,
    beantwoord_door uuid,
    versie          integer               not null default 1,
    constraint opschalingsverzoek_pk primary key (id),
    constraint opschalingsverzoek_tekst_kort check (
        length(toelichting) between 1 and 300 and length(geweigerd) between 1 and 300),
    constraint opschalingsverzoek_antwoord_vorm check (
        (beantwoord_op is null) = (beantwoord_door is null)
        and num_nonnulls(opschaling_id, geweigerd) = case when beantwoord_op is null then 0 else 1 end),
    constraint opschalingsverzoek_aanvraag_fk foreign key (aanvraag_id, regio)
        references aanvraag (id, regio) on delete cascade,
    constraint opschalingsverzoek_opschaling_fk foreign key (opschaling_id, regio)
        references opschaling (id, regio) on delete cascade
);
comment on table opschalingsverzoek is
    'A verwijzer asks that more people look. It stands until the loket opened an opschaling, or said no and why.';
comment on column opschalingsverzoek.geweigerd is 'Why the loket does not escalate.';
create unique index opschalingsverzoek_een_open on opschalingsverzoek (aanvraag_id) where beantwoord_op is null;
create index opschalingsverzoek_aanvraag on opschalingsverzoek (aanvraag_id);
create index opschalingsverzoek_opschaling on opschalingsverzoek (opschaling_id) where opschaling_id is not null;

alter table opschalingsverzoek enable row level security;
create policy lees on opschalingsverzoek for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
create policy vraag on opschalingsverzoek for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) = 'verwijzer'
    and exists (select from aanvraag a where a.id = aanvraag_id));
create policy antwoord on opschalingsverzoek for update
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

create function mislukte_taken()
    returns table (id uuid, soort taak_soort, gebeurtenis gebeurtenis_soort, op timestamptz, fout text, klaar_op timestamptz)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select t.id, t.soort, g.soort, coalesce(g.op, t.aangemaakt_op), t.fout, t.klaar_op
    from taak t left join gebeurtenis g on t.soort = 'melding' and g.id::text = t.sleutel
    where t.regio = huidige_regio() and huidige_rol() = 'beheerder' and t.status = 'mislukt'
      and t.soort in ('melding', 'termijn', 'dagronde');
end;
comment on function mislukte_taken() is
    'What the service itself had to do and gave up, for the beheerder: what it was about by its soort only. A mail, a levering and a plan say themselves that they failed.';

create function probeer_taak(taak uuid) returns boolean
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if huidige_rol() is distinct from 'beheerder' then
        raise insufficient_privilege using message = 'only the beheerder has a failed taak done again';
    end if;
    update taak t set status = 'wacht', pogingen = 0, niet_voor = now(), fout = null, klaar_op = null
    where t.id = $1 and t.regio = huidige_regio() and t.status = 'mislukt' and t.soort in ('melding', 'termijn', 'dagronde');
    return found;
end;
$$;
comment on function probeer_taak(uuid) is 'Back into the queue, with all its tries. False when it is not on the list of what failed.';

grant select, insert, update (opschaling_id, geweigerd, beantwoord_op, beantwoord_door, versie)
    on opschalingsverzoek to loket_app;
revoke execute on function mislukte_taken(), probeer_taak(uuid) from public;
grant execute on function mislukte_taken(), probeer_taak(uuid) to loket_app;

create or replace function dossier(aanvraag uuid) returns table (tabel text, rijen jsonb)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    naam text;
begin
    if huidige_rol() is distinct from 'schakelfunctionaris'
       or huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the service itself gathers all that is held about a child';
    end if;
    if not exists (select from aanvraag a where a.id = $1 and a.regio = huidige_regio()) then
        return;
    end if;
    return query select 'aanvraag', jsonb_agg(to_jsonb(a)) from aanvraag a where a.id = $1;
    return query select 'samenplaatsing', jsonb_agg(to_jsonb(s)) from samenplaatsing s
        where s.id = (select a.samenplaatsing_id from aanvraag a where a.id = $1) having count(*) > 0;
    -- Every table that says whose its rows are, also one that is made later; without who would lose a place by it.
    for naam in
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'aanvraag_id' order by 1
    loop
        return query execute format(
            'select %L, jsonb_agg(to_jsonb(t) - ''verliezers'') from %I t where t.aanvraag_id = $1 having count(*) > 0', naam, naam)
            using $1;
    end loop;
    return query select 'vervolg', jsonb_agg(jsonb_build_object('nummer', v.nummer, 'status', v.status)) from aanvraag v
        where v.vervolg_van in (select b.id from bezetting b where b.aanvraag_id = $1)
           or v.id in (select b.aanvraag_id from bezetting b join aanvraag a on a.vervolg_van = b.id where a.id = $1)
        having count(*) > 0;
    -- Who was told of what happened, by a sentence or an id that say nothing of the child themselves.
    foreach naam in array array['bericht', 'levering'] loop
        return query execute format(
            'select %L, jsonb_agg(to_jsonb(t)) from %I t join gebeurtenis g on g.id = t.gebeurtenis_id'
            ' where g.aanvraag_id = $1 having count(*) > 0', naam, naam)
            using $1;
    end loop;
    -- What names it beside others: that it does, and not who the others are.
    return query select 'plan', jsonb_agg(jsonb_build_object('id', p.id, 'aangemaakt_op', p.aangemaakt_op)) from plan p
        where p.regio = huidige_regio()
          and (p.conflicten::text like '%' || $1 || '%'
               or exists (select from plan_prijs x where x.plan_id = p.id and x.verliezers @> array[$1]))
        having count(*) > 0;
    -- Also what a provider of another region was answered.
    return query select 'herhaling', jsonb_agg(jsonb_build_object(
            'regio', h.regio, 'aangemaakt_op', h.aangemaakt_op, 'status', h.status) order by h.aangemaakt_op, h.regio)
        from herhaling h where h.betrokkenen @> array[$1] having count(*) > 0;
    return query select 'taak', jsonb_agg(to_jsonb(t) - 'claim') from taak t
        where t.regio = huidige_regio() and t.gegevens::text like '%' || $1 || '%' having count(*) > 0;
    return query select 'wissing', jsonb_agg(to_jsonb(w)) from wissing w
        where w.regio = huidige_regio() and w.nummer = (select a.nummer from aanvraag a where a.id = $1)
        having count(*) > 0;
end;
$$;

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
