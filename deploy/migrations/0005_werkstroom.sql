-- The workflow: voorstellen, what happened, opschaling; the status of an aanvraag follows from facts.

create or replace function is_open(status aanvraag_status) returns boolean
    language sql immutable parallel safe
    return status in
        ('ingediend', 'in_behandeling', 'optie', 'voorstel', 'akkoord', 'toestemming', 'kennismaking', 'opgeschaald');
comment on type aanvraag_status is 'The life of an aanvraag, drawn in docs/werkstroom.md; akkoord: the provider said yes.';

alter table aanvraag add column behandelaar_id uuid;
alter table aanvraag add column vervolg_van uuid;
comment on column aanvraag.behandelaar_id is 'Whose move it is at the loket: a gebruiker.';
comment on column aanvraag.vervolg_van is 'The plaatsing, in crisis or closed, for which a place to go on to is sought from its first day.';
create unique index aanvraag_een_vervolg on aanvraag (vervolg_van) where vervolg_van is not null;

alter table bezetting add column begonnen_op date;
alter table bezetting add column verlengd_op timestamptz;
alter table bezetting add column verleng_reden text;
-- Until now a plaatsing was written down when the child came.
update bezetting set begonnen_op = lower(periode)
where soort = 'plaatsing' and (lower(periode) <= (now() at time zone 'Europe/Amsterdam')::date or definitief_op is null);
alter table bezetting add constraint bezetting_begonnen_vorm check (begonnen_op is null or soort = 'plaatsing');
alter table bezetting add constraint bezetting_verlengd_vorm check (
        (verlengd_op is null) = (verleng_reden is null) and (verlengd_op is null or soort = 'optie')
        and length(verleng_reden) between 1 and 300);
alter table bezetting add constraint bezetting_kind_op_een_plek
        exclude using gist (aanvraag_id with =, periode with &&)
        where (soort = 'plaatsing' and vrijgegeven_op is null);
comment on column bezetting.begonnen_op is 'Of a plaatsing: the day on which the child really came.';
comment on column bezetting.verlengd_op is 'An optie is made longer once, with a reason.';

-- ── The workflow: what happened, voorstellen, calls ──────────────────────────────────────────────
-- docs/werkstroom.md draws it. Facts are rows (opties and plaatsingen in bezetting, voorstellen, opschalingen); the status
-- of an aanvraag follows from them (stand_van), and only leg_vast() writes it, together with what happened.

create type gebeurtenis_soort as enum (
    'ingediend', 'in_behandeling', 'overgedragen', 'afgewezen', 'ingetrokken', 'urgentie', 'vervolg',
    'optie', 'optie_verlengd', 'optie_vrij', 'optie_verlopen',
    'voorstel_klaargezet', 'voorstel_verzonden', 'voorstel_interesse', 'voorstel_akkoord', 'voorstel_afgewezen',
    'voorstel_ingetrokken', 'voorstel_vervallen', 'toestemming', 'kennismaking', 'definitief',
    'geplaatst', 'begonnen', 'verlengd', 'beeindigd',
    'route', 'route_stap', 'opschaling', 'opschaling_vraag', 'opschaling_antwoord', 'opschaling_gesloten',
    'herinnering', 'alarm', 'aanbieder_stopt', 'overdracht', 'bevestiging_gevraagd');

create type voorstel_status as enum
    ('concept', 'verzonden', 'interesse', 'akkoord', 'toestemming', 'kennismaking', 'definitief', 'afgewezen',
     'ingetrokken', 'vervallen');

create function is_levend(status voorstel_status) returns boolean
    language sql immutable parallel safe
    return status in ('verzonden', 'interesse', 'akkoord', 'toestemming', 'kennismaking');
comment on function is_levend(voorstel_status) is 'Sent, and nothing ended it yet: it holds a plek.';

create table voorstel (
    id              uuid            not null default gen_random_uuid(),
    regio           text            not null,
    aanbod_regio    text            not null,
    aanvraag_id     uuid            not null,
    aanbieder_id    uuid            not null,
    voorziening_id  uuid            not null,
    plek_id         uuid            not null,
    optie_id        uuid,
    bundel_id       uuid,
    plan_id         uuid,
    status          voorstel_status not null default 'concept',
    van             date            not null,
    tot             date,
    toelichting     text,
    afwijking       text,
    rang            integer,
    verzonden_op    timestamptz,
    antwoord_voor   timestamptz,
    herinnerd_op    timestamptz,
    beantwoord_op   timestamptz,
    kennismaking_op date,
    klaar_op        timestamptz,
    aangemaakt_op   timestamptz     not null default now(),
    versie          integer         not null default 1,
    constraint voorstel_pk primary key (id),
    constraint voorstel_periode_vorm check (tot > van),
    constraint voorstel_rang_positief check (rang > 0),
    constraint voorstel_tekst_kort check (length(toelichting) between 1 and 300 and length(afwijking) between 1 and 300),
    constraint voorstel_verzonden_vorm check (
        case status when 'concept' then verzonden_op is null when 'ingetrokken' then true
             else verzonden_op is not null end),
    constraint voorstel_houdt_een_plek check (not is_levend(status) or optie_id is not null and antwoord_voor is not null),
    constraint voorstel_einde_vorm check (
        (status in ('definitief', 'afgewezen', 'ingetrokken', 'vervallen')) = (klaar_op is not null)),
    constraint voorstel_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint voorstel_voorziening_fk foreign key (voorziening_id, aanbieder_id, aanbod_regio)
        references voorziening (id, aanbieder_id, regio),
    constraint voorstel_plek_fk foreign key (plek_id, aanbod_regio) references plek (id, regio),
    constraint voorstel_optie_fk foreign key (optie_id) references bezetting (id) on delete set null,
    constraint voorstel_plan_fk foreign key (plan_id) references plan (id) on delete set null
);
comment on table voorstel is
    'A match put to a provider. Sent, it holds its plek by an optie; when that ends, so does the voorstel. Before a plaatsing this is all that a provider sees of a child.';
comment on column voorstel.regio is 'Region of the child; aanbod_regio is that of the plek.';
comment on column voorstel.bundel_id is 'Voorstellen for brothers and sisters that are answered and become definitive together.';
comment on column voorstel.afwijking is 'Why a person proposes what a rule says no to.';
comment on column voorstel.rang is 'Where the voorziening stood in the rangschikking when it was sent.';
comment on column voorstel.antwoord_voor is 'Until then the plek is held; what comes of no answer, docs/werkstroom.md says.';
create unique index voorstel_een_per_voorziening on voorstel (aanvraag_id, voorziening_id)
    where status = 'concept' or is_levend(status);
create unique index voorstel_een_definitief on voorstel (aanvraag_id) where status = 'definitief';
create index voorstel_optie on voorstel (optie_id) where optie_id is not null;
create index voorstel_aanbieder on voorstel (aanbieder_id, verzonden_op desc) where verzonden_op is not null;
create index voorstel_bundel on voorstel (bundel_id) where bundel_id is not null;
create index voorstel_plan on voorstel (plan_id) where plan_id is not null;

create table gebeurtenis (
    id           uuid              not null default gen_random_uuid(),
    nummer       bigint            not null generated always as identity,
    regio        text              not null,
    op           timestamptz       not null,
    soort        gebeurtenis_soort not null,
    aanvraag_id  uuid,
    aanbieder_id uuid,
    voorstel_id  uuid,
    plek_id      uuid,
    van          aanvraag_status,
    naar         aanvraag_status,
    gebruiker_id uuid              not null,
    namens_id    uuid,
    rol          rol               not null,
    reden        text,
    gegevens     jsonb             not null default '{}',
    transactie   xid8              not null default pg_current_xact_id(),
    constraint gebeurtenis_pk primary key (id),
    constraint gebeurtenis_nummer_uniek unique (nummer),
    constraint gebeurtenis_reden_kort check (length(reden) between 1 and 300),
    constraint gebeurtenis_gegevens_vorm check (jsonb_typeof(gegevens) = 'object' and length(gegevens::text) <= 4000),
    constraint gebeurtenis_stand_vorm check ((aanvraag_id is null) = (naar is null)),
    constraint gebeurtenis_regio_fk foreign key (regio) references jeugdregio,
    constraint gebeurtenis_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint gebeurtenis_aanbieder_fk foreign key (aanbieder_id) references aanbieder,
    constraint gebeurtenis_voorstel_fk foreign key (voorstel_id) references voorstel (id) on delete cascade,
    constraint gebeurtenis_plek_fk foreign key (plek_id) references plek
);
comment on table gebeurtenis is
    'What happened, who did it and why; only added to, by leg_vast(). From here come the history of an aanvraag, mails, hooks and the live stream.';
comment on column gebeurtenis.aanbieder_id is 'The provider that it is also about, and that may read it.';
comment on column gebeurtenis.van is 'Status of the aanvraag before; `naar` after. The same when it did not change.';
comment on column gebeurtenis.gegevens is 'Ids, days and codes; never a text of a person.';
comment on column gebeurtenis.transactie is 'A reader who goes on where it was looks below the oldest that still runs, so that what commits late is not missed.';
create index gebeurtenis_aanvraag on gebeurtenis (aanvraag_id, nummer) where aanvraag_id is not null;
create index gebeurtenis_stroom on gebeurtenis (regio, transactie, nummer);
create index gebeurtenis_voorstel on gebeurtenis (voorstel_id) where voorstel_id is not null;

create type opschaling_aanleiding as enum
    ('dreigende_uithuisplaatsing', 'verschil_van_opvatting', 'geen_plek', 'bovenregionaal');

create type opschaling_tafel as enum
    ('schakelfunctionaris', 'tussenvoorziening', 'consultatie_en_adviesteam', 'expertteam', 'doorbraaktafel',
     'expertisenetwerk');

create type opschaling_uitkomst as enum
    ('plek_gevonden', 'hulp_thuis', 'tussenvoorziening', 'andere_tafel', 'niet_meer_nodig', 'anders');

create table opschaling (
    id           uuid                  not null default gen_random_uuid(),
    regio        text                  not null,
    aanvraag_id  uuid                  not null,
    aanleiding   opschaling_aanleiding not null,
    tafel        opschaling_tafel      not null,
    eigenaar_id  uuid                  not null,
    termijn      date                  not null,
    waarom       text                  not null,
    dossier      jsonb                 not null default '{}',
    geopend_op   timestamptz           not null,
    uitkomst     opschaling_uitkomst,
    toelichting  text,
    gesloten_op  timestamptz,
    versie       integer               not null default 1,
    constraint opschaling_pk primary key (id),
    constraint opschaling_id_regio unique (id, regio),
    constraint opschaling_tekst_kort check (length(waarom) between 1 and 300 and length(toelichting) between 1 and 300),
    constraint opschaling_dossier_vorm check (jsonb_typeof(dossier) = 'object'),
    constraint opschaling_sluit_met_uitkomst check ((gesloten_op is not null) = (uitkomst is not null)),
    constraint opschaling_anders_met_uitleg check (uitkomst is distinct from 'anders' or toelichting is not null),
    constraint opschaling_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table opschaling is 'More people look at it: with an owner, a term, and an end that has an outcome.';
comment on column opschaling.dossier is 'As it was when it was opened: what was tried, why each place falls out, the smallest changes; codes and ids.';
create unique index opschaling_een_open_per_tafel on opschaling (aanvraag_id, tafel) where gesloten_op is null;

create table telefoongesprek (
    id            uuid        not null default gen_random_uuid(),
    regio         text        not null,
    aanvraag_id   uuid        not null,
    voorziening_id uuid       not null,
    bezetting_id  uuid,
    gebeld_op     timestamptz not null,
    gebruiker_id  uuid        not null,
    met           text        not null,
    aangemaakt_op timestamptz not null default now(),
    constraint telefoongesprek_pk primary key (id),
    constraint telefoongesprek_met_kort check (length(met) between 1 and 80),
    constraint telefoongesprek_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint telefoongesprek_voorziening_fk foreign key (voorziening_id) references voorziening,
    constraint telefoongesprek_bezetting_fk foreign key (bezetting_id) references bezetting (id) on delete set null
);
comment on table telefoongesprek is 'The yes of a provider by telephone, written down after: when, by whom, with whom.';
comment on column telefoongesprek.met is 'Who of the provider said so: a first name or a function.';
create index telefoongesprek_aanvraag on telefoongesprek (aanvraag_id);

create function stand_van(aanvraag uuid) returns aanvraag_status
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case
        when a.status in ('afgewezen', 'ingetrokken', 'beeindigd') then a.status
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null
                     and (b.begonnen_op is not null or b.definitief_op is null)) then 'geplaatst'
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null)
            then 'definitief'
        when exists (select from bezetting b where b.aanvraag_id = a.id and b.soort = 'plaatsing') then 'beeindigd'
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
comment on function stand_van(uuid) is
    'The status that follows from the facts; afgewezen, ingetrokken and beeindigd stay. tests compare it with what is stored.';

create function schrijf_gebeurtenis(
    kind uuid, wat gebeurtenis_soort, nu timestamptz, waarom text, gevraagd aanvraag_status, voorstel uuid, plek uuid,
    gegevens jsonb) returns aanvraag_status
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    was  aanvraag%rowtype;
    wordt aanvraag_status;
begin
    select a.* into strict was from aanvraag a where a.id = kind for no key update;
    wordt := stand_van(kind);
    if gevraagd in ('afgewezen', 'ingetrokken') or gevraagd = 'in_behandeling' and wordt = 'ingediend' then
        wordt := gevraagd;
    end if;
    if wordt <> was.status then
        update aanvraag a set status = wordt, versie = a.versie + 1 where a.id = kind;
    end if;
    insert into gebeurtenis (regio, op, soort, aanvraag_id, aanbieder_id, voorstel_id, plek_id, van, naar,
                             gebruiker_id, namens_id, rol, reden, gegevens)
    values (was.regio, nu, wat, kind,
            coalesce((select v.aanbieder_id from voorstel v where v.id = $6), (select p.aanbieder_id from plek p where p.id = $7)),
            $6, $7, was.status, wordt, huidige_gebruiker(), nullif(current_setting('loket.namens', true), '')::uuid,
            huidige_rol()::rol, waarom, $8);
    return wordt;
end;
$$;
comment on function schrijf_gebeurtenis(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb) is
    'Not for the app role: without asking who may. Row locks in this order: plek (advisory), voorziening, aanvraag, voorstel.';

create function leg_vast(
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
            when 'aanbieder' then exists (
                    select from voorstel v
                    where v.id = $6 and v.aanvraag_id = a.id and v.aanbieder_id = huidige_organisatie())
                or exists (
                    select from bezetting b join plek p on p.id = b.plek_id
                    where b.aanvraag_id = a.id and p.aanbieder_id = huidige_organisatie() and b.soort = 'plaatsing')
            else false end) then
        raise insufficient_privilege using message = 'no aanvraag of which something may be written down here';
    end if;
    if naar not in ('in_behandeling', 'afgewezen', 'ingetrokken') then
        raise check_violation using message = 'the other statuses follow from what happened';
    end if;
    return schrijf_gebeurtenis($1, $2, $3, $4, $5, $6, $7, $8);
end;
$$;
comment on function leg_vast(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb) is
    'What happened to an aanvraag, in the transaction in which it did, and the status that follows. The only writer of both.';

create function meld_gebeurtenis() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into taak (regio, soort, sleutel) values (new.regio, 'melding', new.id::text);
    perform pg_notify('loket_gebeurtenis', new.regio);
    return null;
end;
$$;
comment on function meld_gebeurtenis() is
    'In the transaction of what happened: work for who must be told, and a wake-up for who follows live.';
create trigger gebeurtenis_meldt after insert on gebeurtenis
    for each row execute function meld_gebeurtenis();

-- The plek is free again, and so nobody waits for an answer any more; also when another region clears it.
create or replace function ruim_verlopen_opties(plek uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    optie bezetting%rowtype;
    brief uuid;
begin
    for optie in
        update bezetting b
        set vrijgegeven_op = nu, versie = b.versie + 1
        where b.plek_id = $1 and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op <= nu
          and (b.regio = huidige_regio() or b.regio = any (gedeelde_regios()))
          and (huidige_rol() in ('schakelfunctionaris', 'crisisdienst')
               or huidige_rol() = 'aanbieder' and exists (
                   select from plek p where p.id = b.plek_id and p.aanbieder_id = huidige_organisatie()))
        returning b.*
    loop
        update voorstel v set status = 'vervallen', klaar_op = nu, versie = v.versie + 1
        where v.optie_id = optie.id and is_levend(v.status)
        returning v.id into brief;
        perform schrijf_gebeurtenis(
            optie.aanvraag_id, case when brief is null then 'optie_verlopen' else 'voorstel_vervallen' end::gebeurtenis_soort,
            nu, null, null, brief, $1, jsonb_build_object('optie', optie.id));
        brief := null;
    end loop;
end;
$$;
comment on function ruim_verlopen_opties(uuid, timestamptz) is
    'Ends the expired opties of a plek that who asks may take, with the voorstellen that rest on them, also those of another region, which it may not see.';

do $$
declare
    t text;
begin
    foreach t in array array['voorstel', 'gebeurtenis', 'telefoongesprek', 'opschaling'] loop
        execute format('alter table %I enable row level security', t);
    end loop;
end;
$$;

create policy lees on voorstel for select using (case (select huidige_rol())
    when 'schakelfunctionaris' then (select huidige_regio()) in (regio, aanbod_regio)
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and verzonden_op is not null
    when 'crisisdienst' then regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id)
    when 'verwijzer' then regio = (select huidige_regio()) and status <> 'concept'
        and exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);
comment on policy lees on voorstel is 'What is being prepared, only the loket sees.';
create policy maak on voorstel for insert with check (
    regio = (select huidige_regio())
    and (aanbod_regio = (select huidige_regio()) or aanbod_regio = any ((select gedeelde_regios())::text[]))
    and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'crisisdienst' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
create policy wijzig on voorstel for update using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and verzonden_op is not null
    when 'crisisdienst' then regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id)
    when 'verwijzer' then regio = (select huidige_regio()) and status <> 'concept'
        and exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);

create policy lees on gebeurtenis for select using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
    when 'aanbieder' then aanbieder_id = (select huidige_organisatie())
        and soort not in ('voorstel_klaargezet', 'optie', 'optie_verlengd', 'optie_vrij', 'optie_verlopen')
    when 'beheerder' then false
    when 'contractbeheer' then false
    else regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id) end);
comment on policy lees on gebeurtenis is 'With the aanvraag; a provider what happened with what was put to it. Written by leg_vast() only.';

create policy lees on telefoongesprek for select using (
    regio = (select huidige_regio()) and (select huidige_rol()) in ('schakelfunctionaris', 'crisisdienst')
    and exists (select from aanvraag a where a.id = aanvraag_id));
create policy maak on telefoongesprek for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) in ('schakelfunctionaris', 'crisisdienst')
    and exists (select from aanvraag a where a.id = aanvraag_id));

create policy lees on opschaling for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
create policy schrijf on opschaling
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris')
    with check (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

create policy antwoord on besluit for insert with check (
    (select huidige_rol()) = 'aanbieder' and exists (
        select from voorstel v
        where v.aanvraag_id = besluit.aanvraag_id and v.voorziening_id = besluit.voorziening_id and is_levend(v.status)));
comment on policy antwoord on besluit is 'A provider answers the voorstellen that were put to it.';

grant select, insert, update on voorstel, opschaling to loket_app;
grant select on gebeurtenis to loket_app;
grant select, insert on telefoongesprek to loket_app;
grant update (begonnen_op, verlengd_op, verleng_reden) on bezetting to loket_app;
revoke execute on function stand_van(uuid), meld_gebeurtenis(),
    schrijf_gebeurtenis(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb),
    leg_vast(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb) from public;
grant execute on function leg_vast(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb) to loket_app;
