-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid, require-concurrent-index-deletion
-- Who changed which settings of the region, when and why.

create table instelling_wijziging (
    id           uuid        not null default gen_random_uuid(),
    regio        text        not null,
    op           timestamptz not null,
    gebruiker_id uuid        not null,
    namens_id    uuid,
    waarom       text        not null,
    bron         text        not null,
    voor         jsonb       not null,
    na           jsonb       not null,
    bronnen_voor jsonb       not null,
    terug_van    uuid,
    volgnummer   bigint      not null generated always as identity,
    constraint instelling_wijziging_pk primary key (id),
    constraint instelling_wijziging_id_regio unique (id, regio),
    constraint instelling_wijziging_waarom_lengte check (length(waarom) between 1 and 300),
    constraint instelling_wijziging_regio_fk foreign key (regio) references jeugdregio,
    constraint instelling_wijziging_terug_fk foreign key (terug_van, regio) references instelling_wijziging (id, regio)
);
comment on table instelling_wijziging is
    'A change of settings: who, when, why, and what they were. Nobody changes a line; to set one back makes another.';
create index instelling_wijziging_volgorde on instelling_wijziging (regio, volgnummer desc);
alter table instelling_wijziging enable row level security;
create policy lees on instelling_wijziging for select using (
    regio = (select huidige_regio()) and (select huidige_rol()) = any ('{schakelfunctionaris,contractbeheer,beheerder}'));
create policy maak on instelling_wijziging for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) = 'beheerder'
    and gebruiker_id = (select huidige_gebruiker()));
grant select, insert on instelling_wijziging to loket_app;
