-- ── Background work: what `loket worker` does ────────────────────────────────────────────────────
-- A taak is put in the transaction of the change that asks for it, so that both are there or neither. A worker has it
-- on a lease: who does not say in time that it goes on, loses it to another, and can then no longer finish it.
-- Leases count by the clock of the database, because those of workers differ.

create type taak_soort as enum ('plan');

create type taak_status as enum ('wacht', 'bezig', 'klaar', 'mislukt');

create table taak (
    id            uuid        not null default gen_random_uuid(),
    regio         text        not null,
    soort         taak_soort  not null,
    sleutel       text        not null,
    gegevens      jsonb       not null default '{}',
    status        taak_status not null default 'wacht',
    pogingen      integer     not null default 0,
    niet_voor     timestamptz not null default now(),
    claim         uuid,
    claim_tot     timestamptz,
    fout          text,
    aangemaakt_op timestamptz not null default now(),
    klaar_op      timestamptz,
    constraint taak_pk primary key (id),
    constraint taak_een_per_sleutel unique (regio, soort, sleutel),
    constraint taak_sleutel_lengte check (length(sleutel) between 1 and 100),
    constraint taak_gegevens_kort check (jsonb_typeof(gegevens) = 'object' and length(gegevens::text) <= 1000),
    constraint taak_pogingen_positief check (pogingen >= 0),
    constraint taak_claim_vorm check (
        (status = 'bezig') = (claim is not null) and (claim is null) = (claim_tot is null)),
    constraint taak_einde_vorm check (
        (status in ('klaar', 'mislukt')) = (klaar_op is not null) and (status <> 'mislukt' or fout is not null)),
    constraint taak_fout_lengte check (length(fout) between 1 and 500),
    constraint taak_regio_fk foreign key (regio) references jeugdregio
);
comment on table taak is 'Something that a worker must do, exactly once. Finished ones stay, so that a key is not used twice.';
comment on column taak.sleutel is 'Says what this is about: a second taak of the same soort with this key is not made.';
comment on column taak.gegevens is 'Ids and settings only, never anything of a child.';
comment on column taak.niet_voor is 'After a failure a later moment, so that what is broken is not tried all the time.';
comment on column taak.claim is 'Whoever knows it, has the taak, until claim_tot.';
create index taak_wacht on taak (niet_voor, id) where status = 'wacht';
create index taak_bezig on taak (claim_tot) where status = 'bezig';

create function neem_taak(soorten taak_soort[], duur interval)
    returns table (id uuid, regio text, soort taak_soort, claim uuid)
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update taak t
    set status = 'bezig', claim = gen_random_uuid(), claim_tot = clock_timestamp() + duur, pogingen = t.pogingen + 1
    where t.id = (
        select k.id from taak k
        where k.soort = any (soorten)
          and (k.status = 'wacht' and k.niet_voor <= clock_timestamp()
               or k.status = 'bezig' and k.claim_tot <= clock_timestamp())
        order by k.niet_voor, k.id
        limit 1
        for update skip locked)
    returning t.id, t.regio, t.soort, t.claim;
end;
comment on function neem_taak(taak_soort[], interval) is
    'Gives the longest waiting taak of any region to who asks, also one whose worker is silent; of whom, but not what about: that the worker reads as the region itself.';

create function meld_taak() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('loket_taak', '');
    return null;
end;
$$;
comment on function meld_taak() is 'Wakes the workers at commit.';
create trigger taak_meldt_nieuw after insert on taak
    for each statement execute function meld_taak();
create trigger taak_meldt_weer after update on taak
    for each row when (new.status = 'wacht') execute function meld_taak();

-- ── The joint plan ───────────────────────────────────────────────────────────────────────────────

create type plan_status as enum ('wacht', 'bezig', 'klaar', 'gestopt', 'mislukt');

create type plan_limiet as enum ('geen', 'tijd', 'gestopt', 'inspanning');
comment on type plan_limiet is 'What ended the search; geen: nothing, all is proven.';

create type keuze_soort as enum ('vast', 'verboden');

create type plan_stap as enum ('wacht', 'begonnen', 'voortgang', 'stopt', 'opnieuw', 'einde');

create table plan (
    id             uuid         not null default gen_random_uuid(),
    regio          text         not null,
    gebruiker_id   uuid         not null,
    vorig_plan_id  uuid,
    status         plan_status  not null default 'wacht',
    seconden       real         not null,
    zaad           integer      not null,
    behoud         real         not null,
    peilmoment     timestamptz,
    aanvragen      integer,
    geplaatst      integer,
    niveaus        jsonb        not null default '[]',
    gat            double precision,
    rekentijd      real,
    limiet         plan_limiet,
    conflicten     jsonb        not null default '[]',
    let_op         text[]       not null default '{}',
    vrijhouden     jsonb,
    fout           text,
    aangemaakt_op  timestamptz  not null default now(),
    gestart_op     timestamptz,
    klaar_op       timestamptz,
    versie         integer      not null default 1,
    constraint plan_pk primary key (id),
    constraint plan_id_regio unique (id, regio),
    constraint plan_seconden_grens check (seconden between 1 and 3600),
    constraint plan_zaad_grens check (zaad >= 0),
    constraint plan_behoud_grens check (behoud between 0 and 1),
    constraint plan_niveaus_vorm check (jsonb_typeof(niveaus) = 'array'),
    constraint plan_conflicten_vorm check (jsonb_typeof(conflicten) = 'array'),
    constraint plan_vrijhouden_vorm check (jsonb_typeof(vrijhouden) = 'array'),
    constraint plan_fout_bij_mislukt check ((status = 'mislukt') = (fout is not null)),
    constraint plan_fout_lengte check (length(fout) between 1 and 500),
    constraint plan_regio_fk foreign key (regio) references jeugdregio,
    constraint plan_vorig_fk foreign key (vorig_plan_id) references plan (id) on delete set null
);
comment on table plan is 'A joint proposal for all open aanvragen at once; advice, looked at by a person pair by pair.';
comment on column plan.seconden is 'Wall clock, at most.';
comment on column plan.behoud is 'Part of the score that fewer changes against the plan before may cost.';
comment on column plan.peilmoment is 'When the aanvragen and plekken were read.';
comment on column plan.niveaus is 'Per tier {niveau, waarde, beste, grens}, the first first; while it runs, of the best so far.';
comment on column plan.gat is 'Of the first tier that is not proven: what may be missing, as a part of the bound.';
comment on column plan.conflicten is 'Not empty: what was fixed cannot all be. Per rule {regel, aanvragen, voorziening}, ids only.';
comment on column plan.vrijhouden is 'Places that had better stay free, {plek_id, voorziening_id, soort, code, anderen, kosten}. NULL: the region does not ask for this.';
create index plan_lijst on plan (regio, aangemaakt_op desc, id);
create index plan_vorig on plan (vorig_plan_id) where vorig_plan_id is not null;

create table plan_keuze (
    id             uuid        not null default gen_random_uuid(),
    regio          text        not null,
    plan_id        uuid        not null,
    aanvraag_id    uuid        not null,
    soort          keuze_soort not null,
    voorziening_id uuid        not null,
    plek_id        uuid,
    reden          text        not null,
    prijs          jsonb,
    constraint plan_keuze_pk primary key (id),
    constraint plan_keuze_reden_lengte check (length(reden) between 1 and 300),
    constraint plan_keuze_prijs_vorm check (jsonb_typeof(prijs) = 'array'),
    constraint plan_keuze_plan_fk foreign key (plan_id, regio) references plan (id, regio) on delete cascade,
    constraint plan_keuze_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint plan_keuze_voorziening_fk foreign key (voorziening_id) references voorziening,
    constraint plan_keuze_plek_fk foreign key (plek_id) references plek
);
comment on table plan_keuze is 'What a person decided before a plan was made: this aanvraag there, or not there; and what that costs.';
comment on column plan_keuze.plek_id is 'NULL: any plek of the voorziening.';
comment on column plan_keuze.prijs is 'Per tier {niveau, verlies}: what the plan without this choice has more. NULL: not computed.';
create unique index plan_keuze_een_per_plaats
    on plan_keuze (plan_id, aanvraag_id, voorziening_id, coalesce(plek_id, voorziening_id));
create unique index plan_keuze_een_vast on plan_keuze (plan_id, aanvraag_id) where soort = 'vast';
create index plan_keuze_aanvraag on plan_keuze (aanvraag_id);

create table plan_regel (
    plan_id          uuid    not null,
    aanvraag_id      uuid    not null,
    regio            text    not null,
    plek_id          uuid,
    eerste_dag       date,
    score            real,
    waarom_niet      text,
    voorstel_plek_id uuid,
    vast             boolean not null default false,
    reden            text,
    prijs            jsonb,
    openingen        jsonb,
    versie           integer not null default 1,
    constraint plan_regel_pk primary key (plan_id, aanvraag_id),
    constraint plan_regel_plek_vorm check ((plek_id is null) = (eerste_dag is null)),
    constraint plan_regel_waarom_lengte check (length(waarom_niet) between 1 and 40),
    constraint plan_regel_reden_bij_vast check (vast = (reden is not null)),
    constraint plan_regel_reden_lengte check (length(reden) between 1 and 300),
    constraint plan_regel_prijs_vorm check (jsonb_typeof(prijs) = 'array'),
    constraint plan_regel_openingen_vorm check (jsonb_typeof(openingen) = 'array'),
    constraint plan_regel_plan_fk foreign key (plan_id, regio) references plan (id, regio) on delete cascade,
    constraint plan_regel_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint plan_regel_plek_fk foreign key (plek_id) references plek,
    constraint plan_regel_voorstel_fk foreign key (voorstel_plek_id) references plek
);
comment on table plan_regel is 'Per open aanvraag where the plan puts it, or why nowhere.';
comment on column plan_regel.waarom_niet is 'Code of why there is no plek; the catalogue has its sentence.';
comment on column plan_regel.voorstel_plek_id is 'Where the solver had it; differs from plek_id when a person changed it.';
comment on column plan_regel.vast is 'A person fixed it here: the next plan keeps it.';
comment on column plan_regel.prijs is 'What the change by hand costs while all else stays, per tier {niveau, verlies}.';
comment on column plan_regel.openingen is 'Without a plek: rules that could give way, and places that the plan leaves free and that open by it, as codes and ids. NULL: not looked at.';
create index plan_regel_aanvraag on plan_regel (aanvraag_id);

create table plan_prijs (
    plan_id        uuid   not null,
    aanvraag_id    uuid   not null,
    voorziening_id uuid   not null,
    regio          text   not null,
    minstens       jsonb  not null,
    hoogstens      jsonb,
    verliezers     uuid[] not null default '{}',
    constraint plan_prijs_pk primary key (plan_id, aanvraag_id, voorziening_id),
    constraint plan_prijs_minstens_vorm check (jsonb_typeof(minstens) = 'array'),
    constraint plan_prijs_hoogstens_vorm check (jsonb_typeof(hoogstens) = 'array'),
    constraint plan_prijs_plan_fk foreign key (plan_id, regio) references plan (id, regio) on delete cascade,
    constraint plan_prijs_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint plan_prijs_voorziening_fk foreign key (voorziening_id) references voorziening
);
comment on table plan_prijs is 'What it costs to force an aanvraag into a voorziening, and who then loses a place.';
comment on column plan_prijs.minstens is 'Per tier {niveau, verlies}: proven that it costs no less, tier after tier.';
comment on column plan_prijs.hoogstens is 'Of the plan with it that was found; NULL: none was. Equal to minstens: exactly this.';
comment on column plan_prijs.verliezers is 'Aanvragen that have a place in the plan and not in that one.';
create index plan_prijs_aanvraag on plan_prijs (aanvraag_id);

create table plan_gebeurtenis (
    plan_id  uuid        not null,
    nummer   integer     not null,
    regio    text        not null,
    op       timestamptz not null default now(),
    stap     plan_stap   not null,
    gegevens jsonb       not null default '{}',
    constraint plan_gebeurtenis_pk primary key (plan_id, nummer),
    constraint plan_gebeurtenis_plan_fk foreign key (plan_id, regio) references plan (id, regio) on delete cascade
);
comment on table plan_gebeurtenis is 'What happened to a plan, for who follows it and comes back after a break: numbers and codes, nothing of a child.';
comment on column plan_gebeurtenis.nummer is 'The versie that the plan had then.';

create function meld_plan() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('loket_plan', new.plan_id || ' ' || new.stap);
    return null;
end;
$$;
comment on function meld_plan() is 'pg_notify(''loket_plan'', ''<plan> <stap>''): to who follows it, and to the worker that makes it.';
create trigger plan_gebeurtenis_meldt after insert on plan_gebeurtenis
    for each row execute function meld_plan();

do $$
declare
    t text;
begin
    alter table taak enable row level security;
    create policy regio on taak for select using (regio = (select huidige_regio()));
    create policy vraag on taak for insert with check (regio = (select huidige_regio()));
    create policy werker on taak for update
        using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris')
        with check (regio = (select huidige_regio()));
    comment on policy werker on taak is 'Anybody may ask for work in its own change; only a worker, that acts for the loket, says how it goes.';
    foreach t in array array['plan', 'plan_keuze', 'plan_regel', 'plan_prijs', 'plan_gebeurtenis'] loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy schakelfunctionaris on %I '
            'using (regio = (select huidige_regio()) and (select huidige_rol()) = ''schakelfunctionaris'') '
            'with check (regio = (select huidige_regio()) and (select huidige_rol()) = ''schakelfunctionaris'')', t);
        execute format('comment on policy schakelfunctionaris on %I is ''A plan shows who would lose a place.''', t);
    end loop;
end;
$$;

grant select, insert, update on taak, plan to loket_app;
grant select, insert, update (prijs) on plan_keuze to loket_app;
grant select, insert, delete, update on plan_regel to loket_app;
grant select, insert, delete on plan_prijs to loket_app;
grant select, insert on plan_gebeurtenis to loket_app;
revoke execute on function neem_taak(taak_soort[], interval) from public;
grant execute on function neem_taak(taak_soort[], interval) to loket_app;
