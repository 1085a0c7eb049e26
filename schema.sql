-- The whole database of één loket: types, tables, named constraints, policies, functions, comments.
--
-- Applied as the role loket_eigenaar, which owns everything. The service connects as loket_app
-- (nosuperuser, nobypassrls), which owns nothing and only sees what the policies below let through.
-- deploy/migrations leads to exactly this file; tests/schema/test_drift.py proves it.
-- Runs on PostgreSQL 15 and later. Domain nouns are Dutch (docs/begrippen.md), the rest is English.

create extension if not exists btree_gist;
create extension if not exists unaccent;

-- ── Who is asking ────────────────────────────────────────────────────────────────────────────────
-- Each transaction says with SET LOCAL for which region, organisation, user and role it runs
-- (service/db.py). After a transaction such a setting is '', not NULL, hence nullif.

create function huidige_regio() returns text
    language sql stable parallel safe
    return nullif(current_setting('loket.regio', true), '');
comment on function huidige_regio() is 'Code of the jeugdregio this transaction runs for; NULL shows nothing.';

create function huidige_organisatie() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('loket.organisatie', true), '')::uuid;
comment on function huidige_organisatie() is 'Aanbieder or organisatie of the user; NULL when none.';

create function huidige_gebruiker() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('loket.gebruiker', true), '')::uuid;
comment on function huidige_gebruiker() is 'User on whose behalf this transaction runs.';

create function huidige_rol() returns text
    language sql stable parallel safe
    return nullif(current_setting('loket.rol', true), '');
comment on function huidige_rol() is 'Role of the user, a value of type rol.';

create function naamvolgorde(naam text) returns text
    language sql immutable strict parallel safe
    return lower(unaccent('unaccent'::regdictionary, naam));
comment on function naamvolgorde(text) is
    'By what a list of names is in order. Immutable for indexes, which is so while nobody changes the rules of unaccent.';

-- ── Enumerations: closed lists that the code branches on ─────────────────────────────────────────

create type rol as enum
    ('schakelfunctionaris', 'crisisdienst', 'aanbieder', 'verwijzer', 'contractbeheer', 'beheerder');

create type organisatie_soort as enum ('gi', 'gemeente', 'veilig_thuis', 'loket');

create type contract_soort as enum ('open_house', 'maatwerkovereenkomst');

create type zichtbaarheid as enum ('openbaar', 'vertrouwelijk', 'geheim');
comment on type zichtbaarheid is
    'vertrouwelijk: a foster family, placed on the map only by its own provider; geheim: a secret address.';

create type beschikbaarheid as enum ('bemenst', 'onbemenst', 'in_overleg');
comment on type beschikbaarheid is
    'What the provider says of an empty plek: open and staffed, open but not staffed, to be discussed.';

create type bezetting_soort as enum ('optie', 'plaatsing', 'stop');

create type urgentie as enum ('crisis', 'spoed', 'regulier');
comment on type urgentie is 'crisis: within 24 hours; spoed: within a week; regulier: within the norm of the region.';

create type perspectief as enum ('terug_naar_huis', 'langdurig', 'onduidelijk');

create type juridisch_kader as enum
    ('vrijwillig', 'vots', 'ots', 'voogdij', 'voorlopige_voogdij', 'jeugdreclassering');

create type geslacht as enum ('meisje', 'jongen', 'non_binair', 'anders', 'onbekend');

create type groepssoort as enum ('gemengd', 'meisjes', 'jongens');
comment on type groepssoort is
    'Gender policy of a voorziening. The aanvraag names the kinds of group the jeugdige fits in, so that it also fits trans and non-binary youth.';

create type huidig_verblijf as enum
    ('thuis', 'netwerk', 'crisisplek', 'pleeggezin', 'gezinshuis', 'residentieel', 'overbrugging', 'elders');

create type aanvraag_status as enum
    ('ingediend', 'in_behandeling', 'optie', 'voorstel', 'akkoord', 'toestemming', 'kennismaking', 'definitief',
     'geplaatst', 'beeindigd', 'afgewezen', 'ingetrokken', 'opgeschaald');
comment on type aanvraag_status is 'The life of an aanvraag, drawn in docs/werkstroom.md; akkoord: the provider said yes.';

create function is_open(status aanvraag_status) returns boolean
    language sql immutable parallel safe
    return status in
        ('ingediend', 'in_behandeling', 'optie', 'voorstel', 'akkoord', 'toestemming', 'kennismaking', 'opgeschaald');
comment on function is_open(aanvraag_status) is
    'Still looking for a place. The planner reads through it: a query with is_open(status) uses index aanvraag_open.';

create type grondslag_soort as enum
    ('besluit_gemeente', 'bepaling_gi', 'spoedinzet_veilig_thuis', 'uitspraak_rechter');

create type grondslag_status as enum ('aangevraagd', 'verleend', 'afgewezen', 'vervallen');

create type machtiging_soort as enum ('open', 'spoed', 'gesloten', 'voorwaardelijk');

create type toestemming_persoon as enum ('ouder_1', 'ouder_2', 'voogd', 'jeugdige');

create type toestemming_status as enum ('gevraagd', 'gegeven', 'geweigerd', 'niet_vereist');

create type besluit_uitkomst as enum ('geaccepteerd', 'afgewezen');

create type afwijsreden as enum
    ('aanbieder_weigert', 'jeugdige_niet_geschikt', 'later_vanaf', 'groepsmix', 'geen_personeel', 'afstand',
     'ouder_of_jeugdige_zegt_nee', 'anders');

create type einde_reden as enum
    ('volgens_plan', 'terug_naar_huis', 'doorstroom', 'voortijdig', 'achttien', 'verhuisd', 'anders');

create type stop_reden as enum ('personeel', 'verbouwing', 'overmacht', 'rust_in_de_groep', 'anders');

create type bevestiging_bron as enum ('scherm', 'mail', 'koppeling', 'bestand');

create type criterium as enum
    ('ondersteuning', 'huiselijkheid', 'afstand', 'wachttijd', 'perspectief', 'samen', 'groepsmix', 'zekerheid');
comment on type criterium is 'Soft criteria; the same list as matcher.score.Criterium.';

create type uitsluiting_soort as enum ('aanbieder', 'voorziening', 'gebied');

-- ── The tenant: a jeugdregio ─────────────────────────────────────────────────────────────────────

create table jeugdregio (
    code          text        not null,
    naam          text        not null,
    aangemaakt_op timestamptz not null default now(),
    constraint jeugdregio_pk primary key (code),
    constraint jeugdregio_code_vorm check (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(code) <= 40),
    constraint jeugdregio_naam_lengte check (length(naam) between 1 and 120)
);
comment on table jeugdregio is 'A tenant. The Netherlands has 42; each sees only its own rows and what an agreement shares.';

create table gemeente (
    code  text not null,
    naam  text not null,
    regio text not null,
    constraint gemeente_pk primary key (code),
    constraint gemeente_code_vorm check (code ~ '^[0-9]{4}$'),
    constraint gemeente_regio_fk foreign key (regio) references jeugdregio
);
comment on table gemeente is
    'CBS code of four digits as text. A reference table: readable for all, because the verantwoordelijke gemeente of a child may lie in another region.';

create table gemeentegrens (
    gemeente_code text  not null,
    ringen        jsonb not null,
    constraint gemeentegrens_pk primary key (gemeente_code),
    constraint gemeentegrens_ringen_lijst check (jsonb_typeof(ringen) = 'array'),
    constraint gemeentegrens_gemeente_fk foreign key (gemeente_code) references gemeente
);
comment on table gemeentegrens is
    'Border of a gemeente on a map: rings of points (latitude, longitude; WGS84), made coarse when read in. A reference table, readable for all.';

create table zorgvorm (
    regio                 text     not null,
    code                  text     not null,
    naam                  text     not null,
    huiselijkheid         real     not null,
    gezinsvorm            boolean  not null,
    rangschikbaar         boolean  not null default true,
    gebruikelijk_verblijf integer,
    bron                  text     not null,
    constraint zorgvorm_pk primary key (regio, code),
    constraint zorgvorm_code_vorm check (code ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(code) <= 40),
    constraint zorgvorm_naam_lengte check (length(naam) between 1 and 80),
    constraint zorgvorm_huiselijkheid_grens check (huiselijkheid between 0 and 1),
    constraint zorgvorm_verblijf_positief check (gebruikelijk_verblijf > 0),
    constraint zorgvorm_regio_fk foreign key (regio) references jeugdregio
);
comment on table zorgvorm is 'Code list that a region can extend; each region has its own values.';
comment on column zorgvorm.huiselijkheid is 'How home-like, 0 to 1: "zo thuis mogelijk".';
comment on column zorgvorm.gezinsvorm is
    'Pleeggezin or gezinshuis in the sense of Jeugdwet art. 2.3 lid 6: any other zorgvorm needs a recorded reason.';
comment on column zorgvorm.rangschikbaar is 'false for jeugdzorgplus, which has its own checklist and coordination point.';
comment on column zorgvorm.gebruikelijk_verblijf is 'Usual stay in days, a regional value; NULL when open-ended.';

create table regioafspraak (
    id           uuid      not null default gen_random_uuid(),
    aanbod_regio text      not null,
    vraag_regio  text      not null,
    zorgvorm     text,
    geldigheid   daterange not null,
    constraint regioafspraak_pk primary key (id),
    constraint regioafspraak_twee_regios check (aanbod_regio <> vraag_regio),
    constraint regioafspraak_geldigheid_niet_leeg check (not isempty(geldigheid)),
    constraint regioafspraak_aanbod_fk foreign key (aanbod_regio) references jeugdregio,
    constraint regioafspraak_vraag_fk foreign key (vraag_regio) references jeugdregio,
    constraint regioafspraak_zorgvorm_fk foreign key (aanbod_regio, zorgvorm) references zorgvorm
);
comment on table regioafspraak is
    'vraag_regio may see and use places of aanbod_regio. Row-level security opens the rows of the whole region; the matcher''s rule ''regio'' holds the agreed zorgvorm.';
comment on column regioafspraak.zorgvorm is 'NULL: every zorgvorm.';
create index regioafspraak_vraag on regioafspraak (vraag_regio);

create function gedeelde_regios() returns text[]
    language sql stable parallel safe
    return (
        select coalesce(array_agg(distinct a.aanbod_regio), '{}')
        from regioafspraak a
        where a.vraag_regio = huidige_regio() and a.geldigheid @> (now() at time zone 'Europe/Amsterdam')::date
    );
comment on function gedeelde_regios() is 'Regions whose places the current region may use today.';

create table kenmerkcode (
    regio text    not null,
    lijst text    not null,
    code  text    not null,
    naam  text    not null,
    constraint kenmerkcode_pk primary key (regio, lijst, code),
    constraint kenmerkcode_lijst_bekend check (lijst in ('ondersteuning', 'kenmerk', 'medisch', 'onderwijs')),
    constraint kenmerkcode_code_vorm check (code ~ '^[a-z0-9]+(_[a-z0-9]+)*$' and length(code) <= 40),
    constraint kenmerkcode_naam_lengte check (length(naam) between 1 and 120),
    constraint kenmerkcode_regio_fk foreign key (regio) references jeugdregio
);
comment on table kenmerkcode is
    'Codes of needed support, of traits that group mix and contra-indications look at, of medical care and of schooling. At most 63 per list and region: the matcher keeps them as bits.';

create table productcategorie (
    code         text not null,
    omschrijving text not null,
    versie       text not null,
    constraint productcategorie_pk primary key (code),
    constraint productcategorie_code_vorm check (code ~ '^[0-9]{2}$')
);
comment on table productcategorie is 'iJw code table JZ020, imported and never written here: 43 and 44 are stays, 46 is crisis.';

create table weging (
    regio     text      not null,
    urgentie  urgentie  not null,
    criterium criterium not null,
    gewicht   real      not null,
    bron      text      not null,
    versie    integer   not null default 1,
    constraint weging_pk primary key (regio, urgentie, criterium),
    constraint weging_gewicht_grens check (gewicht between 0 and 100),
    constraint weging_regio_fk foreign key (regio) references jeugdregio
);
comment on table weging is 'Weight of each soft criterion per urgentie, a setting of the region, with its source.';

create table instelling (
    regio   text    not null,
    sleutel text    not null,
    waarde  jsonb   not null,
    bron    text    not null,
    versie  integer not null default 1,
    constraint instelling_pk primary key (regio, sleutel),
    constraint instelling_sleutel_vorm check (sleutel ~ '^[a-z]+(_[a-z0-9]+)*$'),
    constraint instelling_regio_fk foreign key (regio) references jeugdregio
);
comment on table instelling is 'Terms and norms of the region, each with its source (a law, a contract, a decision).';

-- ── Organisations ────────────────────────────────────────────────────────────────────────────────

create table organisatie (
    id            uuid              not null default gen_random_uuid(),
    regio         text              not null,
    soort         organisatie_soort not null,
    naam          text              not null,
    aangemaakt_op timestamptz       not null default now(),
    constraint organisatie_pk primary key (id),
    constraint organisatie_naam_lengte check (length(naam) between 1 and 120),
    constraint organisatie_naam_uniek unique (regio, naam),
    constraint organisatie_regio_fk foreign key (regio) references jeugdregio,
    constraint organisatie_id_regio unique (id, regio)
);
comment on table organisatie is 'A GI, gemeente, Veilig Thuis (verwijzers) or the loket itself. Providers are in aanbieder.';

create table aanbieder (
    id            uuid        not null default gen_random_uuid(),
    regio         text        not null,
    naam          text        not null,
    agb_code      text,
    telefoon      text,
    pleegzorg     boolean     not null default false,
    aangemaakt_op timestamptz not null default now(),
    versie        integer     not null default 1,
    constraint aanbieder_pk primary key (id),
    constraint aanbieder_naam_lengte check (length(naam) between 1 and 120),
    constraint aanbieder_agb_vorm check (agb_code ~ '^[0-9]{1,8}$'),
    constraint aanbieder_telefoon_vorm check (telefoon ~ '^\+?[0-9 ()-]{6,20}$'),
    constraint aanbieder_naam_uniek unique (regio, naam),
    constraint aanbieder_agb_uniek unique (regio, agb_code),
    constraint aanbieder_regio_fk foreign key (regio) references jeugdregio,
    constraint aanbieder_id_regio unique (id, regio)
);
comment on column aanbieder.pleegzorg is
    'A pleegzorgaanbieder publishes profiles and asks its confidential families itself.';

create table contract (
    id                  uuid           not null default gen_random_uuid(),
    regio               text           not null,
    aanbieder_id        uuid           not null,
    zorgvorm            text           not null,
    soort               contract_soort not null,
    geldigheid          daterange      not null,
    minimum_capaciteit  integer,
    maximum_wachttijd   integer,
    constraint contract_pk primary key (id),
    constraint contract_een_per_periode
        exclude using gist (aanbieder_id with =, zorgvorm with =, geldigheid with &&),
    constraint contract_capaciteit_positief check (minimum_capaciteit > 0),
    constraint contract_wachttijd_positief check (maximum_wachttijd > 0),
    constraint contract_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio),
    constraint contract_zorgvorm_fk foreign key (regio, zorgvorm) references zorgvorm
);
comment on table contract is
    'No row: no contract. That does not hide a place; it is marked "alleen na overleg met de gemeente".';
create index contract_regio on contract (regio);
comment on column contract.maximum_wachttijd is 'Days; for verblijf not always agreed, then NULL.';

-- ── Supply: locatie, voorziening, plek ───────────────────────────────────────────────────────────

create table postcodegebied (
    pc4       text    not null,
    plaats    text    not null,
    lat       real    not null,
    lon       real    not null,
    herkomst  text    not null,
    constraint postcodegebied_pk primary key (pc4),
    constraint postcodegebied_pc4_vorm check (pc4 ~ '^[1-9][0-9]{3}$'),
    constraint postcodegebied_herkomst_bekend check (herkomst in ('exact', 'afgeleid')),
    constraint postcodegebied_in_nederland check (lat between 50.5 and 53.8 and lon between 3.0 and 7.5)
);
comment on table postcodegebied is
    'Centre of each four-digit postcode (WGS84). exact: from the table of places or an official file; afgeleid: estimated from neighbouring codes.';

create table locatie (
    id            uuid          not null default gen_random_uuid(),
    regio         text          not null,
    aanbieder_id  uuid          not null,
    naam          text          not null,
    zichtbaarheid zichtbaarheid not null default 'openbaar',
    postcode      text,
    plaats        text,
    gemeente_code text,
    aangemaakt_op timestamptz   not null default now(),
    versie        integer       not null default 1,
    constraint locatie_pk primary key (id),
    constraint locatie_naam_lengte check (length(naam) between 1 and 120),
    constraint locatie_postcode_vorm check (postcode ~ '^[1-9][0-9]{3} [A-Z]{2}$'),
    constraint locatie_plaats_lengte check (length(plaats) between 1 and 80),
    constraint locatie_adres_naar_zichtbaarheid check (
        case when zichtbaarheid = 'openbaar' then postcode is not null
             else postcode is null and plaats is null and gemeente_code is null end),
    constraint locatie_naam_uniek unique (aanbieder_id, naam),
    constraint locatie_gemeente_fk foreign key (gemeente_code) references gemeente,
    constraint locatie_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio),
    constraint locatie_id_aanbieder unique (id, aanbieder_id, regio)
);
comment on table locatie is
    'A place on the map. Of a secret or confidential one this row holds no place at all: that stands in locatie_adres.';

create table locatie_adres (
    locatie_id   uuid not null,
    regio        text not null,
    aanbieder_id uuid not null,
    postcode     text not null,
    constraint locatie_adres_pk primary key (locatie_id),
    constraint locatie_adres_postcode_vorm check (postcode ~ '^[1-9][0-9]{3} [A-Z]{2}$'),
    constraint locatie_adres_locatie_fk foreign key (locatie_id, aanbieder_id, regio)
        references locatie (id, aanbieder_id, regio) on delete cascade
);
comment on table locatie_adres is
    'Where a secret or confidential locatie is. Only its own provider reads it; the matcher gets a coarse point from reispunten().';

create table voorziening (
    id                    uuid            not null default gen_random_uuid(),
    regio                 text            not null,
    aanbieder_id          uuid            not null,
    locatie_id            uuid            not null,
    naam                  text            not null,
    zorgvorm              text            not null,
    leeftijd_van          integer         not null,
    leeftijd_tot          integer         not null,
    groepssoort           groepssoort     not null default 'gemengd',
    juridische_kaders     juridisch_kader[] not null,
    gesloten              boolean         not null default false,
    ondersteuning         text[]          not null default '{}',
    contra_indicaties     text[]          not null default '{}',
    medisch               text[]          not null default '{}',
    rolstoeltoegankelijk  boolean         not null default false,
    onderwijs             text[]          not null default '{}',
    perspectieven         perspectief[]   not null,
    maximaal_verblijf     integer,
    opname_vanaf          date,
    leeftijdsverschil_max integer,
    groepsmix             jsonb           not null default '{}',
    bellen_naam           text,
    bellen_telefoon       text,
    aangemaakt_op         timestamptz     not null default now(),
    versie                integer         not null default 1,
    gewijzigd_op          timestamptz,
    constraint voorziening_pk primary key (id),
    constraint voorziening_naam_lengte check (length(naam) between 1 and 120),
    constraint voorziening_leeftijd_grens check (leeftijd_van >= 0 and leeftijd_tot <= 276 and leeftijd_van <= leeftijd_tot),
    constraint voorziening_kaders_niet_leeg check (cardinality(juridische_kaders) > 0),
    constraint voorziening_perspectieven_niet_leeg check (cardinality(perspectieven) > 0),
    constraint voorziening_verblijf_positief check (maximaal_verblijf > 0),
    constraint voorziening_leeftijdsverschil_positief check (leeftijdsverschil_max > 0),
    constraint voorziening_groepsmix_vorm check (jsonb_typeof(groepsmix) = 'object'),
    constraint voorziening_bellen_vorm check (bellen_telefoon ~ '^\+?[0-9 ()-]{6,20}$'),
    constraint voorziening_naam_uniek unique (aanbieder_id, naam),
    constraint voorziening_zorgvorm_fk foreign key (regio, zorgvorm) references zorgvorm,
    constraint voorziening_locatie_fk foreign key (locatie_id, aanbieder_id, regio)
        references locatie (id, aanbieder_id, regio),
    constraint voorziening_id_aanbieder unique (id, aanbieder_id, regio)
);
comment on table voorziening is
    'One unit of a provider: a gezinshuis, a driemilieu group, a crisis group, a foster-care profile, with its admission profile.';
comment on column voorziening.leeftijd_van is 'Months, inclusive.';
comment on column voorziening.leeftijd_tot is 'Months, inclusive: 12 years and 11 months is 155.';
comment on column voorziening.leeftijdsverschil_max is 'Months between the youngest and the oldest in the group; NULL: no limit.';
comment on column voorziening.groepsmix is
    'Group mix: per code of kenmerkcode list ''kenmerk'' how many children with it live here at most, such as {"zware_gedragsproblemen": 2}.';
comment on column voorziening.maximaal_verblijf is 'Days; NULL: as long as needed.';
comment on column voorziening.opname_vanaf is 'Earliest intake day; NULL: today.';
comment on column voorziening.gesloten is 'Needs a machtiging of soort gesloten.';
comment on column voorziening.gewijzigd_op is 'When its profile was last changed: a no of before says nothing of it now.';
create index voorziening_locatie on voorziening (locatie_id);
create index voorziening_volgorde on voorziening (regio, naamvolgorde(naam), id);

create table plek (
    id             uuid            not null default gen_random_uuid(),
    regio          text            not null,
    aanbieder_id   uuid            not null,
    voorziening_id uuid            not null,
    naam           text            not null,
    beschikbaarheid beschikbaarheid not null default 'bemenst',
    bestaat        daterange       not null,
    bevestigd_op   timestamptz,
    aangemaakt_op  timestamptz     not null default now(),
    versie         integer         not null default 1,
    constraint plek_pk primary key (id),
    constraint plek_naam_lengte check (length(naam) between 1 and 60),
    constraint plek_bestaat_niet_leeg check (not isempty(bestaat) and not lower_inf(bestaat)),
    constraint plek_naam_uniek unique (voorziening_id, naam),
    constraint plek_voorziening_fk foreign key (voorziening_id, aanbieder_id, regio)
        references voorziening (id, aanbieder_id, regio),
    constraint plek_id_regio unique (id, regio)
);
comment on table plek is 'One bed. Empty is not the same as available: see beschikbaarheid and bezetting.';
comment on column plek.bestaat is 'From the day the bed exists until the day it is gone.';
comment on column plek.bevestigd_op is 'When the provider last said that this is right; the history is in bevestiging.';
create index plek_aanbieder on plek (aanbieder_id);
create index plek_regio on plek (regio);

create table bevestiging (
    id              uuid             not null default gen_random_uuid(),
    regio           text             not null,
    plek_id         uuid             not null,
    op              timestamptz      not null,
    bron            bevestiging_bron not null,
    beschikbaarheid beschikbaarheid  not null,
    constraint bevestiging_pk primary key (id),
    constraint bevestiging_plek_fk foreign key (plek_id, regio) references plek (id, regio)
);
comment on table bevestiging is 'Each time a provider confirmed a plek, so that freshness is measured.';
create index bevestiging_plek on bevestiging (plek_id, op desc);

-- ── Demand: aanvraag and what stands with it ─────────────────────────────────────────────────────

create table samenplaatsing (
    id             uuid        not null default gen_random_uuid(),
    regio          text        not null,
    organisatie_id uuid        not null,
    mag_splitsen   boolean     not null default false,
    splitsreden    text,
    aangemaakt_op  timestamptz not null default now(),
    constraint samenplaatsing_pk primary key (id),
    constraint samenplaatsing_reden_bij_splitsen check (mag_splitsen = (splitsreden is not null)),
    constraint samenplaatsing_reden_lengte check (length(splitsreden) between 1 and 300),
    constraint samenplaatsing_organisatie_fk foreign key (organisatie_id, regio) references organisatie (id, regio),
    constraint samenplaatsing_id_organisatie unique (id, organisatie_id, regio)
);
comment on table samenplaatsing is
    'Siblings asked for together. Split only with a contra-indication or leave for this split, recorded in splitsreden.';

-- A number of the loket itself, because the kenmerk of the verwijzer is for its own people. It counts through all
-- numbers of six characters in an order that does not show how many there are, and has no vowels, so no words.

create sequence aanvraag_nummer;

create function loketnummer(teller bigint) returns text
    language sql immutable parallel safe
    return (
        with alfabet as (select '23456789BCDFGHJKLMNPQRSTVWXYZ' as tekens, (teller * 387420489) % 536870912 as n)
        select string_agg(substr(tekens, (n / (29 ^ i)::bigint % 29)::int + 1, 1) || case i when 3 then '-' else '' end, ''
                          order by i desc)
        from alfabet, generate_series(0, 5) as i);
comment on function loketnummer(bigint) is 'Such as ''K7M-3PQ''; different for each teller below 2^29.';

create table aanvraag (
    id                   uuid            not null default gen_random_uuid(),
    regio                text            not null,
    organisatie_id       uuid            not null,
    status               aanvraag_status not null default 'ingediend',
    samenplaatsing_id    uuid,
    urgentie             urgentie        not null,
    urgentie_reden       text,
    leeftijd_maanden     integer         not null,
    leeftijd_peildatum   date            not null,
    geslacht             geslacht        not null,
    groepssoorten        groepssoort[]   not null,
    pc4                  text,
    gemeente_code        text            not null,
    huidig_verblijf      huidig_verblijf not null,
    huidig_verblijf_tot  date,
    gewenste_start       date            not null,
    uiterlijke_datum     date            not null,
    verwacht_verblijf    integer         not null,
    perspectief          perspectief     not null,
    zorgvormen           text[]          not null,
    zorgvorm_reden       text,
    juridisch_kader      juridisch_kader not null,
    ondersteuning        text[]          not null default '{}',
    kenmerken            text[]          not null default '{}',
    medisch              text[]          not null default '{}',
    rolstoel             boolean         not null default false,
    onderwijs            text,
    school_pc4           text,
    netwerk_pc4          text,
    maximale_reistijd    integer,
    eerder_geprobeerd    text,
    mening_jeugdige      text,
    praktisch            text,
    aangemeld_op         timestamptz     not null default now(),
    versie               integer         not null default 1,
    nummer               text            not null default loketnummer(nextval('aanvraag_nummer')),
    geanonimiseerd_op    timestamptz,
    afgesloten_op        date,
    uitkomst             jsonb,
    behandelaar_id       uuid,
    vervolg_van          uuid,
    gewijzigd_op         timestamptz,
    constraint aanvraag_pk primary key (id),
    constraint aanvraag_nummer_uniek unique (nummer),
    constraint aanvraag_pc4_van_wie_bekend_is check (pc4 is not null or geanonimiseerd_op is not null),
    constraint aanvraag_anoniem_is_niet_open check (geanonimiseerd_op is null or not is_open(status)),
    constraint aanvraag_afgesloten_vorm check (
        (afgesloten_op is not null) = (status in ('beeindigd', 'afgewezen', 'ingetrokken'))),
    constraint aanvraag_uitkomst_vorm check (jsonb_typeof(uitkomst) = 'object'),
    constraint aanvraag_leeftijd_grens check (leeftijd_maanden between 0 and 275),
    constraint aanvraag_groepssoorten_niet_leeg check (cardinality(groepssoorten) > 0),
    constraint aanvraag_zorgvormen_niet_leeg check (cardinality(zorgvormen) > 0),
    constraint aanvraag_pc4_vorm check (pc4 ~ '^[1-9][0-9]{3}$'),
    constraint aanvraag_school_pc4_vorm check (school_pc4 ~ '^[1-9][0-9]{3}$'),
    constraint aanvraag_netwerk_pc4_vorm check (netwerk_pc4 ~ '^[1-9][0-9]{3}$'),
    constraint aanvraag_datums_op_volgorde check (gewenste_start <= uiterlijke_datum),
    constraint aanvraag_datums_bijeen check (uiterlijke_datum <= gewenste_start + 3650),
    constraint aanvraag_verblijf_grens check (verwacht_verblijf between 1 and 6570),
    constraint aanvraag_reistijd_grens check (maximale_reistijd between 1 and 600),
    constraint aanvraag_tekst_kort check (
        length(urgentie_reden) <= 300 and length(zorgvorm_reden) <= 300 and length(eerder_geprobeerd) <= 500
        and length(mening_jeugdige) <= 500 and length(praktisch) <= 200),
    constraint aanvraag_organisatie_fk foreign key (organisatie_id, regio) references organisatie (id, regio),
    constraint aanvraag_samenplaatsing_fk foreign key (samenplaatsing_id, organisatie_id, regio)
        references samenplaatsing (id, organisatie_id, regio),
    constraint aanvraag_gemeente_fk foreign key (gemeente_code) references gemeente,
    constraint aanvraag_id_regio unique (id, regio)
);
comment on table aanvraag is
    'A request for one child, pseudonymous and still personal data: no name, no BSN, no address, no birth date.';
comment on column aanvraag.leeftijd_maanden is 'Age in whole months on leeftijd_peildatum; the birth date is never stored.';
comment on column aanvraag.pc4 is 'Only to compute travel times; never shown to a provider.';
comment on column aanvraag.verwacht_verblijf is 'Expected stay in days.';
comment on column aanvraag.zorgvorm_reden is
    'Why not only a pleeggezin or gezinshuis (Jeugdwet art. 2.3 lid 6); required when another zorgvorm is asked.';
comment on column aanvraag.maximale_reistijd is 'Minutes, a hard limit of the verwijzer; NULL: distance only counts in the score.';
comment on column aanvraag.gemeente_code is 'Verantwoordelijke gemeente by the woonplaatsbeginsel, as the verwijzer states it.';
comment on column aanvraag.behandelaar_id is 'Whose move it is at the loket: a gebruiker.';
comment on column aanvraag.vervolg_van is 'The plaatsing, in crisis or closed, for which a place to go on to is sought from its first day.';
comment on column aanvraag.gewijzigd_op is 'When what is asked was last changed: what a provider said no to before, is another question now.';
create unique index aanvraag_een_vervolg on aanvraag (vervolg_van) where vervolg_van is not null;
create index aanvraag_open on aanvraag (regio, urgentie, aangemeld_op, id) where is_open(status);
create index aanvraag_volgorde on aanvraag (regio, urgentie, aangemeld_op, id);
create index aanvraag_samenplaatsing on aanvraag (samenplaatsing_id) where samenplaatsing_id is not null;

comment on column aanvraag.nummer is 'What all who may see the aanvraag call it. The kenmerk of the verwijzer is in aanvraag_kenmerk.';
comment on column aanvraag.geanonimiseerd_op is 'Nothing that leads to the child is left; what remains is for statistics.';
comment on column aanvraag.afgesloten_op is 'Since when nothing is done for it any more; the term after which the child is forgotten, counts from here.';
comment on column aanvraag.uitkomst is 'Of an anonymous aanvraag, for statistics: days waited, and how each stay was.';
create index aanvraag_afgesloten on aanvraag (regio, afgesloten_op) where geanonimiseerd_op is null and afgesloten_op is not null;

create table aanvraag_kenmerk (
    aanvraag_id    uuid not null,
    regio          text not null,
    organisatie_id uuid not null,
    kenmerk        text not null,
    constraint aanvraag_kenmerk_pk primary key (aanvraag_id),
    constraint aanvraag_kenmerk_vorm check (kenmerk ~ '^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}$'),
    constraint aanvraag_kenmerk_uniek unique (organisatie_id, kenmerk),
    constraint aanvraag_kenmerk_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table aanvraag_kenmerk is
    'Reference of the verwijzer itself. Only its own people and the provider where the child is placed read it.';
create table uitsluiting (
    id             uuid              not null default gen_random_uuid(),
    regio          text              not null,
    aanvraag_id    uuid              not null,
    soort          uitsluiting_soort not null,
    aanbieder_id   uuid,
    voorziening_id uuid,
    pc4            text,
    straal_km      real,
    constraint uitsluiting_pk primary key (id),
    constraint uitsluiting_vorm check (
        case soort
            when 'aanbieder' then aanbieder_id is not null and num_nonnulls(voorziening_id, pc4, straal_km) = 0
            when 'voorziening' then voorziening_id is not null and num_nonnulls(aanbieder_id, pc4, straal_km) = 0
            else pc4 is not null and straal_km is not null and num_nonnulls(aanbieder_id, voorziening_id) = 0
        end),
    constraint uitsluiting_pc4_vorm check (pc4 ~ '^[1-9][0-9]{3}$'),
    constraint uitsluiting_straal_grens check (straal_km > 0 and straal_km <= 300),
    constraint uitsluiting_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint uitsluiting_pc4_fk foreign key (pc4) references postcodegebied,
    constraint uitsluiting_aanbieder_fk foreign key (aanbieder_id) references aanbieder,
    constraint uitsluiting_voorziening_fk foreign key (voorziening_id) references voorziening
);
comment on table uitsluiting is 'Safety: places and surroundings where this child must not be. The reason is never shown to others.';
comment on column uitsluiting.pc4 is 'Must be known: a perimeter around nowhere would protect nobody.';
create index uitsluiting_aanvraag on uitsluiting (aanvraag_id);

create table grondslag (
    id          uuid             not null default gen_random_uuid(),
    regio       text             not null,
    aanvraag_id uuid             not null,
    soort       grondslag_soort  not null,
    status      grondslag_status not null,
    datum       date             not null,
    geldig_tot  date,
    constraint grondslag_pk primary key (id),
    constraint grondslag_datums_op_volgorde check (geldig_tot >= datum),
    constraint grondslag_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table grondslag is 'Legal ground. Needed before a plaatsing is definitive, not before searching.';
create index grondslag_aanvraag on grondslag (aanvraag_id);

create table machtiging (
    id               uuid             not null default gen_random_uuid(),
    regio            text             not null,
    aanvraag_id      uuid             not null,
    soort            machtiging_soort not null,
    zorgvormen       text[]           not null,
    geldigheid       daterange        not null,
    ten_uitvoer_op   date,
    constraint machtiging_pk primary key (id),
    constraint machtiging_zorgvormen_niet_leeg check (cardinality(zorgvormen) > 0),
    constraint machtiging_geldigheid_begrensd check (
        not isempty(geldigheid) and not lower_inf(geldigheid) and not upper_inf(geldigheid)),
    constraint machtiging_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table machtiging is
    'Court authorisation. A zorgvorm outside zorgvormen is blocked. Lapses when unused for three months (1:265c BW).';
create index machtiging_aanvraag on machtiging (aanvraag_id);

create table toestemming (
    id          uuid                not null default gen_random_uuid(),
    regio       text                not null,
    aanvraag_id uuid                not null,
    persoon     toestemming_persoon not null,
    status      toestemming_status  not null,
    reden       text,
    datum       date                not null,
    constraint toestemming_pk primary key (id),
    constraint toestemming_een_per_persoon unique (aanvraag_id, persoon),
    constraint toestemming_reden_bij_niet_vereist check (status <> 'niet_vereist' or reden is not null),
    constraint toestemming_reden_lengte check (length(reden) between 1 and 200),
    constraint toestemming_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table toestemming is 'Consent per person, or "niet vereist, want …" in reden.';

create table besluit (
    id             uuid             not null default gen_random_uuid(),
    regio          text             not null,
    aanvraag_id    uuid             not null,
    voorziening_id uuid             not null,
    uitkomst       besluit_uitkomst not null,
    reden          afwijsreden,
    later_vanaf    date,
    toelichting    text,
    op             timestamptz      not null,
    constraint besluit_pk primary key (id),
    constraint besluit_reden_bij_afwijzing check ((uitkomst = 'afgewezen') = (reden is not null)),
    constraint besluit_datum_bij_later check ((reden is not distinct from 'later_vanaf') = (later_vanaf is not null)),
    constraint besluit_toelichting_bij_anders check (reden is distinct from 'anders' or toelichting is not null),
    constraint besluit_toelichting_kort check (length(toelichting) between 1 and 300),
    constraint besluit_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint besluit_voorziening_fk foreign key (voorziening_id) references voorziening
);
comment on table besluit is 'What a provider answered, with a coded reason.';
create index besluit_aanvraag on besluit (aanvraag_id);
create index besluit_op on besluit (regio, op) where uitkomst = 'afgewezen';

-- ── Bezetting: what takes a plek ─────────────────────────────────────────────────────────────────

create table bezetting (
    id               uuid            not null default gen_random_uuid(),
    regio            text            not null,
    vraag_regio      text            not null,
    plek_id          uuid            not null,
    soort            bezetting_soort not null,
    periode          daterange       not null,
    aanvraag_id      uuid,
    vervalt_op       timestamptz,
    vrijgegeven_op   timestamptz,
    stop_reden       stop_reden,
    beeindigd_op     date,
    einde_reden      einde_reden,
    bewoner_maanden  integer,
    bewoner_kenmerken text[],
    aangemaakt_op    timestamptz     not null default now(),
    versie           integer         not null default 1,
    definitief_op    timestamptz,
    begonnen_op      date,
    verlengd_op      timestamptz,
    verleng_reden    text,
    overbrugging     boolean         not null default false,
    constraint bezetting_pk primary key (id),
    constraint bezetting_geen_overlap
        exclude using gist (plek_id with =, periode with &&) where (vrijgegeven_op is null),
    constraint bezetting_periode_begint check (not isempty(periode) and not lower_inf(periode)),
    constraint bezetting_optie_vorm check (
        (soort = 'optie') = (vervalt_op is not null)
        and (soort <> 'plaatsing' or vrijgegeven_op is null or aanvraag_id is null or begonnen_op is null)
        and (soort <> 'optie' or aanvraag_id is not null)),
    constraint bezetting_stop_vorm check (
        (soort = 'stop') = (stop_reden is not null)
        and (soort <> 'stop' or (not upper_inf(periode) and aanvraag_id is null))),
    constraint bezetting_einde_vorm check (
        (beeindigd_op is null) = (einde_reden is null) and (beeindigd_op is null or soort = 'plaatsing')),
    constraint bezetting_einde_is_periode check (beeindigd_op is null or upper(periode) = beeindigd_op),
    constraint bezetting_bewoner_vorm check (
        (soort = 'plaatsing' or bewoner_maanden is null)
        and (bewoner_maanden is null) = (bewoner_kenmerken is null)),
    constraint bezetting_bewoner_leeftijd check (bewoner_maanden between 0 and 275),
    constraint bezetting_definitief_vorm check (definitief_op is null or soort = 'plaatsing'),
    constraint bezetting_begonnen_vorm check (
        begonnen_op is null or soort = 'plaatsing' and begonnen_op = lower(periode)),
    constraint bezetting_verlengd_vorm check (
        (verlengd_op is null) = (verleng_reden is null) and (verlengd_op is null or soort = 'optie')
        and length(verleng_reden) between 1 and 300),
    constraint bezetting_kind_op_een_plek
        exclude using gist (aanvraag_id with =, (overbrugging::integer) with =, periode with &&)
        where (soort = 'plaatsing' and vrijgegeven_op is null),
    constraint bezetting_overbrugging_vorm check (not overbrugging or soort = 'plaatsing'),
    constraint bezetting_plek_fk foreign key (plek_id, regio) references plek (id, regio),
    constraint bezetting_vraag_fk foreign key (vraag_regio) references jeugdregio,
    constraint bezetting_aanvraag_fk foreign key (aanvraag_id, vraag_regio) references aanvraag (id, regio)
);
comment on table bezetting is
    'A period in which a plek is taken. Two of them on one plek never overlap, whatever the code does: bezetting_geen_overlap.';
comment on column bezetting.regio is 'Region of the plek.';
comment on column bezetting.vraag_regio is 'Region of the child; differs from regio only under a regioafspraak.';
comment on column bezetting.periode is
    'Days, start inclusive, end exclusive. Of a plaatsing up to the expected end: extending it is a claim that can conflict.';
comment on column bezetting.vervalt_op is 'An optie holds until then.';
comment on column bezetting.vrijgegeven_op is
    'When an optie ended or expired, or a stop or a plaatsing did not go on, or a provider took back that somebody without aanvraag had come; from then on it takes nothing.';
comment on column bezetting.bewoner_maanden is 'Age at the start, so that group mix also counts children who came before the loket did.';
comment on column bezetting.definitief_op is
    'When grondslag, the provider''s yes and toestemming were all there. NULL: begun before that, as a crisis may.';
comment on column bezetting.begonnen_op is 'Of a plaatsing: the day on which the child really came.';
comment on column bezetting.overbrugging is
    'Of a plaatsing: where the child waits for a place, as in a tussenvoorziening. The aanvraag stays open, and the stay may go on until the child has moved.';
comment on column bezetting.verlengd_op is 'An optie is made longer once, with a reason.';
create index bezetting_aanvraag on bezetting (aanvraag_id) where aanvraag_id is not null;
create function neemt_tot(soort bezetting_soort, periode daterange, beeindigd_op date) returns date
    language sql immutable parallel safe
    return case when soort = 'plaatsing' and beeindigd_op is null then 'infinity'
                else coalesce(upper(periode), 'infinity') end;
comment on function neemt_tot(bezetting_soort, daterange, date) is
    'From when it takes its plek no more. Of a plaatsing nobody knows before it was ended, also past its expected end.';
create index bezetting_plek on bezetting (plek_id, neemt_tot(soort, periode, beeindigd_op)) where vrijgegeven_op is null;
create index bezetting_plaatsing on bezetting (plek_id) where soort = 'plaatsing';
create index bezetting_onaf on bezetting (vraag_regio)
    where soort = 'plaatsing' and definitief_op is null and beeindigd_op is null and vrijgegeven_op is null;
create index bezetting_begonnen on bezetting (regio, begonnen_op) where begonnen_op is not null;
create index bezetting_kwam on bezetting (vraag_regio, begonnen_op) where begonnen_op is not null;
create index bezetting_beeindigd on bezetting (regio, beeindigd_op) where beeindigd_op is not null;

-- ── Answers kept for a repeated request ──────────────────────────────────────────────────────────

create table herhaling (
    regio         text        not null,
    gebruiker_id  uuid        not null,
    sleutel       text        not null,
    verzoek_hash  bytea       not null,
    status        integer     not null,
    koppen        jsonb       not null,
    antwoord      bytea       not null,
    aangemaakt_op timestamptz not null default now(),
    betrokkenen   uuid[]      not null default '{}',
    constraint herhaling_pk primary key (regio, gebruiker_id, sleutel),
    constraint herhaling_sleutel_lengte check (length(sleutel) between 1 and 255),
    constraint herhaling_regio_fk foreign key (regio) references jeugdregio
);
comment on table herhaling is
    'Idempotency-Key: the answer given, written in the transaction of the change itself, so that a repeat gets the same answer.';
comment on column herhaling.betrokkenen is 'Aanvragen in the answer: who gets it again has seen them again.';
create index herhaling_oud on herhaling (aangemaakt_op);

-- ── What the matcher may know of a child who already lives somewhere, and of a secret place ──────
-- These two run as owner (security definer), because the rows below them are closed to the caller.
-- They give no child, no aanvraag and no address, and only for regions that the caller may see.

create function bezette_perioden(vandaag date, alleen uuid[] default null)
    returns table (plek_id uuid, soort bezetting_soort, van date, tot date, vervalt_op timestamptz,
                   bewoner_maanden integer, bewoner_kenmerken text[])
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    rol text    := huidige_rol();
    wie boolean := rol in ('schakelfunctionaris', 'aanbieder');
begin
    -- Who lives somewhere, only the loket and the provider itself know, and of another provider nothing is shown at all.
    if rol = 'aanbieder' then
        alleen := array(
            select p.id from plek p
            where p.aanbieder_id = huidige_organisatie() and p.regio = huidige_regio()
              and (alleen is null or p.id = any (alleen)));
    elsif rol = any ('{schakelfunctionaris,crisisdienst,contractbeheer,beheerder}') is not true then
        return;
    end if;
    if alleen is null then
        return query
            select b.plek_id, b.soort, lower(b.periode), upper(b.periode), b.vervalt_op,
                   case when wie then b.bewoner_maanden end, case when wie then b.bewoner_kenmerken end
            from bezetting b
            where b.regio = any (case when rol = 'aanbieder' then '{}' else gedeelde_regios() end || huidige_regio())
              and b.vrijgegeven_op is null and neemt_tot(b.soort, b.periode, b.beeindigd_op) > vandaag;
    else
        -- Which regions share, is asked only when one of these is not of the own region.
        return query
            select b.plek_id, b.soort, lower(b.periode), upper(b.periode), b.vervalt_op,
                   case when wie then b.bewoner_maanden end, case when wie then b.bewoner_kenmerken end
            from bezetting b
            where b.plek_id = any (alleen) and b.vrijgegeven_op is null
              and neemt_tot(b.soort, b.periode, b.beeindigd_op) > vandaag
              and (b.regio = huidige_regio()
                   or rol <> 'aanbieder' and b.regio = any ((select gedeelde_regios())::text[]));
    end if;
end;
$$;
comment on function bezette_perioden(date, uuid[]) is
    'What takes each visible plek from vandaag on, without who: for the snapshot of the matcher. A plaatsing past its expected end still counts. Group mix needs age and traits, in memory only: for the loket and the provider itself.';

create function reispunten(alleen uuid[] default null)
    returns table (locatie_id uuid, pc4 text, lat real, lon real, exact boolean)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select l.id,
           case when l.zichtbaarheid = 'openbaar' then p.pc4 end,
           case when l.zichtbaarheid = 'openbaar' then p.lat else (round(p.lat / 0.05) * 0.05)::real end,
           case when l.zichtbaarheid = 'openbaar' then p.lon else (round(p.lon / 0.05) * 0.05)::real end,
           l.zichtbaarheid = 'openbaar'
    from locatie l
    left join locatie_adres a on a.locatie_id = l.id
    join postcodegebied p on p.pc4 = left(coalesce(l.postcode, a.postcode), 4)
    where (l.regio = huidige_regio() or l.regio = any ((select gedeelde_regios())::text[]))
      and (huidige_rol() in ('schakelfunctionaris', 'crisisdienst')
           or huidige_rol() = 'aanbieder' and l.aanbieder_id = huidige_organisatie())
      and (alleen is null or l.id = any (alleen));
end;
comment on function reispunten(uuid[]) is
    'Point to travel to per locatie. Of a secret or confidential one a grid point of 0.05 degrees (about 5.6 by 3.4 km), the same for all that ask. For who looks for a place, and of an aanbieder its own.';

-- ── What a claim and a move to a secret address must change without reading it ───────────────────

-- The plek is free again, and so nobody waits for an answer any more; also when another region clears it.
create function ruim_verlopen_opties(plek uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    optie bezetting%rowtype;
    brief uuid;
begin
    -- Locks as always: the plek (whoever claims it), then the aanvraag, then what hangs on it.
    for optie in
        select b.* from bezetting b
        where b.plek_id = $1 and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op <= nu
          and (huidige_regio() in (b.regio, b.vraag_regio) or b.regio = any (gedeelde_regios()))
          and (huidige_rol() in ('schakelfunctionaris', 'crisisdienst')
               or huidige_rol() = 'aanbieder' and exists (
                   select from plek p where p.id = b.plek_id and p.aanbieder_id = huidige_organisatie()))
        order by b.aanvraag_id, b.id
    loop
        perform from aanvraag a where a.id = optie.aanvraag_id for no key update;
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1
        where b.id = optie.id and b.vrijgegeven_op is null and b.vervalt_op <= nu;
        continue when not found;
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

create function bewaar_adres(locatie_id uuid, postcode text) returns void
    language plpgsql security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select from locatie l
        where l.id = $1 and l.regio = huidige_regio()
          and case huidige_rol() when 'aanbieder' then l.aanbieder_id = huidige_organisatie()
              else huidige_rol() in ('schakelfunctionaris', 'beheerder') end) then
        raise insufficient_privilege using message = 'no locatie that may be written here';
    end if;
    delete from locatie_adres a where a.locatie_id = $1 and a.regio = huidige_regio();
    insert into locatie_adres (locatie_id, regio, aanbieder_id, postcode)
    select l.id, l.regio, l.aanbieder_id, $2
    from locatie l
    where l.id = $1 and l.regio = huidige_regio() and $2 is not null;
end;
$$;
comment on function bewaar_adres(uuid, text) is
    'Replaces the address of a secret or confidential locatie, or clears it (NULL), for whoever may write the locatie but not read where it is.';

-- ── Supply changed: tell every process that keeps a snapshot ─────────────────────────────────────

create function meld_aanbod() returns trigger
    language plpgsql
as $$
declare
    soort text := tg_argv[0];
    kolom text := tg_argv[1];
    bron  text := case tg_op when 'DELETE' then 'oud' else 'nieuw' end;
    rij   record;
    n     integer := 0;
begin
    if soort <> '*' then
        for rij in execute format('select distinct regio, %I as id from %I limit 65', kolom, bron) loop
            n := n + 1;
            exit when n > 64;
            perform pg_notify('loket_aanbod', format('%s %s %s', rij.regio, soort, rij.id));
        end loop;
    end if;
    -- A bulk load says "everything of this region" instead of one message per row.
    if soort = '*' or n > 64 then
        for rij in execute format('select distinct %I as regio from %I', kolom, bron) loop
            perform pg_notify('loket_aanbod', format('%s * *', rij.regio));
        end loop;
    end if;
    return null;
end;
$$;
comment on function meld_aanbod() is
    'Statement trigger: pg_notify(''loket_aanbod'', ''<regio> voorziening|plek <id>'' or ''<regio> * *''). Arguments: what, and the column with its id (or, with *, with the region).';

do $$
declare
    t record;
begin
    for t in
        select * from (values
            ('plek', 'voorziening', 'voorziening_id'),
            ('voorziening', 'voorziening', 'id'),
            ('bezetting', 'plek', 'plek_id'),
            ('aanbieder', '*', 'regio'),
            ('locatie', '*', 'regio'),
            ('locatie_adres', '*', 'regio'),
            ('contract', '*', 'regio'),
            ('zorgvorm', '*', 'regio'),
            ('kenmerkcode', '*', 'regio'),
            ('regioafspraak', '*', 'vraag_regio')
        ) as lijst (tabel, soort, kolom)
    loop
        execute format('create trigger %s_meldt_toevoeging after insert on %1$I referencing new table as nieuw '
            'for each statement execute function meld_aanbod(%L, %L)', t.tabel, t.soort, t.kolom);
        execute format('create trigger %s_meldt_wijziging after update on %1$I referencing new table as nieuw '
            'for each statement execute function meld_aanbod(%L, %L)', t.tabel, t.soort, t.kolom);
        execute format('create trigger %s_meldt_verwijdering after delete on %1$I referencing old table as oud '
            'for each statement execute function meld_aanbod(%L, %L)', t.tabel, t.soort, t.kolom);
    end loop;
end;
$$;

-- ── Row-level security: on every table ───────────────────────────────────────────────────────────
-- Without a region set, every tenant table is empty and refuses each write. Who sees which rows: at the end.

do $$
declare
    t text;
begin
    foreach t in array array[
        'zorgvorm', 'kenmerkcode', 'weging', 'instelling', 'organisatie', 'aanbieder', 'contract', 'locatie',
        'locatie_adres', 'voorziening', 'plek', 'bevestiging', 'samenplaatsing', 'aanvraag', 'uitsluiting', 'grondslag',
        'machtiging', 'toestemming', 'besluit', 'bezetting']
    loop
        execute format('alter table %I enable row level security', t);
    end loop;
    -- Reference tables: the same for all, written by the owner only.
    foreach t in array array['jeugdregio', 'gemeente', 'postcodegebied', 'productcategorie', 'gemeentegrens'] loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy openbaar on %I for select using (true)', t);
    end loop;
end;
$$;

alter table regioafspraak enable row level security;
create policy regio on regioafspraak for select
    using ((select huidige_regio()) in (aanbod_regio, vraag_regio));
comment on policy regio on regioafspraak is 'Both sides read an agreement; only the owner role makes one.';

alter table herhaling enable row level security;
create policy eigen_gebruiker on herhaling
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()))
    with check (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));

-- ── What the app role may do ─────────────────────────────────────────────────────────────────────

grant usage on schema public to loket_app;
grant select on jeugdregio, gemeente, regioafspraak, postcodegebied, productcategorie, gemeentegrens to loket_app;
grant select, insert, update on
    zorgvorm, kenmerkcode, weging, instelling, organisatie, aanbieder, contract, locatie, locatie_adres, voorziening,
    plek, samenplaatsing, aanvraag, uitsluiting, grondslag, machtiging, toestemming to loket_app;
grant select, insert, update (periode, vervalt_op, vrijgegeven_op, stop_reden, beeindigd_op, einde_reden, versie)
    on bezetting to loket_app;
grant select, insert on bevestiging, besluit to loket_app;
grant select, insert, delete on herhaling to loket_app;
grant delete on uitsluiting, locatie_adres to loket_app;
grant delete on grondslag, machtiging, toestemming to loket_app;
revoke execute on function bezette_perioden(date, uuid[]), reispunten(uuid[]), ruim_verlopen_opties(uuid, timestamptz),
    bewaar_adres(uuid, text) from public;
grant execute on function bezette_perioden(date, uuid[]), reispunten(uuid[]), ruim_verlopen_opties(uuid, timestamptz),
    bewaar_adres(uuid, text) to loket_app;

-- ── Background work: what `loket worker` does ────────────────────────────────────────────────────
-- A taak is put in the transaction of the change that asks for it, so that both are there or neither. A worker has it
-- on a lease: who does not say in time that it goes on, loses it to another, and can then no longer finish it.
-- Leases count by the clock of the database, because those of workers differ.

create type taak_soort as enum ('plan', 'melding', 'mail', 'haak', 'termijn', 'dagronde');

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
comment on table plan_keuze is 'What a person decided before a plan was made: this aanvraag there, or not there, and what that costs; or afterwards, for the next: not there.';
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
grant select, insert, update (prijs, soort, reden), delete on plan_keuze to loket_app;
grant select, insert, delete, update on plan_regel to loket_app;
grant select, insert, delete on plan_prijs to loket_app;
grant select, insert on plan_gebeurtenis to loket_app;
revoke execute on function neem_taak(taak_soort[], interval) from public;
grant execute on function neem_taak(taak_soort[], interval) to loket_app;

-- ── Who may log in ───────────────────────────────────────────────────────────────────────────────

create table identiteitsprovider (
    id          uuid    not null default gen_random_uuid(),
    naam        text    not null,
    issuer      text    not null,
    client_id   text    not null,
    acr         text[]  not null default '{}',
    actief      boolean not null default true,
    constraint identiteitsprovider_pk primary key (id),
    constraint identiteitsprovider_uniek unique (issuer, client_id),
    constraint identiteitsprovider_naam_lengte check (length(naam) between 1 and 120)
);
comment on table identiteitsprovider is
    'Where people log in (OpenID Connect): one for a whole country, or one per organisation. Written by the operator only.';
comment on column identiteitsprovider.acr is 'Levels of assurance of which one must be met; empty: any.';

create table gebruiker (
    id                     uuid        not null default gen_random_uuid(),
    regio                  text        not null,
    naam                   text        not null,
    rol                    rol         not null,
    organisatie_id         uuid,
    aanbieder_id           uuid,
    identiteitsprovider_id uuid,
    subject                text,
    email                  text,
    actief                 boolean     not null default true,
    vervanger_id           uuid,
    vervangen_tot          date,
    aangemaakt_op          timestamptz not null default now(),
    versie                 integer     not null default 1,
    vervangen_van          date,
    constraint gebruiker_pk primary key (id),
    constraint gebruiker_id_regio unique (id, regio),
    constraint gebruiker_naam_lengte check (length(naam) between 1 and 120),
    constraint gebruiker_hoort_bij check (
        (rol = 'aanbieder') = (aanbieder_id is not null)
        and (rol <> 'verwijzer' or organisatie_id is not null) and num_nonnulls(aanbieder_id, organisatie_id) <= 1),
    constraint gebruiker_subject_met_provider check (subject is null or identiteitsprovider_id is not null),
    constraint gebruiker_email_vorm check (email ~ '^[^@\s]{1,64}@[^@\s]{1,190}$' and email = lower(email)),
    constraint gebruiker_vervanger_vorm check (
        (vervanger_id is null) = (vervangen_tot is null) and vervanger_id is distinct from id),
    constraint gebruiker_vervangen_van_vorm check (
        vervangen_van is null or coalesce(vervangen_van < vervangen_tot, false)),
    constraint gebruiker_regio_fk foreign key (regio) references jeugdregio,
    constraint gebruiker_organisatie_fk foreign key (organisatie_id, regio) references organisatie (id, regio),
    constraint gebruiker_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio),
    constraint gebruiker_identiteitsprovider_fk foreign key (identiteitsprovider_id) references identiteitsprovider,
    constraint gebruiker_vervanger_fk foreign key (vervanger_id, regio) references gebruiker (id, regio)
);
comment on table gebruiker is
    'One person in one role, at one organisation. Who has two roles has two rows and chooses at login.';
comment on column gebruiker.subject is 'As the identity provider calls this person. NULL until the first login, which finds the row by email.';
comment on column gebruiker.email is 'Lower case; only to recognise a first login and to send notices.';
comment on column gebruiker.vervangen_tot is 'Until then, exclusive, vervanger_id acts for this person; the log has both.';
comment on column gebruiker.vervangen_van is 'First day on which vervanger_id may act for this person; NULL: since it was said.';
create unique index gebruiker_een_per_rol on gebruiker
    (identiteitsprovider_id, subject, regio, rol, coalesce(organisatie_id, aanbieder_id, id)) where subject is not null;
create index gebruiker_email on gebruiker (identiteitsprovider_id, email) where subject is null;

create table inlogpoging (
    hash                   bytea       not null,
    identiteitsprovider_id uuid        not null,
    nonce                  text        not null,
    verificateur           text        not null,
    browser                bytea       not null,
    naar                   text        not null,
    begonnen_op            timestamptz not null,
    subject                text,
    idp_sessie             text,
    constraint inlogpoging_pk primary key (hash),
    constraint inlogpoging_provider_fk foreign key (identiteitsprovider_id) references identiteitsprovider
);
comment on table inlogpoging is
    'A login under way, found by the hash of its state; used once and gone. Nobody reads it but by neem_inlogpoging().';
comment on column inlogpoging.verificateur is 'PKCE code_verifier.';
comment on column inlogpoging.browser is 'Hash of a cookie: another browser cannot finish this login.';
comment on column inlogpoging.naar is 'Path to go to after it.';
comment on column inlogpoging.subject is 'Who it is, once the provider has said so and only the choice of a gebruiker remains.';
create index inlogpoging_oud on inlogpoging (begonnen_op);

-- ── Machines of providers ────────────────────────────────────────────────────────────────────────

create table koppeling (
    id              uuid        not null default gen_random_uuid(),
    regio           text        not null,
    aanbieder_id    uuid        not null,
    naam            text        not null,
    actief          boolean     not null default true,
    per_minuut      integer     not null default 300,
    aangemaakt_op   timestamptz not null default now(),
    versie          integer     not null default 1,
    constraint koppeling_pk primary key (id),
    constraint koppeling_id_regio unique (id, regio),
    constraint koppeling_naam_lengte check (length(naam) between 1 and 120),
    constraint koppeling_naam_uniek unique (aanbieder_id, naam),
    constraint koppeling_per_minuut_grens check (per_minuut between 1 and 100000),
    constraint koppeling_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio)
);
comment on table koppeling is 'A provider''s own system: an OAuth 2 client that acts as this aanbieder and no other.';

create table koppelingsleutel (
    id            uuid        not null default gen_random_uuid(),
    regio         text        not null,
    koppeling_id  uuid        not null,
    kid           text        not null,
    jwk           jsonb       not null,
    geldig_van    timestamptz not null,
    geldig_tot    timestamptz not null,
    constraint koppelingsleutel_pk primary key (id),
    constraint koppelingsleutel_kid_uniek unique (koppeling_id, kid),
    constraint koppelingsleutel_kid_lengte check (length(kid) between 1 and 120),
    constraint koppelingsleutel_publiek check (
        jsonb_typeof(jwk) = 'object' and not jwk ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']),
    constraint koppelingsleutel_geldigheid check (geldig_van <= geldig_tot),
    constraint koppelingsleutel_koppeling_fk foreign key (koppeling_id, regio) references koppeling (id, regio)
);
comment on table koppelingsleutel is 'Public keys (JWK). Two at once may be valid, so that a machine changes its key without downtime.';

create table gebruikte_verklaring (
    uitgever   text        not null,
    jti        text        not null,
    verloopt_op timestamptz not null,
    constraint gebruikte_verklaring_pk primary key (uitgever, jti),
    constraint gebruikte_verklaring_lengte check (length(jti) between 1 and 200 and length(uitgever) <= 200)
);
comment on table gebruikte_verklaring is 'Signed assertions that were used: none is good twice (RFC 7523 section 3).';
create index gebruikte_verklaring_oud on gebruikte_verklaring (verloopt_op);

-- ── Sessions of people, access tokens of machines ────────────────────────────────────────────────

create table sessie (
    hash          bytea       not null,
    regio         text        not null,
    gebruiker_id  uuid,
    koppeling_id  uuid,
    begonnen_op   timestamptz not null,
    gezien_op     timestamptz not null,
    verloopt_op   timestamptz not null,
    beeindigd_op  timestamptz,
    idp_sessie    text,
    namens_id     uuid,
    id            uuid        not null default gen_random_uuid(),
    apparaat      text,
    constraint sessie_pk primary key (hash),
    constraint sessie_id_uniek unique (id),
    constraint sessie_apparaat_lengte check (length(apparaat) between 1 and 60),
    constraint sessie_van_een check (num_nonnulls(gebruiker_id, koppeling_id) = 1),
    constraint sessie_hash_lengte check (length(hash) = 32),
    constraint sessie_namens_van_mens check (namens_id is null or gebruiker_id is not null),
    constraint sessie_namens_fk foreign key (namens_id, regio) references gebruiker (id, regio),
    constraint sessie_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade,
    constraint sessie_koppeling_fk foreign key (koppeling_id, regio) references koppeling (id, regio) on delete cascade
);
comment on table sessie is 'By the SHA-256 of a random token that only the browser or the machine has.';
comment on column sessie.gezien_op is 'Last use, to the minute: for the idle time-out.';
comment on column sessie.namens_id is 'The colleague for whom this one acts now; counts only as long as that one has it so.';
comment on column sessie.id is 'What its owner calls it; opens nothing.';
comment on column sessie.apparaat is 'Browser and system in our own words, so that its owner recognises it; NULL: of a machine.';
comment on column sessie.idp_sessie is
    'sid of the identity provider, for its logout; of a machine the kid of the key with which it began.';
create index sessie_gebruiker on sessie (gebruiker_id) where gebruiker_id is not null;
create index sessie_koppeling on sessie (koppeling_id) where koppeling_id is not null;
create index sessie_oud on sessie (verloopt_op);

-- ── The log ──────────────────────────────────────────────────────────────────────────────────────

create table betrokkene (
    aanvraag_id uuid not null,
    regio       text not null,
    pseudoniem  uuid not null default gen_random_uuid(),
    constraint betrokkene_pk primary key (aanvraag_id),
    constraint betrokkene_pseudoniem_uniek unique (pseudoniem),
    constraint betrokkene_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table betrokkene is
    'The pseudonym key: under which name the log speaks of a child. Without the row nobody can tell any more.';

create function maak_betrokkene() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into betrokkene (aanvraag_id, regio) values (new.id, new.regio);
    return null;
end;
$$;
comment on function maak_betrokkene() is 'Each aanvraag can be spoken of in the log from its first moment on.';
create trigger aanvraag_is_betrokkene after insert on aanvraag
    for each row execute function maak_betrokkene();

create type log_gebeurtenis as enum
    ('lees', 'maak', 'wijzig', 'verwijder', 'uitvoer', 'inlog', 'uitlog', 'sleutel');

create type log_resultaat as enum ('gelukt', 'geweigerd', 'mislukt');

create table logregel (
    id             bigint          not null generated always as identity,
    regio          text            not null,
    moment         timestamptz     not null,
    gebeurtenis    log_gebeurtenis not null,
    resultaat      log_resultaat   not null,
    gebruiker_id   uuid,
    namens_id      uuid,
    koppeling_id   uuid,
    rol            rol,
    organisatie_id uuid,
    object         text            not null,
    betrokkene     uuid,
    handeling      text            not null,
    doel           text            not null,
    verwerking     text            not null,
    trace_id       text            not null,
    span_id        text            not null,
    ouder_span_id  text,
    transactie     xid8            not null default pg_current_xact_id(),
    object_id      uuid,
    constraint logregel_pk primary key (id),
    constraint logregel_object_vorm check (object ~ '^[a-z_]+$' and length(object) <= 40),
    constraint logregel_handeling_vorm check (handeling ~ '^[A-Za-z0-9 ._-]+$' and length(handeling) <= 80),
    constraint logregel_doel_vorm check (doel ~ '^[a-z_]+$' and length(doel) <= 40),
    constraint logregel_verwerking_vorm check (length(verwerking) between 1 and 200),
    constraint logregel_trace_vorm check (
        trace_id ~ '^[0-9a-f]+$' and length(trace_id) = 32 and span_id ~ '^[0-9a-f]+$' and length(span_id) = 16
        and ouder_span_id ~ '^[0-9a-f]+$' and length(ouder_span_id) = 16)
);
comment on table logregel is
    'NEN 7513 and Logboek Dataverwerkingen: who saw or changed what of whom, when and why. One line per child. Only added to.';
comment on column logregel.regio is
    'Of who asked (policy schrijf), and that of a gebruiker or koppeling exists. A foreign key would lock its row for each line, for everybody at once.';
comment on column logregel.gebruiker_id is 'The person; the zero uuid: the service itself; NULL: somebody who could not log in.';
comment on column logregel.namens_id is 'For whom a vervanger acted.';
comment on column logregel.object_id is
    'Which object, of a line that is about no child: the gebruiker or koppeling that was changed, where somebody could not log in. A child has its pseudonym.';
comment on column logregel.betrokkene is 'data_subject_id: a pseudonym, see table betrokkene. NULL: not about one child.';
comment on column logregel.handeling is 'The operation or the command, such as haalAanvraag.';
comment on column logregel.verwerking is 'processing_activity_id: the line in the register of processing (docs/privacy.md).';
comment on column logregel.ouder_span_id is 'parent_span_id: the operation of the caller, when it named one (W3C Trace Context).';
comment on column logregel.transactie is
    'Where the worker that seals looks: all transactions before the oldest that runs were looked at. Not sealed itself.';
create index logregel_betrokkene on logregel (betrokkene, id) where betrokkene is not null;
create index logregel_transactie on logregel (transactie);

create table logketen (
    regio        text        not null,
    volgnummer   bigint      not null,
    regel_id     bigint      not null,
    regel_hash   bytea       not null,
    hash         bytea       not null,
    verzegeld_op timestamptz not null,
    constraint logketen_pk primary key (regio, volgnummer),
    constraint logketen_een_per_regel unique (regel_id),
    constraint logketen_vanaf_een check (volgnummer >= 1),
    constraint logketen_hash_lengte check (length(hash) = 32 and length(regel_hash) = 32),
    constraint logketen_regio_fk foreign key (regio) references jeugdregio
);
comment on table logketen is
    'Seals: hash = SHA-256 of the hash before, that of the line, its number and moment. Heads also go to a file outside the database.';

create table logwissing (
    id               uuid        not null default gen_random_uuid(),
    regio            text        not null,
    op               timestamptz not null,
    tot_volgnummer   bigint      not null,
    termijn_dagen    integer     not null,
    constraint logwissing_pk primary key (id),
    constraint logwissing_regio_fk foreign key (regio) references jeugdregio
);
comment on table logwissing is 'Lines up to a number were removed after their term: the chain keeps their hashes.';

-- ── Retention ────────────────────────────────────────────────────────────────────────────────────

create type wissing_soort as enum ('termijn', 'verzoek');

create table wissing (
    id           uuid          not null default gen_random_uuid(),
    regio        text          not null,
    op           timestamptz   not null,
    soort        wissing_soort not null,
    gebruiker_id uuid          not null,
    betrokkene   uuid,
    nummer       text          not null,
    reden        text,
    constraint wissing_pk primary key (id),
    constraint wissing_reden_bij_verzoek check (soort <> 'verzoek' or reden is not null),
    constraint wissing_reden_lengte check (length(reden) between 1 and 300),
    constraint wissing_regio_fk foreign key (regio) references jeugdregio
);
comment on table wissing is 'That an aanvraag was made anonymous, when, why and by whom.';
comment on column wissing.nummer is 'Of the aanvraag, which stays with its statistics.';
create index wissing_regio on wissing (regio, op desc);

-- ── Before it is known who asks: a login, a session, a machine's key ─────────────────────────────
-- These run as owner, because no region is set yet. Each gives what one secret or one identity unlocks, and no more.

create function inlogkeuzes(provider uuid, sub text, adres text)
    returns table (id uuid, regio text, regio_naam text, naam text, rol rol, organisatie text)
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
    -- Who is there twice in one rol at one organisatie, is one person: the other row waits on, and keeps nobody out.
    update gebruiker g set subject = sub, versie = g.versie + 1
    where g.subject is null and g.id in (
        select distinct on (w.regio, w.rol, coalesce(w.organisatie_id, w.aanbieder_id)) w.id
        from gebruiker w
        where w.identiteitsprovider_id = provider and w.subject is null and w.email = lower(adres) and w.actief
          and adres is not null
          and not exists (
              select from gebruiker b
              where b.identiteitsprovider_id = provider and b.subject = sub and b.regio = w.regio and b.rol = w.rol
                and coalesce(b.organisatie_id, b.aanbieder_id) is not distinct from coalesce(w.organisatie_id, w.aanbieder_id))
        order by w.regio, w.rol, coalesce(w.organisatie_id, w.aanbieder_id), w.id);
    return query
        select g.id, g.regio, r.naam, g.naam, g.rol, coalesce(o.naam, a.naam)
        from gebruiker g
        join jeugdregio r on r.code = g.regio
        left join organisatie o on o.id = g.organisatie_id
        left join aanbieder a on a.id = g.aanbieder_id
        where g.identiteitsprovider_id = provider and g.subject = sub and g.actief
        order by r.naam, g.rol, coalesce(o.naam, a.naam), g.id;
end;
$$;
comment on function inlogkeuzes(uuid, text, text) is
    'As whom somebody may go on whom the identity provider has just named. adres: only when the provider has verified it; binds the rows that wait for it.';

create function begin_sessie(
    sessie_hash bytea, gebruiker uuid, machine uuid, nu timestamptz, tot timestamptz, sid text, waarop text default null)
    returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    insert into sessie (hash, regio, gebruiker_id, koppeling_id, begonnen_op, gezien_op, verloopt_op, idp_sessie, apparaat)
    select sessie_hash, g.regio, g.id, null, nu, nu, tot, sid, waarop from gebruiker g where g.id = gebruiker and g.actief
    union all
    select sessie_hash, k.regio, null, k.id, nu, nu, tot, sid, null from koppeling k where k.id = machine and k.actief;
end;

create function zoek_sessie(sessie_hash bytea, nu timestamptz, stil interval)
    returns table (regio text, rol rol, gebruiker_id uuid, organisatie_id uuid, koppeling_id uuid, naam text,
                   per_minuut integer, gezien_op timestamptz, verloopt_op timestamptz, namens_id uuid, namens text)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select s.regio, coalesce(g.rol, 'aanbieder'), coalesce(g.id, k.id), coalesce(g.organisatie_id, g.aanbieder_id, k.aanbieder_id),
           k.id, coalesce(g.naam, k.naam), k.per_minuut, s.gezien_op, s.verloopt_op, n.id, n.naam
    from sessie s
    left join gebruiker g on g.id = s.gebruiker_id
    left join gebruiker n on n.id = s.namens_id and n.vervanger_id = g.id and n.actief
        and n.vervangen_tot > (nu at time zone 'Europe/Amsterdam')::date
        and coalesce(n.vervangen_van <= (nu at time zone 'Europe/Amsterdam')::date, true)
    left join koppeling k on k.id = s.koppeling_id
    where s.hash = sessie_hash and s.beeindigd_op is null and s.verloopt_op > nu
      and (s.koppeling_id is not null or s.gezien_op > nu - stil)
      and coalesce(g.actief, k.actief);
end;
comment on function zoek_sessie(bytea, timestamptz, interval) is
    'Who has this token, when it still counts: not ended, not too old, used less than `stil` ago, and its owner may still come in.';

create function zie_sessie(sessie_hash bytea, nu timestamptz) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update sessie s set gezien_op = nu where s.hash = sessie_hash and s.gezien_op < nu and s.beeindigd_op is null;
end;

create function eindig_sessie(sessie_hash bytea, nu timestamptz) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update sessie s set beeindigd_op = nu where s.hash = sessie_hash and s.beeindigd_op is null;
end;

create function zoek_koppeling(machine uuid, nu timestamptz)
    returns table (regio text, aanbieder_id uuid, kid text, jwk jsonb, geldig_tot timestamptz)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select k.regio, k.aanbieder_id, s.kid, s.jwk, s.geldig_tot
    from koppeling k join koppelingsleutel s on s.koppeling_id = k.id
    where k.id = machine and k.actief and s.geldig_van <= nu and nu < s.geldig_tot;
end;
comment on function zoek_koppeling(uuid, timestamptz) is 'Public keys with which a machine may prove itself now.';

create function bewaar_inlogpoging(
    poging_hash bytea, provider uuid, nonce text, verificateur text, browser bytea, naar text, nu timestamptz, sub text,
    sid text, verlopen timestamptz) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    delete from inlogpoging i where i.begonnen_op < verlopen;
    insert into inlogpoging
        (hash, identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op, subject, idp_sessie)
    values (poging_hash, provider, nonce, verificateur, browser, naar, nu, sub, sid);
end;
comment on function bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz) is
    'A login under way; those that began before `verlopen` go.';

create function neem_inlogpoging(poging_hash bytea)
    returns table (identiteitsprovider_id uuid, nonce text, verificateur text, browser bytea, naar text,
                   begonnen_op timestamptz, subject text, idp_sessie text)
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    delete from inlogpoging i where i.hash = poging_hash
    returning i.identiteitsprovider_id, i.nonce, i.verificateur, i.browser, i.naar, i.begonnen_op, i.subject, i.idp_sessie;
end;
comment on function neem_inlogpoging(bytea) is 'The login under way of who knows its secret, once.';

create function gebruik_verklaring(van text, nummer text, tot timestamptz, nu timestamptz) returns boolean
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    -- What of this one nobody would take any more, goes meanwhile; so the table stays small.
    delete from gebruikte_verklaring g where g.uitgever = van and g.verloopt_op < nu;
    insert into gebruikte_verklaring (uitgever, jti, verloopt_op) values (van, nummer, tot)
    on conflict do nothing
    returning true;
end;
comment on function gebruik_verklaring(text, text, timestamptz, timestamptz) is
    'True the first time that `van` uses this number; NULL ever after, until `tot`.';

create function schrijf_mislukte_inlog(
    provider uuid, sub text, machine uuid, hoe log_resultaat, nu timestamptz, trace text, span text, ouder text)
    returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    regels bigint;
begin
    if hoe = 'gelukt' then
        raise insufficient_privilege using message = 'a login that succeeded is written by who logged in';
    end if;
    insert into logregel (regio, moment, gebeurtenis, resultaat, gebruiker_id, rol, organisatie_id, object, object_id,
                          handeling, doel, verwerking, trace_id, span_id, ouder_span_id)
    select w.regio, nu, 'inlog', hoe, g.id, g.rol, coalesce(g.organisatie_id, g.aanbieder_id), w.object, w.object_id,
           w.handeling, 'toegang', 'toegang_geven', trace, span, ouder
    from (
        select p.regio, 'identiteitsprovider', provider, 'inloggen',
               case when count(*) = 1 and bool_and(p.subject = sub) then (array_agg(p.id))[1] end
        from gebruiker p
        where p.identiteitsprovider_id = provider
          and (p.subject = sub
               or not exists (
                   select from gebruiker b where b.identiteitsprovider_id = provider and b.subject = sub))
        group by p.regio
        union all
        select k.regio, 'koppeling', k.id, 'oauth_inwisselen', null from koppeling k where k.id = machine
    ) as w (regio, object, object_id, handeling, gebruiker)
    left join gebruiker g on g.id = w.gebruiker;
    get diagnostics regels = row_count;
    return regels;
end;
$$;
comment on function schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text) is
    'A line that somebody could not log in, in each region whose people use this provider, or in that of the koppeling. Who it was only when the provider has said so (sub) and that is one gebruiker there.';

create function meld_sessie() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('loket_sessie', '');
    return null;
end;
$$;
comment on function meld_sessie() is 'pg_notify(''loket_sessie''): who keeps sessions in memory, forgets them.';
create trigger sessie_meldt_einde after update of beeindigd_op, namens_id on sessie
    for each statement execute function meld_sessie();
create trigger sessie_meldt_verwijdering after delete on sessie
    for each statement execute function meld_sessie();
create trigger gebruiker_meldt_sessie after update or delete on gebruiker
    for each statement execute function meld_sessie();
create trigger koppeling_meldt_sessie after update or delete on koppeling
    for each statement execute function meld_sessie();

create function uit_is_uit() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update sessie s set beeindigd_op = now()
    where s.beeindigd_op is null and case tg_table_name
        when 'gebruiker' then s.gebruiker_id = new.id else s.koppeling_id = new.id end;
    return null;
end;
$$;
comment on function uit_is_uit() is 'Who is disabled and later enabled again, logs in again: an old session does not come back.';
create trigger gebruiker_uit after update of actief on gebruiker
    for each row when (old.actief and not new.actief) execute function uit_is_uit();
create trigger koppeling_uit after update of actief on koppeling
    for each row when (old.actief and not new.actief) execute function uit_is_uit();

create function sleutel_uit() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    update sessie s set verloopt_op = new.geldig_tot
    where s.koppeling_id = new.koppeling_id and s.idp_sessie = new.kid and s.verloopt_op > new.geldig_tot;
    perform pg_notify('loket_sessie', '');
    return null;
end;
$$;
comment on function sleutel_uit() is 'What was begun with a key does not outlive it.';
create trigger sleutel_uit after update of geldig_tot on koppelingsleutel
    for each row execute function sleutel_uit();

-- ── Who may read and write what of this ──────────────────────────────────────────────────────────

alter table identiteitsprovider enable row level security;
create policy openbaar on identiteitsprovider for select using (true);
comment on policy openbaar on identiteitsprovider is 'Read before the login; holds nothing secret.';

alter table inlogpoging enable row level security;
alter table gebruikte_verklaring enable row level security;
-- Of nobody yet: no policy and no right. bewaar_inlogpoging, neem_inlogpoging, gebruik_verklaring and ruim_op reach them.

alter table sessie enable row level security;
create policy eigen on sessie for select
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));
create policy opruimen on sessie for delete
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

alter table gebruiker enable row level security;
create policy lees on gebruiker for select using (
    regio = (select huidige_regio()) and (
        (select huidige_rol()) = 'beheerder' or id = (select huidige_gebruiker())
        or (rol::text = (select huidige_rol())
            and coalesce(organisatie_id, aanbieder_id) is not distinct from (select huidige_organisatie()))));
comment on policy lees on gebruiker is 'Colleagues in the same role at the same organisation, among whom a vervanger is chosen; the beheerder all.';
create policy maak on gebruiker for insert
    with check (regio = (select huidige_regio()) and (select huidige_rol()) = 'beheerder');
create policy wijzig on gebruiker for update
    using (regio = (select huidige_regio())
        and ((select huidige_rol()) = 'beheerder' or id = (select huidige_gebruiker())))
    with check (regio = (select huidige_regio()));

create function gebruiker_bewaak() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and huidige_regio() is not null and huidige_rol() is distinct from 'beheerder'
       and (new.regio, new.naam, new.rol, new.organisatie_id, new.aanbieder_id, new.email, new.actief,
            new.identiteitsprovider_id, new.subject)
           is distinct from (old.regio, old.naam, old.rol, old.organisatie_id, old.aanbieder_id, old.email, old.actief,
                             old.identiteitsprovider_id, old.subject) then
        raise insufficient_privilege using message = 'only a beheerder changes who a gebruiker is';
    end if;
    if new.vervanger_id is not null and not exists (
        select from gebruiker v
        where v.id = new.vervanger_id and v.rol = new.rol
          and coalesce(v.organisatie_id, v.aanbieder_id) is not distinct from coalesce(new.organisatie_id, new.aanbieder_id)) then
        raise insufficient_privilege using message = 'a vervanger has the same rol at the same organisatie';
    end if;
    return new;
end;
$$;
comment on function gebruiker_bewaak() is 'Of oneself one may only name a vervanger: a colleague, or a rol would be lent out.';
create trigger gebruiker_blijft before insert or update on gebruiker
    for each row execute function gebruiker_bewaak();

do $$
declare
    t text;
begin
    foreach t in array array['koppeling', 'koppelingsleutel'] loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy beheer on %I using (regio = (select huidige_regio()) '
            'and (select huidige_rol()) = ''beheerder'') with check (regio = (select huidige_regio()) '
            'and (select huidige_rol()) = ''beheerder'')', t);
    end loop;
end;
$$;
create policy eigen on koppelingsleutel
    using (regio = (select huidige_regio()) and koppeling_id = (select huidige_gebruiker()))
    with check (regio = (select huidige_regio()) and koppeling_id = (select huidige_gebruiker()));
comment on policy eigen on koppelingsleutel is 'A machine changes its own keys.';
create policy eigen on koppeling for select
    using (regio = (select huidige_regio()) and id = (select huidige_gebruiker()));

alter table betrokkene enable row level security;
create policy opruimen on betrokkene for delete
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

alter table logregel enable row level security;
create function is_vervanger(vervanger uuid, collega uuid) returns boolean
    language sql stable
begin atomic
    select exists (select from gebruiker g where g.id = collega and g.vervanger_id = vervanger);
end;
comment on function is_vervanger(uuid, uuid) is
    'Whether the colleague named this vervanger. Written out in a policy, it is made ready for every line of the log.';
create policy schrijf on logregel for insert
    with check (regio = (select huidige_regio()) and gebruiker_id is not distinct from (select huidige_gebruiker())
        and rol::text is not distinct from (select huidige_rol())
        and organisatie_id is not distinct from (select huidige_organisatie())
        and (koppeling_id is null or koppeling_id = gebruiker_id)
        and (namens_id is null or is_vervanger(gebruiker_id, namens_id)));
comment on policy schrijf on logregel is 'Nobody writes a line in the name of another.';
create policy lees on logregel for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then betrokkene in (
            select b.pseudoniem from betrokkene b join aanvraag a on a.id = b.aanvraag_id
            where a.organisatie_id = (select huidige_organisatie()))
        when 'beheerder' then betrokkene is null
        else false end);
comment on policy lees on logregel is
    'The loket all, to answer a parent or a youth; a verwijzer those of its own children; the beheerder what is about no child.';

alter table logketen enable row level security;
create policy lees on logketen for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');
create policy verzegel on logketen for insert
    with check (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');
comment on policy verzegel on logketen is 'Only the service itself seals: no person, whatever the rol.';

alter table logwissing enable row level security;
create policy loket on logwissing for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

alter table wissing enable row level security;
create policy loket on wissing
    using (regio = (select huidige_regio()) and (select huidige_rol()) in ('schakelfunctionaris', 'beheerder'))
    with check (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

create function wis_logregels(tot timestamptz, termijn integer, nu timestamptz) returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    grens bigint;
    weg   bigint;
begin
    if huidige_rol() is distinct from 'schakelfunctionaris'
       or huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the service itself shortens the log';
    end if;
    -- From the start of the chain, by when a line was sealed: that stands in the chain, so `loket log verify` can see
    -- afterwards that no line went too early. Seals are never older than the one before.
    select max(k.volgnummer) into grens from logketen k where k.regio = huidige_regio() and k.verzegeld_op < tot;
    delete from logregel r using logketen k
    where k.regio = huidige_regio() and k.volgnummer <= grens and r.id = k.regel_id;
    get diagnostics weg = row_count;
    if weg > 0 then
        insert into logwissing (regio, op, tot_volgnummer, termijn_dagen) values (huidige_regio(), nu, grens, termijn);
    end if;
    return weg;
end;
$$;
comment on function wis_logregels(timestamptz, integer, timestamptz) is
    'Removes lines sealed before `tot`, whose term of so many days is over, and records that it did.';

create function te_verzegelen(vanaf xid8) returns table (regio text)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select distinct r.regio from logregel r
    left join lateral (select true as zegel from logketen k where k.regel_id = r.id limit 1) as k on true
    where r.transactie >= coalesce(vanaf, '0'::xid8)
      and r.transactie < case when vanaf is null then '18446744073709551615'::xid8 else pg_snapshot_xmax(pg_current_snapshot()) end
      and k.zegel is null;
end;
comment on function te_verzegelen(xid8) is
    'Regions with a committed line without a seal, of transactions from `vanaf` on; NULL: of all, also those of a restored backup.';

create function logkoppen() returns table (regio text, volgnummer bigint, hash bytea, verzegeld_op timestamptz)
    language sql stable security definer set search_path = public, pg_temp set enable_sort = off set enable_bitmapscan = off
begin atomic
    select j.code, k.volgnummer, k.hash, k.verzegeld_op from jeugdregio j
    cross join lateral (select l.volgnummer, l.hash, l.verzegeld_op from logketen l where l.regio = j.code
                        order by l.volgnummer desc limit 1) as k;
end;
comment on function logkoppen() is
    'The last seal of each region, by its index also when statistics are behind. It says nothing of anybody.';

create function inzagen(aanvraag uuid, voor bigint, aantal integer)
    returns table (nummer bigint, moment timestamptz, gebeurtenis log_gebeurtenis, resultaat log_resultaat, organisatie text,
                   rol rol, persoon text, namens text, systeem boolean, object text, handeling text, doel text)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select r.id, r.moment, r.gebeurtenis, r.resultaat, coalesce(o.naam, a.naam), r.rol,
           case when huidige_rol() = 'schakelfunctionaris' then coalesce(g.naam, k.naam) end,
           case when huidige_rol() = 'schakelfunctionaris' then n.naam end,
           r.koppeling_id is not null or r.gebruiker_id = '00000000-0000-0000-0000-000000000000', r.object, r.handeling, r.doel
    from betrokkene b
    join aanvraag v on v.id = b.aanvraag_id
    join logregel r on r.betrokkene = b.pseudoniem
    left join gebruiker g on g.id = r.gebruiker_id
    left join gebruiker n on n.id = r.namens_id
    left join koppeling k on k.id = r.koppeling_id
    left join organisatie o on o.id = r.organisatie_id
    left join aanbieder a on a.id = r.organisatie_id
    where b.aanvraag_id = aanvraag and b.regio = huidige_regio() and (voor is null or r.id < voor)
      and (huidige_rol() = 'schakelfunctionaris'
           or huidige_rol() = 'verwijzer' and v.organisatie_id = huidige_organisatie())
    order by r.id desc
    limit aantal;
end;
comment on function inzagen(uuid, bigint, integer) is
    'Who looked at a child or changed something, the last first: for the loket, and without names of persons for its verwijzer.';

grant select on identiteitsprovider, betrokkene, sessie, logwissing to loket_app;
grant delete on sessie, betrokkene to loket_app;
grant select, insert, delete on aanvraag_kenmerk, koppelingsleutel to loket_app;
grant update (kenmerk) on aanvraag_kenmerk to loket_app;
grant update (geldig_tot) on koppelingsleutel to loket_app;
grant select, insert, update on gebruiker, koppeling to loket_app;
grant select, insert on logregel, logketen, wissing to loket_app;
grant update (definitief_op) on bezetting to loket_app;
grant usage on sequence aanvraag_nummer to loket_app;
revoke execute on function inlogkeuzes(uuid, text, text), begin_sessie(bytea, uuid, uuid, timestamptz, timestamptz, text, text),
    zoek_sessie(bytea, timestamptz, interval), zie_sessie(bytea, timestamptz), eindig_sessie(bytea, timestamptz),
    zoek_koppeling(uuid, timestamptz), wis_logregels(timestamptz, integer, timestamptz),
    te_verzegelen(xid8), logkoppen(), inzagen(uuid, bigint, integer), maak_betrokkene(), uit_is_uit(), sleutel_uit(),
    bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz),
    neem_inlogpoging(bytea), gebruik_verklaring(text, text, timestamptz, timestamptz),
    schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text)
    from public;
grant execute on function inlogkeuzes(uuid, text, text), begin_sessie(bytea, uuid, uuid, timestamptz, timestamptz, text, text),
    zoek_sessie(bytea, timestamptz, interval), zie_sessie(bytea, timestamptz), eindig_sessie(bytea, timestamptz),
    zoek_koppeling(uuid, timestamptz), wis_logregels(timestamptz, integer, timestamptz),
    te_verzegelen(xid8), logkoppen(), inzagen(uuid, bigint, integer),
    bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz),
    neem_inlogpoging(bytea), gebruik_verklaring(text, text, timestamptz, timestamptz),
    schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text) to loket_app;

create function geplaatst_hier() returns uuid[]
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(array_agg(b.aanvraag_id), '{}')
    from bezetting b join plek p on p.id = b.plek_id
    where p.aanbieder_id = huidige_organisatie() and b.regio = huidige_regio() and b.soort = 'plaatsing'
      and b.vrijgegeven_op is null and b.aanvraag_id is not null and huidige_rol() = 'aanbieder'
      and not exists (select from koppeling k where k.id = huidige_gebruiker())
      and (b.beeindigd_op is null
           or (now() at time zone 'Europe/Amsterdam')::date - b.beeindigd_op < coalesce(
               (select case jsonb_typeof(i.waarde) when 'number' then i.waarde::numeric else 0 end
                from instelling i where i.regio = huidige_regio() and i.sleutel = 'inzage_na_plaatsing'), 90));
end;
comment on function geplaatst_hier() is
    'Aanvragen whose child lives at the aanbieder that asks, or lived there until at most `inzage_na_plaatsing` days ago (bewaren.py); a setting that is no number: not any more. Its people only: a machine sees no child.';
revoke execute on function geplaatst_hier() from public;
grant execute on function geplaatst_hier() to loket_app;

alter table aanvraag_kenmerk enable row level security;

create function zoek_kenmerken(organisaties uuid[], kenmerken text[])
    returns table (aanvraag_id uuid, organisatie_id uuid, kenmerk text)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select k.aanvraag_id, k.organisatie_id, k.kenmerk
    from unnest(organisaties, kenmerken) as gevraagd (organisatie_id, kenmerk)
    join aanvraag_kenmerk k on k.organisatie_id = gevraagd.organisatie_id and k.kenmerk = gevraagd.kenmerk
    where k.regio = huidige_regio()
      and (huidige_rol() = 'schakelfunctionaris'
           or huidige_rol() = 'verwijzer' and k.organisatie_id = huidige_organisatie());
end;
comment on function zoek_kenmerken(uuid[], text[]) is
    'Which of these pairs, from a list that somebody reads in, there is an aanvraag of. It lists nothing.';
revoke execute on function zoek_kenmerken(uuid[], text[]) from public;
grant execute on function zoek_kenmerken(uuid[], text[]) to loket_app;

-- ── Who sees which rows: by rol and organisation, in one's own region ────────────────────────────
-- tests/schema/test_policies.py has the same as one table. `(select huidige_rol())` is computed once per statement. The
-- schakelfunctionaris comes first, so that a read of the whole region looks at nothing else. What stands with an
-- aanvraag is seen by who sees that: the policies of a table also hold in the subqueries of others.

create function eigen_plekken() returns uuid[]
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(array_agg(p.id), '{}') from plek p
    where huidige_rol() = 'aanbieder' and p.aanbieder_id = huidige_organisatie() and p.regio = huidige_regio();
end;
comment on function eigen_plekken() is 'Plekken of the aanbieder that asks.';

create function samenplaatsing_is_leeg(samenplaatsing uuid) returns boolean
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select not exists (select from aanvraag a where a.samenplaatsing_id = samenplaatsing);
end;
comment on function samenplaatsing_is_leeg(uuid) is
    'Nobody is in it yet: the crisisdienst, which sees only crises, makes it before the aanvragen.';

create function ziet_aanvraag(aanvraag uuid) returns boolean
    language sql stable
begin atomic
    select exists (select from aanvraag a where a.id = ziet_aanvraag.aanvraag);
end;
comment on function ziet_aanvraag(uuid) is
    'Whether the policies of aanvraag show it to who asks. Written out in a policy, it is made ready in every statement, also for who is not asked.';

create function pseudoniemen(aanvragen uuid[]) returns table (aanvraag_id uuid, pseudoniem uuid)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    gevonden bigint;
begin
    if huidige_rol() is null then
        return;
    end if;
    return query
        select b.aanvraag_id, b.pseudoniem from betrokkene b
        where b.aanvraag_id = any ($1) and b.regio = huidige_regio();
    get diagnostics gevonden = row_count;
    if gevonden = cardinality($1) then
        return;
    end if;
    -- Under an agreement a child of another region is proposed, asked for or lives here: who looks is known there too.
    return query
        select b.aanvraag_id, b.pseudoniem from betrokkene b
        where b.aanvraag_id = any ($1) and b.regio <> huidige_regio() and (
            exists (select from bezetting z where z.aanvraag_id = b.aanvraag_id and z.regio = huidige_regio())
            or exists (select from voorstel v where v.aanvraag_id = b.aanvraag_id and v.aanbod_regio = huidige_regio())
            or exists (select from opschaling_vraag q where q.aanvraag_id = b.aanvraag_id and q.aanbod_regio = huidige_regio()));
end;
$$;
comment on function pseudoniemen(uuid[]) is
    'Under which name the log speaks of these: also of who was refused a look. It lists nothing.';

do $$
declare
    regio   constant text := 'regio = (select huidige_regio())';
    rol     constant text := '(select huidige_rol())';
    eigen   constant text := '(select huidige_organisatie())';
    gedeeld constant text := 'regio = any ((select gedeelde_regios())::text[])';
    loket   constant text := '{schakelfunctionaris,crisisdienst,contractbeheer,beheerder}';
    t       record;
    lezers  text;
begin
    -- Supply. A verwijzer names whom to exclude, and knows no more of it. Of an agreement the own providers see nothing.
    for t in select * from (values
        ('aanbieder', 'id', true, '{schakelfunctionaris,beheerder}', '{schakelfunctionaris,beheerder}', true),
        ('locatie', 'aanbieder_id', false, '{schakelfunctionaris,beheerder}', '{schakelfunctionaris,beheerder}', true),
        ('voorziening', 'aanbieder_id', true, '{schakelfunctionaris,beheerder}', '{schakelfunctionaris,beheerder}', true),
        ('plek', 'aanbieder_id', false, '{schakelfunctionaris,beheerder}', '{schakelfunctionaris,beheerder,crisisdienst}',
         true),
        ('contract', 'aanbieder_id', false, '{schakelfunctionaris,beheerder,contractbeheer}',
         '{schakelfunctionaris,beheerder,contractbeheer}', false)
    ) as lijst (tabel, kolom, verwijzer, makers, wijzigers, aanbieder)
    loop
        lezers := case when t.verwijzer then rtrim(loket, '}') || ',verwijzer}' else loket end;
        execute format('create policy lees on %I for select using (%s and case %s when ''aanbieder'' then %I = %s '
            'else %3$s = any (%6$L) end)', t.tabel, regio, rol, t.kolom, eigen, lezers);
        execute format('create policy afspraak on %I for select using (%s and %s = any (%L))',
            t.tabel, gedeeld, rol, lezers);
        execute format('create policy maak on %I for insert with check (%s and case %s when ''aanbieder'' then %s '
            'else %3$s = any (%5$L) end)',
            t.tabel, regio, rol, case when t.aanbieder then format('%I = %s', t.kolom, eigen) else 'false' end, t.makers);
        execute format('create policy wijzig on %I for update using (%s and case %s when ''aanbieder'' then %s '
            'else %3$s = any (%5$L) end)',
            t.tabel, regio, rol, case when t.aanbieder then format('%I = %s', t.kolom, eigen) else 'false' end,
            t.wijzigers);
    end loop;

    -- Codes and settings: for all of the region.
    foreach lezers in array array['zorgvorm', 'kenmerkcode', 'weging', 'instelling', 'organisatie'] loop
        execute format('create policy lees on %I for select using (%s and %s is not null)', lezers, regio, rol);
        execute format('create policy maak on %I for insert with check (%s and %s = ''beheerder'')', lezers, regio, rol);
        execute format('create policy wijzig on %I for update using (%s and %s = ''beheerder'')', lezers, regio, rol);
    end loop;
    foreach lezers in array array['zorgvorm', 'kenmerkcode'] loop
        execute format('create policy afspraak on %I for select using (%s and %s is not null)', lezers, gedeeld, rol);
    end loop;

    -- Parts of an aanvraag: with the aanvraag; written by who writes that.
    foreach lezers in array array['grondslag', 'machtiging', 'toestemming'] loop
        execute format('create policy lees on %I for select using (%s and case %s when ''schakelfunctionaris'' then true '
            'else ziet_aanvraag(aanvraag_id) end)', lezers, regio, rol);
    end loop;
    foreach lezers in array array['grondslag', 'machtiging', 'toestemming', 'uitsluiting'] loop
        execute format('create policy schrijf on %I using (%s and case %s when ''schakelfunctionaris'' then true '
            'when ''aanbieder'' then false else ziet_aanvraag(aanvraag_id) end)',
            lezers, regio, rol);
    end loop;
end;
$$;
comment on policy schrijf on uitsluiting is 'Never read by an aanbieder: it would learn where a child hides, and from whom.';

create policy lees on bevestiging for select using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'aanbieder' then plek_id = any ((select eigen_plekken())::uuid[])
    else (select huidige_rol()) = any ('{schakelfunctionaris,crisisdienst,contractbeheer,beheerder}') end);
create policy maak on bevestiging for insert with check (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'aanbieder' then plek_id = any ((select eigen_plekken())::uuid[])
    else (select huidige_rol()) = any ('{schakelfunctionaris,crisisdienst,beheerder}') end);
comment on policy maak on bevestiging is 'The provider itself, or who heard it by telephone.';

create function plek_bewaak() returns trigger
    language plpgsql
as $$
begin
    -- Deeper it is the database itself, which takes away a plek that was ended (kort_plek_in).
    if huidige_rol() = 'crisisdienst' and pg_trigger_depth() = 1
       and (new.regio, new.aanbieder_id, new.voorziening_id, new.naam, new.bestaat)
           is distinct from (old.regio, old.aanbieder_id, old.voorziening_id, old.naam, old.bestaat) then
        raise insufficient_privilege using message = 'the crisisdienst only says whether a plek is available';
    end if;
    return new;
end;
$$;
comment on function plek_bewaak() is 'What the crisisdienst hears by telephone: open, not staffed, to be discussed. Nothing else.';
create trigger plek_blijft before update on plek
    for each row execute function plek_bewaak();

create policy lees on aanvraag for select using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'crisisdienst' then urgentie = 'crisis' and status not in ('beeindigd', 'afgewezen', 'ingetrokken')
    when 'aanbieder' then id = any ((select geplaatst_hier())::uuid[])
    else false end);
comment on policy lees on aanvraag is 'Before a plaatsing an aanbieder sees the voorstel, not the aanvraag.';
create policy maak on aanvraag for insert with check (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'crisisdienst' then urgentie = 'crisis'
    else false end);
create policy wijzig on aanvraag for update using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'crisisdienst' then urgentie = 'crisis' and status not in ('beeindigd', 'afgewezen', 'ingetrokken')
    else false end);

create policy lees on samenplaatsing for select using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'aanbieder' then exists (select from aanvraag a where a.samenplaatsing_id = samenplaatsing.id)
    when 'crisisdienst' then exists (select from aanvraag a where a.samenplaatsing_id = samenplaatsing.id)
        or samenplaatsing_is_leeg(id)
    else false end);
create policy maak on samenplaatsing for insert with check (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'crisisdienst' then true
    else false end);
create policy wijzig on samenplaatsing for update using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'verwijzer' then organisatie_id = (select huidige_organisatie())
    when 'crisisdienst' then exists (select from aanvraag a where a.samenplaatsing_id = samenplaatsing.id)
    else false end);

create policy lees on besluit for select using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'aanbieder' then exists (select from voorziening v where v.id = voorziening_id)
    else exists (select from aanvraag a where a.id = aanvraag_id) end);
comment on policy lees on besluit is 'An aanbieder sees what it answered itself, of its own voorzieningen; never what another did.';
create policy maak on besluit for insert with check (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    when 'crisisdienst' then exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);
comment on policy maak on besluit is 'As heard from the provider; an aanbieder answers a voorstel, not an aanvraag that it may not see.';

-- What takes a plek is known to all who may know of the plek from bezette_perioden(): without who. These rows have who.
create policy lees on bezetting for select using (
    (select huidige_regio()) in (regio, vraag_regio) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'aanbieder' then soort <> 'optie' and plek_id = any ((select eigen_plekken())::uuid[])
        when 'crisisdienst' then soort = 'stop' or exists (select from aanvraag a where a.id = aanvraag_id)
        when 'contractbeheer' then soort = 'stop'
        else exists (select from aanvraag a where a.id = aanvraag_id) end);
comment on policy lees on bezetting is 'For whom a plek is held, its provider reads in the voorstel.';
create policy neem on bezetting for insert with check (
    vraag_regio = (select huidige_regio())
    and (regio = (select huidige_regio()) or regio = any ((select gedeelde_regios())::text[]))
    and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'aanbieder' then aanvraag_id is null and plek_id = any ((select eigen_plekken())::uuid[])
        when 'crisisdienst' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
comment on policy neem on bezetting is
    'A region takes for its own children only, on its own plekken and those that an agreement shares. A provider says who lives there without the loket, and what is closed.';
create policy wijzig on bezetting for update using (
    (select huidige_regio()) in (regio, vraag_regio) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'aanbieder' then soort <> 'optie' and plek_id = any ((select eigen_plekken())::uuid[])
        when 'crisisdienst' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
comment on policy wijzig on bezetting is 'Both sides; which columns, the grants say: never whose it is or which plek.';

create policy lees on locatie_adres for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'aanbieder'
        and aanbieder_id = (select huidige_organisatie()));
comment on policy lees on locatie_adres is 'Only its provider. Written by bewaar_adres().';

create policy lees on taak for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

create policy lees on betrokkene for select using (regio = (select huidige_regio()) and case (select huidige_rol())
    when 'schakelfunctionaris' then true
    else exists (select from aanvraag a where a.id = aanvraag_id) end);
comment on policy lees on betrokkene is 'With the aanvraag; who writes a line in the log has pseudoniemen().';

-- The verwijzer's own people; and the provider where the child is placed.
create policy lees on aanvraag_kenmerk for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'verwijzer' then organisatie_id = (select huidige_organisatie())
        when 'aanbieder' then aanvraag_id = any ((select geplaatst_hier())::uuid[])
        else false end);
create policy maak on aanvraag_kenmerk for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) in ('schakelfunctionaris', 'verwijzer', 'crisisdienst')
    and exists (
        select from aanvraag a where a.id = aanvraag_id and a.organisatie_id = aanvraag_kenmerk.organisatie_id));
comment on policy maak on aanvraag_kenmerk is 'Of the verwijzer of this aanvraag, else a taken kenmerk of another would show.';
create policy wijzig on aanvraag_kenmerk for update
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'verwijzer'
        and organisatie_id = (select huidige_organisatie()));

revoke insert, update, delete on locatie_adres from loket_app;
revoke delete on aanvraag_kenmerk from loket_app;
revoke execute on function eigen_plekken(), samenplaatsing_is_leeg(uuid), pseudoniemen(uuid[]) from public;
grant execute on function eigen_plekken(), samenplaatsing_is_leeg(uuid), pseudoniemen(uuid[]) to loket_app;

-- ── When nothing is left to do for a child ───────────────────────────────────────────────────────

create function aanvraag_sluit() returns trigger
    language plpgsql
as $$
begin
    new.afgesloten_op := case when new.status in ('beeindigd', 'afgewezen', 'ingetrokken')
        then coalesce(new.afgesloten_op, (now() at time zone 'Europe/Amsterdam')::date) end;
    return new;
end;
$$;
comment on function aanvraag_sluit() is 'From this day on the term counts after which the child is forgotten.';
create trigger aanvraag_wordt_gesloten before insert or update of status, afgesloten_op on aanvraag
    for each row execute function aanvraag_sluit();

create type bewaarsoort as enum
    ('plannen', 'taken', 'herhalingen', 'sessies', 'pseudoniemen', 'inlogpogingen', 'verklaringen', 'concepten');

create function ruim_op(soort bewaarsoort, tot timestamptz) returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    weg bigint;
begin
    if huidige_rol() is distinct from 'schakelfunctionaris'
       or huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the service itself clears what is old';
    end if;
    case soort
        when 'plannen' then
            delete from plan p where p.regio = huidige_regio() and p.klaar_op < tot;
        when 'taken' then
            delete from taak t where t.regio = huidige_regio() and t.klaar_op < tot;
        when 'herhalingen' then
            delete from herhaling h where h.regio = huidige_regio() and h.aangemaakt_op < tot;
        when 'concepten' then
            delete from concept c where c.regio = huidige_regio() and c.bewaard_op < tot;
        when 'sessies' then
            delete from sessie s
            where s.regio = huidige_regio() and least(s.verloopt_op, s.beeindigd_op) < tot;
        when 'pseudoniemen' then
            -- Under which name the log speaks of somebody also stands with the removal itself.
            update wissing w set betrokkene = null
            from betrokkene b join aanvraag a on a.id = b.aanvraag_id
            where b.regio = huidige_regio() and a.geanonimiseerd_op < tot and w.betrokkene = b.pseudoniem;
            delete from betrokkene b using aanvraag a
            where b.regio = huidige_regio() and a.id = b.aanvraag_id and a.geanonimiseerd_op < tot;
        -- These two are of no region.
        when 'inlogpogingen' then
            delete from inlogpoging i where i.begonnen_op < tot;
        when 'verklaringen' then
            delete from gebruikte_verklaring g where g.verloopt_op < tot;
    end case;
    get diagnostics weg = row_count;
    return weg;
end;
$$;
comment on function ruim_op(bewaarsoort, timestamptz) is
    'Removes what ended before `tot` in the region that asks, whoever it is of; of logins under way and used assertions, in all. How many rows.';

create function anonimiseer(aanvraag uuid, nu timestamptz, waarom wissing_soort, reden text) returns void
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
comment on function anonimiseer(uuid, timestamptz, wissing_soort, text) is
    'Takes all that leads to a child from a closed aanvraag and from what names it, and writes down that it did.';

-- ── Definitief: whatever the code does, not without what the law asks ────────────────────────────

create function bezetting_bewaak_definitief() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
declare
    kind    aanvraag%rowtype;
    dag     date := greatest((new.definitief_op at time zone 'Europe/Amsterdam')::date, lower(new.periode));
    maanden integer;
begin
    if new.definitief_op is null then
        return new;
    end if;
    select a.* into kind from aanvraag a where a.id = new.aanvraag_id;
    maanden := kind.leeftijd_maanden + greatest(0,
        extract(year from age(dag, kind.leeftijd_peildatum))::int * 12
        + extract(month from age(dag, kind.leeftijd_peildatum))::int);
    if kind.id is null
       or not exists (
           select from grondslag g
           where g.aanvraag_id = kind.id and g.status = 'verleend' and g.datum <= dag
             and (g.geldig_tot is null or g.geldig_tot >= dag))
       or 'geaccepteerd' is distinct from (
           select b.uitkomst::text from besluit b join plek p on p.voorziening_id = b.voorziening_id
           where b.aanvraag_id = kind.id and p.id = new.plek_id order by b.op desc, b.id desc limit 1)
       -- From 16 on the jeugdige alone; from 12 on with its parents or guardian; before that they alone.
       or maanden >= 144 and not exists (
           select from toestemming t
           where t.aanvraag_id = kind.id and t.persoon = 'jeugdige' and t.status in ('gegeven', 'niet_vereist'))
       or maanden < 192 and 'true' is distinct from (
           select bool_and(t.status in ('gegeven', 'niet_vereist'))::text from toestemming t
           where t.aanvraag_id = kind.id and t.persoon <> 'jeugdige') then
        raise check_violation using constraint = 'bezetting_definitief_compleet',
            message = 'definitive without grondslag, the yes of the provider or toestemming';
    end if;
    return new;
end;
$$;
comment on function bezetting_bewaak_definitief() is
    'A plaatsing is definitive only with a grondslag, the provider''s yes and the toestemming of all who must give it.';
create trigger bezetting_definitief before insert or update of definitief_op on bezetting
    for each row execute function bezetting_bewaak_definitief();

-- ── In the place of a colleague ──────────────────────────────────────────────────────────────────

create function neem_waar(sessie_hash bytea, voor uuid, nu timestamptz) returns boolean
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update sessie s set namens_id = voor
    where s.hash = sessie_hash and s.beeindigd_op is null and s.verloopt_op > nu and s.gebruiker_id is not null
      and (voor is null or exists (
          select from gebruiker g
          where g.id = voor and g.regio = s.regio and g.vervanger_id = s.gebruiker_id and g.actief
            and g.vervangen_tot > (nu at time zone 'Europe/Amsterdam')::date
            and coalesce(g.vervangen_van <= (nu at time zone 'Europe/Amsterdam')::date, true)))
    returning true;
end;
comment on function neem_waar(bytea, uuid, timestamptz) is
    'From now on this session acts for a colleague, as long as that one named its owner as vervanger; NULL: for itself again.';

revoke execute on function ruim_op(bewaarsoort, timestamptz), anonimiseer(uuid, timestamptz, wissing_soort, text),
    neem_waar(bytea, uuid, timestamptz), bezetting_bewaak_definitief() from public;
grant execute on function ruim_op(bewaarsoort, timestamptz), anonimiseer(uuid, timestamptz, wissing_soort, text),
    neem_waar(bytea, uuid, timestamptz) to loket_app;

-- ── Own sessions, and what the identity provider ends ────────────────────────────────────────────

create function mijn_gebruikers() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select g.id from gebruiker ik
    join gebruiker g on g.id = ik.id or (g.identiteitsprovider_id = ik.identiteitsprovider_id and g.subject = ik.subject)
    where ik.id = huidige_gebruiker() and ik.regio = huidige_regio();
end;
comment on function mijn_gebruikers() is
    'Who asks, in every rol and region: rows that the same identity provider recognises as the same person.';

create function mijn_sessies(hier bytea, nu timestamptz, stil interval)
    returns table (id uuid, rol rol, regio text, apparaat text, begonnen_op timestamptz, gezien_op timestamptz, deze boolean)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select s.id, g.rol, r.naam, s.apparaat, s.begonnen_op, s.gezien_op, coalesce(s.hash = hier, false)
    from sessie s
    join gebruiker g on g.id = s.gebruiker_id
    join jeugdregio r on r.code = g.regio
    where s.gebruiker_id in (select mijn_gebruikers()) and g.actief
      and s.beeindigd_op is null and s.verloopt_op > nu and s.gezien_op > nu - stil
    order by 7 desc, s.gezien_op desc, s.id;
end;
comment on function mijn_sessies(bytea, timestamptz, interval) is
    'Sessions of who asks that still count, also in another rol or region; the one with hash `hier` first.';

create function eindig_mijn_sessies(welke uuid, behalve bytea, nu timestamptz) returns bigint
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    with einde as (
        update sessie s set beeindigd_op = nu
        where s.gebruiker_id in (select mijn_gebruikers()) and s.beeindigd_op is null and s.verloopt_op > nu
          and (welke is null or s.id = welke) and s.hash is distinct from behalve
        returning 1)
    select count(*) from einde;
end;
comment on function eindig_mijn_sessies(uuid, bytea, timestamptz) is
    'Ends one session of who asks, or (NULL) all; but for the one with hash `behalve`.';

create function meld_af(provider uuid, sub text, sid text, nu timestamptz)
    returns table (regio text, rol rol, gebruiker_id uuid, organisatie_id uuid)
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    delete from inlogpoging i where i.identiteitsprovider_id = provider and (i.subject = sub or i.idp_sessie = sid);
    -- A session of which the provider has not said its sid, may be the one that is meant.
    with einde as (
        update sessie s set beeindigd_op = nu
        from gebruiker g
        where g.id = s.gebruiker_id and g.identiteitsprovider_id = provider and s.beeindigd_op is null
          and (sub is null or g.subject = sub)
          and (s.idp_sessie = sid or sub is not null and (sid is null or s.idp_sessie is null))
        returning g.regio, g.rol, g.id, coalesce(g.organisatie_id, g.aanbieder_id))
    select distinct * from einde;
end;
comment on function meld_af(uuid, text, text, timestamptz) is
    'The identity provider says that this person, or this session there, is out: so it is here. Whose sessions ended.';

revoke execute on function mijn_gebruikers(), mijn_sessies(bytea, timestamptz, interval),
    eindig_mijn_sessies(uuid, bytea, timestamptz), meld_af(uuid, text, text, timestamptz) from public;
grant execute on function mijn_sessies(bytea, timestamptz, interval),
    eindig_mijn_sessies(uuid, bytea, timestamptz), meld_af(uuid, text, text, timestamptz) to loket_app;

-- ── What is held about one child, for who asks to see it ─────────────────────────────────────────

create function dossier(aanvraag uuid) returns table (tabel text, rijen jsonb)
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
comment on function dossier(uuid) is
    'Every row about one child, by table, also what no rol alone may see: to give to that child or its parents, or to its verwijzer.';
revoke execute on function dossier(uuid) from public;
grant execute on function dossier(uuid) to loket_app;

-- ── The workflow: what happened, voorstellen, calls ──────────────────────────────────────────────
-- docs/werkstroom.md draws it. Facts are rows (opties and plaatsingen in bezetting, voorstellen, opschalingen); the status
-- of an aanvraag follows from them (stand_van), and only leg_vast() writes it, together with what happened.

create type gebeurtenis_soort as enum (
    'ingediend', 'in_behandeling', 'overgedragen', 'afgewezen', 'ingetrokken', 'urgentie', 'vervolg',
    'optie', 'optie_verlengd', 'optie_vrij', 'optie_verlopen',
    'voorstel_klaargezet', 'voorstel_verzonden', 'voorstel_interesse', 'voorstel_akkoord', 'voorstel_afgewezen',
    'voorstel_ingetrokken', 'voorstel_vervallen', 'toestemming', 'kennismaking', 'definitief',
    'geplaatst', 'begonnen', 'verlengd', 'beeindigd', 'afgezegd',
    'route', 'route_stap', 'opschaling', 'opschaling_stap', 'opschaling_vraag', 'opschaling_antwoord',
    'opschaling_gesloten',
    'herinnering', 'alarm', 'aanbieder_stopt', 'overdracht', 'bevestiging_gevraagd',
    'opschaling_gevraagd', 'opschaling_geweigerd', 'aanbieder_gaat_door', 'plek_blijft', 'overdracht_vervalt');

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
    contactplan     text,
    rang            integer,
    verzonden_op    timestamptz,
    antwoord_voor   timestamptz,
    herinnerd_op    timestamptz,
    beantwoord_op   timestamptz,
    kennismaking_op date,
    klaar_op        timestamptz,
    aangemaakt_op   timestamptz     not null default now(),
    versie          integer         not null default 1,
    overbrugging    boolean         not null default false,
    constraint voorstel_pk primary key (id),
    constraint voorstel_periode_vorm check (tot > van),
    constraint voorstel_rang_positief check (rang > 0),
    constraint voorstel_tekst_kort check (length(toelichting) between 1 and 300 and length(afwijking) between 1 and 300
        and length(contactplan) between 1 and 300),
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
comment on column voorstel.contactplan is 'Of a bundle that is apart: how brothers and sisters keep seeing each other.';
comment on column voorstel.rang is 'Where the voorziening stood in the rangschikking when it was sent.';
comment on column voorstel.overbrugging is 'What became definitive is where the child waits: the search goes on.';
comment on column voorstel.antwoord_voor is 'Until then the plek is held; what comes of no answer, docs/werkstroom.md says.';
create unique index voorstel_een_per_voorziening on voorstel (aanvraag_id, voorziening_id)
    where status = 'concept' or is_levend(status);
create unique index voorstel_een_definitief on voorstel (aanvraag_id) where status = 'definitief' and not overbrugging;
create index voorstel_aanvraag on voorstel (aanvraag_id);
create index voorstel_optie on voorstel (optie_id) where optie_id is not null;
create index voorstel_aanbieder on voorstel (aanbieder_id, verzonden_op desc) where verzonden_op is not null;
create index voorstel_bundel on voorstel (bundel_id) where bundel_id is not null;
create index voorstel_plan on voorstel (plan_id) where plan_id is not null;
create index voorstel_verzonden on voorstel (regio, verzonden_op) where verzonden_op is not null;
create index voorstel_gevraagd on voorstel (aanbod_regio, verzonden_op) where verzonden_op is not null;

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
create index gebeurtenis_stroom_aanbieder on gebeurtenis (aanbieder_id, transactie, nummer) where aanbieder_id is not null;
create index gebeurtenis_voorstel on gebeurtenis (voorstel_id) where voorstel_id is not null;
create index gebeurtenis_leidt_naar on gebeurtenis ((coalesce(gegevens ->> 'vervolg', gegevens ->> 'overdracht')))
    where soort in ('vervolg', 'overdracht');

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
    geopend_op   timestamptz           not null,
    gewaarschuwd_op timestamptz,
    uitkomst     opschaling_uitkomst,
    toelichting  text,
    gesloten_op  timestamptz,
    versie       integer               not null default 1,
    constraint opschaling_pk primary key (id),
    constraint opschaling_id_regio unique (id, regio),
    constraint opschaling_tekst_kort check (length(waarom) between 1 and 300 and length(toelichting) between 1 and 300),
    constraint opschaling_sluit_met_uitkomst check ((gesloten_op is not null) = (uitkomst is not null)),
    constraint opschaling_anders_met_uitleg check (uitkomst is distinct from 'anders' or toelichting is not null),
    constraint opschaling_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table opschaling is 'More people look at it: with an owner, a term, and an end that has an outcome.';
comment on column opschaling.termijn is 'The last day on which nobody is warned.';
comment on column opschaling.gewaarschuwd_op is 'The alarm of this term was given.';
create unique index opschaling_een_open_per_tafel on opschaling (aanvraag_id, tafel) where gesloten_op is null;
create index opschaling_aanvraag on opschaling (aanvraag_id);

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
            case when $6 is null then (select p.aanbieder_id from plek p where p.id = $7)
                 else (select v.aanbieder_id from voorstel v where v.id = $6 and v.verzonden_op is not null) end,
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
comment on function leg_vast(uuid, gebeurtenis_soort, timestamptz, text, aanvraag_status, uuid, uuid, jsonb) is
    'What happened to an aanvraag, in the transaction in which it did, and the status that follows. The only writer of both.';

create function meld_gebeurtenis() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into taak (regio, soort, sleutel) values (new.regio, 'melding', new.id::text);
    -- Each hears its own only: who works in the region, the provider, and the organisatie that asked.
    perform pg_notify('loket_gebeurtenis', new.regio);
    perform pg_notify('loket_gebeurtenis', new.aanbieder_id::text) where new.aanbieder_id is not null;
    perform pg_notify('loket_gebeurtenis', a.organisatie_id::text) from aanvraag a where a.id = new.aanvraag_id;
    return null;
end;
$$;
comment on function meld_gebeurtenis() is
    'In the transaction of what happened: work for who must be told, and a wake-up for who follows live.';
create trigger gebeurtenis_meldt after insert on gebeurtenis
    for each row execute function meld_gebeurtenis();

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
    when 'schakelfunctionaris' then regio = (select huidige_regio())
        or aanbod_regio = (select huidige_regio()) and verzonden_op is not null
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and verzonden_op is not null
    when 'crisisdienst' then regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id)
    when 'verwijzer' then regio = (select huidige_regio()) and status <> 'concept'
        and exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);
comment on policy lees on voorstel is 'What is being prepared, only the loket of the child sees.';
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

-- ── A place to go on to: after crisis, after closed care ─────────────────────────────────────────

create function open_vervolg(
    plaatsing uuid, nu timestamptz, crisis boolean, crisisvormen text[], geslotenvormen text[], elders text[],
    dagen integer[]) returns uuid
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    verblijf  bezetting%rowtype;
    oud       aanvraag%rowtype;
    vorm      text;
    dicht     boolean;
    einde     date;
    samen     uuid;
    zoekt     text[];
    nieuw     uuid;
    eigen     text;
    n         integer := 1;
begin
    select b.* into verblijf from bezetting b
    where b.id = $1 and b.soort = 'plaatsing' and b.aanvraag_id is not null and b.vrijgegeven_op is null;
    select a.* into oud from aanvraag a
    where a.id = verblijf.aanvraag_id and a.regio = huidige_regio() and case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'crisisdienst' then a.urgentie = 'crisis'
        when 'verwijzer' then a.organisatie_id = huidige_organisatie()
        else false end;
    if oud.id is null then
        raise insufficient_privilege using message = 'no plaatsing of which a vervolgaanvraag may be made here';
    end if;
    select v.zorgvorm, v.gesloten or v.zorgvorm = any (geslotenvormen),
           coalesce(upper(verblijf.periode), lower(verblijf.periode) + coalesce(z.gebruikelijk_verblijf, 28))
    into vorm, dicht, einde
    from plek p join voorziening v on v.id = p.voorziening_id
    join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm
    where p.id = verblijf.plek_id;
    if not (crisis or dicht or vorm = any (crisisvormen))
       or exists (select from aanvraag a where a.vervolg_van = verblijf.id) then
        return null;
    end if;

    -- Who was asked for together, is asked for together again: apart from who still looks for a first place.
    if oud.samenplaatsing_id is not null then
        select v.samenplaatsing_id into samen
        from aanvraag a join bezetting b on b.aanvraag_id = a.id join aanvraag v on v.vervolg_van = b.id
        where a.samenplaatsing_id = oud.samenplaatsing_id and v.samenplaatsing_id is not null and is_open(v.status)
        order by v.aangemeld_op desc limit 1;
        if samen is null then
            insert into samenplaatsing (regio, organisatie_id, mag_splitsen, splitsreden)
            select s.regio, s.organisatie_id, s.mag_splitsen, s.splitsreden
            from samenplaatsing s where s.id = oud.samenplaatsing_id
            returning id into samen;
        end if;
    end if;

    -- What was asked and can be a home; else a family (Jeugdwet art. 2.3 lid 6), until the verwijzer says otherwise.
    zoekt := array(select z from unnest(oud.zorgvormen) with ordinality as t (z, i)
                   where z <> all (crisisvormen || geslotenvormen || elders) order by i);
    if cardinality(zoekt) = 0 then
        zoekt := array(select z.code from zorgvorm z
                       where z.regio = oud.regio and z.gezinsvorm and z.code <> all (crisisvormen || geslotenvormen || elders)
                       order by z.code);
    end if;
    if cardinality(zoekt) = 0 then
        zoekt := oud.zorgvormen;
    end if;

    insert into aanvraag (
        regio, organisatie_id, samenplaatsing_id, urgentie, leeftijd_maanden, leeftijd_peildatum, geslacht, groepssoorten,
        pc4, gemeente_code, huidig_verblijf, huidig_verblijf_tot, gewenste_start, uiterlijke_datum, verwacht_verblijf,
        perspectief, zorgvormen, zorgvorm_reden, juridisch_kader, ondersteuning, kenmerken, medisch, rolstoel, onderwijs,
        school_pc4, netwerk_pc4, maximale_reistijd, eerder_geprobeerd, mening_jeugdige, praktisch, aangemeld_op,
        behandelaar_id, vervolg_van)
    values (
        oud.regio, oud.organisatie_id, samen, 'regulier', oud.leeftijd_maanden, oud.leeftijd_peildatum, oud.geslacht,
        oud.groepssoorten, oud.pc4, oud.gemeente_code, case when dicht then 'residentieel' else 'crisisplek' end::huidig_verblijf,
        einde, einde, einde + dagen[2], greatest(oud.verwacht_verblijf, dagen[1]), oud.perspectief, zoekt,
        case when exists (select from zorgvorm z where z.regio = oud.regio and z.code = any (zoekt) and not z.gezinsvorm)
            then oud.zorgvorm_reden end,
        oud.juridisch_kader, oud.ondersteuning, oud.kenmerken, oud.medisch, oud.rolstoel, oud.onderwijs, oud.school_pc4,
        oud.netwerk_pc4, oud.maximale_reistijd, oud.eerder_geprobeerd, oud.mening_jeugdige, oud.praktisch, nu,
        oud.behandelaar_id, verblijf.id)
    on conflict (vervolg_van) where vervolg_van is not null do nothing
    returning id into nieuw;
    if nieuw is null then
        return null;
    end if;
    insert into uitsluiting (regio, aanvraag_id, soort, aanbieder_id, voorziening_id, pc4, straal_km)
    select u.regio, nieuw, u.soort, u.aanbieder_id, u.voorziening_id, u.pc4, u.straal_km
    from uitsluiting u where u.aanvraag_id = oud.id;
    select k.kenmerk into eigen from aanvraag_kenmerk k where k.aanvraag_id = oud.id;
    eigen := coalesce(left(eigen, 34), 'V-' || oud.nummer);
    loop
        insert into aanvraag_kenmerk (aanvraag_id, regio, organisatie_id, kenmerk)
        values (nieuw, oud.regio, oud.organisatie_id, eigen || '/V' || n)
        on conflict (organisatie_id, kenmerk) do nothing;
        exit when found;
        n := n + 1;
    end loop;
    perform schrijf_gebeurtenis(nieuw, 'ingediend', nu, null, null, null, null, '{"vervolg": true}');
    perform schrijf_gebeurtenis(oud.id, 'vervolg', nu, null, null, null, null, jsonb_build_object('vervolg', nieuw));
    return nieuw;
end;
$$;
comment on function open_vervolg(uuid, timestamptz, boolean, text[], text[], text[], integer[]) is
    'In the transaction of a plaatsing in crisis or closed care: the aanvraag for where the child goes on to, once. As owner, because the crisisdienst reads no kenmerk and no aanvraag without crisis.';

create function trek_vervolg_in(plaatsing uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    kind uuid;
begin
    select v.id into kind from aanvraag v join bezetting b on b.id = v.vervolg_van
    where b.id = $1 and b.vrijgegeven_op is not null and v.status in ('ingediend', 'in_behandeling')
      and case huidige_rol()
          when 'schakelfunctionaris' then b.vraag_regio = huidige_regio()
          when 'aanbieder' then b.plek_id = any (eigen_plekken())
          -- The crisisdienst of a child in crisis, a verwijzer of its own (sluit_uit).
          else b.vraag_regio = huidige_regio() and exists (
              select from aanvraag a
              where a.id = b.aanvraag_id and case huidige_rol()
                  when 'crisisdienst' then a.urgentie = 'crisis'
                  when 'verwijzer' then a.organisatie_id = huidige_organisatie()
                  else false end) end;
    if kind is not null then
        perform schrijf_gebeurtenis(kind, 'ingetrokken', nu, 'De plaatsing ging niet door.', 'ingetrokken', null, null, '{}');
    end if;
end;
$$;
comment on function trek_vervolg_in(uuid, timestamptz) is
    'Of a plaatsing that did not go on: nobody needs a place to go on to, unless somebody already got further with it.';

revoke execute on function open_vervolg(uuid, timestamptz, boolean, text[], text[], text[], integer[]),
    trek_vervolg_in(uuid, timestamptz) from public;
grant execute on function open_vervolg(uuid, timestamptz, boolean, text[], text[], text[], integer[]),
    trek_vervolg_in(uuid, timestamptz) to loket_app;

create function volg_vervolg(plaatsing uuid) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    update aanvraag a
    set huidig_verblijf_tot = case when b.beeindigd_op is null then upper(b.periode) end,
        huidig_verblijf = case when b.beeindigd_op is null then a.huidig_verblijf
            when b.einde_reden = 'terug_naar_huis' then 'thuis' else 'elders' end::huidig_verblijf,
        versie = a.versie + 1
    from bezetting b
    where b.id = plaatsing and a.vervolg_van = b.id and is_open(a.status)
      and case huidige_rol()
          when 'schakelfunctionaris' then b.vraag_regio = huidige_regio()
          when 'aanbieder' then b.plek_id = any (eigen_plekken())
          when 'crisisdienst' then b.vraag_regio = huidige_regio() and exists (
              select from aanvraag c where c.id = b.aanvraag_id and c.urgentie = 'crisis')
          else false end;
end;
comment on function volg_vervolg(uuid) is
    'Where the child is that waits for a place to go on to, and until when, follows its stay: also when a provider says so, which does not see that it waits.';
revoke execute on function volg_vervolg(uuid) from public;
grant execute on function volg_vervolg(uuid) to loket_app;

create function crisis_sinds(plaatsing uuid, crisisvormen text[], geslotenvormen text[]) returns date
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
comment on function crisis_sinds(uuid, text[], text[]) is
    'Since when a child is in crisis or closed care without a day between: a move to another such place is the same crisis. NULL when this stay is neither.';
revoke execute on function crisis_sinds(uuid, text[], text[]) from public;
grant execute on function crisis_sinds(uuid, text[], text[]) to loket_app;

create function plaatsing_waar(plaatsingen uuid[])
    returns table (id uuid, nummer text, aanbieder_id uuid, aanbieder text, voorziening_id uuid, voorziening text,
                   plek text, zorgvorm text, gesloten boolean, gezinsvorm boolean, organisatie_id uuid, vervolg_id uuid,
                   vervolg_open boolean, elders_woont boolean)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select b.id, a.nummer, p.aanbieder_id, z.naam, v.id, v.naam, p.naam, v.zorgvorm, v.gesloten, f.gezinsvorm,
           case when b.vraag_regio = huidige_regio() then a.organisatie_id end,
           case when b.vraag_regio = huidige_regio() and huidige_rol() in ('schakelfunctionaris', 'verwijzer') then g.id end,
           coalesce(is_open(g.status), false),
           b.beeindigd_op is null and b.vrijgegeven_op is null and exists (
               select from bezetting e
               where e.beeindigd_op is null and e.begonnen_op is not null and (
                   e.id = a.vervolg_van
                   or e.aanvraag_id = b.aanvraag_id and e.overbrugging and not b.overbrugging))
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
comment on function plaatsing_waar(uuid[]) is
    'Where these plaatsingen are, by name, for who may see them: a verwijzer reads no plekken, and a provider no aanvraag of another region. Never an address.';
revoke execute on function plaatsing_waar(uuid[]) from public;
grant execute on function plaatsing_waar(uuid[]) to loket_app;

-- ── Notices: who is told what, by mail and by hook ───────────────────────────────────────────────

create type melding_wijze as enum ('direct', 'dagelijks', 'uit');

create type bezorging as enum ('wacht', 'bezorgd', 'mislukt');

create table meldkeuze (
    gebruiker_id uuid          not null,
    regio        text          not null,
    urgentie     urgentie      not null,
    wijze        melding_wijze not null,
    constraint meldkeuze_pk primary key (gebruiker_id, urgentie),
    constraint meldkeuze_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade
);
comment on table meldkeuze is 'How somebody wants to be told, per urgentie of the aanvraag; without a row as meldkeuzes.py says.';

create index gebruiker_aanbieder on gebruiker (aanbieder_id) where aanbieder_id is not null;
create index gebruiker_organisatie on gebruiker (organisatie_id) where organisatie_id is not null;
create index gebruiker_rol on gebruiker (regio, rol);

create table bericht (
    id             uuid          not null default gen_random_uuid(),
    regio          text          not null,
    gebruiker_id   uuid          not null,
    sleutel        text          not null,
    soort          text          not null,
    gebeurtenis_id uuid,
    pad            text,
    gegevens       jsonb         not null default '{}',
    wijze          melding_wijze not null,
    overzicht_id   uuid,
    status         bezorging     not null default 'wacht',
    ronde          integer       not null default 1,
    fout           text,
    op             timestamptz   not null,
    klaar_op       timestamptz,
    constraint bericht_pk primary key (id),
    constraint bericht_id_regio unique (id, regio),
    constraint bericht_een_keer unique (gebruiker_id, sleutel),
    constraint bericht_sleutel_lengte check (length(sleutel) between 1 and 100),
    constraint bericht_soort_vorm check (soort ~ '^[a-z_]{1,60}$'),
    constraint bericht_pad_vorm check (pad ~ '^/[!-~]*$' and length(pad) <= 600),
    constraint bericht_gegevens_vorm check (jsonb_typeof(gegevens) = 'object' and length(gegevens::text) <= 1000),
    constraint bericht_uit_is_geen_bericht check (wijze <> 'uit'),
    constraint bericht_einde_vorm check (
        (status = 'wacht') = (klaar_op is null) and (status = 'mislukt') = (fout is not null) and ronde > 0),
    constraint bericht_fout_lengte check (length(fout) between 1 and 500),
    constraint bericht_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade,
    constraint bericht_gebeurtenis_fk foreign key (gebeurtenis_id) references gebeurtenis (id) on delete cascade,
    constraint bericht_overzicht_fk foreign key (overzicht_id) references bericht (id) on delete set null (overzicht_id)
);
comment on table bericht is
    'One mail to one person: a sentence and a link, nothing of a child. Its id is the Message-ID, on each try the same.';
comment on column bericht.regio is 'Of who gets it, which may be another than that of the child.';
comment on column bericht.sleutel is 'What it is about: nobody is told the same twice.';
comment on column bericht.soort is 'Which sentence: meldingen.py.';
comment on column bericht.pad is 'Where its link leads, when that is not to the bericht itself.';
comment on column bericht.gegevens is 'Days and opaque references that stand in the sentence, never anything of a child.';
comment on column bericht.overzicht_id is 'The daily mail in which it is told.';
comment on column bericht.ronde is 'One more each time a person has a failed one tried again.';
create index bericht_gebruiker on bericht (gebruiker_id, op desc);
create index bericht_dagelijks on bericht (regio, gebruiker_id)
    where wijze = 'dagelijks' and overzicht_id is null and status = 'wacht';
create index bericht_gebeurtenis on bericht (gebeurtenis_id) where gebeurtenis_id is not null;
create index bericht_overzicht on bericht (overzicht_id) where overzicht_id is not null;

create table haak (
    id             uuid                not null default gen_random_uuid(),
    regio          text                not null,
    aanbieder_id   uuid,
    organisatie_id uuid,
    url            text                not null,
    soorten        gebeurtenis_soort[] not null default '{}',
    actief         boolean             not null default true,
    aangemaakt_op  timestamptz         not null default now(),
    versie         integer             not null default 1,
    constraint haak_pk primary key (id),
    constraint haak_id_regio unique (id, regio),
    constraint haak_van_een check (num_nonnulls(aanbieder_id, organisatie_id) = 1),
    constraint haak_url_lengte check (length(url) between 10 and 400),
    constraint haak_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio),
    constraint haak_organisatie_fk foreign key (organisatie_id, regio) references organisatie (id, regio)
);
comment on table haak is 'Where a system wants to be told what happens (webhook): of one aanbieder or one organisatie.';
comment on column haak.soorten is 'Only these; empty: all that its people would be told.';
create unique index haak_een_per_url on haak (coalesce(aanbieder_id, organisatie_id), url);

create table haak_geheim (
    haak_id      uuid        not null,
    regio        text        not null,
    geheim       text        not null,
    vorig_geheim text,
    vorig_tot    timestamptz,
    constraint haak_geheim_pk primary key (haak_id),
    constraint haak_geheim_vorig_vorm check ((vorig_geheim is null) = (vorig_tot is null)),
    constraint haak_geheim_haak_fk foreign key (haak_id, regio) references haak (id, regio) on delete cascade
);
comment on table haak_geheim is 'With what we sign. Whoever keeps the haak sees it once, when it is made; after that only the service itself reads it.';
comment on column haak_geheim.vorig_geheim is 'Also signs until vorig_tot, so that a receiver changes over without missing anything.';

create table levering (
    id             uuid              not null default gen_random_uuid(),
    regio          text              not null,
    haak_id        uuid              not null,
    gebeurtenis_id uuid              not null,
    soort          gebeurtenis_soort not null,
    onderwerp      uuid              not null,
    op             timestamptz       not null,
    status         bezorging         not null default 'wacht',
    ronde          integer           not null default 1,
    antwoord       integer,
    fout           text,
    klaar_op       timestamptz,
    constraint levering_pk primary key (id),
    constraint levering_een_keer unique (haak_id, gebeurtenis_id),
    constraint levering_einde_vorm check (
        (status = 'wacht') = (klaar_op is null) and (status <> 'mislukt' or fout is not null) and ronde > 0),
    constraint levering_fout_lengte check (length(fout) between 1 and 500),
    constraint levering_haak_fk foreign key (haak_id, regio) references haak (id, regio) on delete cascade,
    constraint levering_gebeurtenis_fk foreign key (gebeurtenis_id) references gebeurtenis (id) on delete cascade
);
comment on table levering is 'One gebeurtenis told to one haak, at least once; the receiver keeps ids and so sees it once.';
comment on column levering.onderwerp is 'The voorstel, else the gebeurtenis: an id that says nothing of a child.';
comment on column levering.antwoord is 'HTTP status of the last try.';
create index levering_haak on levering (haak_id, op desc, id);
create index levering_mislukt on levering (regio, op desc, id) where status = 'mislukt';
create index levering_gebeurtenis on levering (gebeurtenis_id);

create function alleen_de_dienst() returns void
    language plpgsql stable
as $$
begin
    if huidige_rol() is distinct from 'schakelfunctionaris'
       or huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the service itself tells people';
    end if;
end;
$$;

create function ontvangers(gebeurtenis uuid, nu timestamptz)
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
comment on function ontvangers(uuid, timestamptz) is
    'Who stands around a gebeurtenis, in which circle, and how each wants to be told (NULL: not chosen). Not who did it; the vervanger of who is away.';

create function schrijf_berichten(
    gebeurtenis uuid, gebruikers uuid[], soorten text[], wijzen melding_wijze[], gegevens jsonb, nu timestamptz)
    returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    geschreven bigint;
begin
    perform alleen_de_dienst();
    with nieuw as (
        insert into bericht (regio, gebruiker_id, sleutel, soort, gebeurtenis_id, gegevens, wijze, op)
        select p.regio, p.id, e.id::text, v.soort, e.id, $5, v.wijze, $6
        from unnest($2, $3, $4) as v (gebruiker, soort, wijze)
        join gebruiker p on p.id = v.gebruiker
        join gebeurtenis e on e.id = $1 and e.regio = huidige_regio()
        on conflict do nothing
        returning id, regio, wijze),
    werk as (
        insert into taak (regio, soort, sleutel, gegevens)
        select n.regio, 'mail', n.id || ' 1', jsonb_build_object('berichtId', n.id) from nieuw n where n.wijze = 'direct')
    select count(*) into geschreven from nieuw;
    return geschreven;
end;
$$;
comment on function schrijf_berichten(uuid, uuid[], text[], melding_wijze[], jsonb, timestamptz) is
    'In the region of each person, with the taak that sends it: a provider may be of another region than the child.';

create function schrijf_leveringen(gebeurtenis uuid, kringen text[]) returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    geschreven bigint;
begin
    perform alleen_de_dienst();
    with nieuw as (
        insert into levering (regio, haak_id, gebeurtenis_id, soort, onderwerp, op)
        select h.regio, h.id, e.id, e.soort, coalesce(e.voorstel_id, e.id), e.op
        from gebeurtenis e left join aanvraag a on a.id = e.aanvraag_id
        join haak h on h.actief and (h.soorten = '{}' or e.soort = any (h.soorten))
            and ('aanbieder' = any ($2) and h.aanbieder_id = e.aanbieder_id
                 or 'verwijzer' = any ($2) and h.organisatie_id = a.organisatie_id)
        where e.id = $1 and e.regio = huidige_regio()
        on conflict do nothing
        returning id, regio),
    werk as (
        insert into taak (regio, soort, sleutel, gegevens)
        select n.regio, 'haak', n.id || ' 1', jsonb_build_object('leveringId', n.id) from nieuw n)
    select count(*) into geschreven from nieuw;
    return geschreven;
end;
$$;
comment on function schrijf_leveringen(uuid, text[]) is 'To each haak that wants to know, in its own region, with the taak that sends it.';

create function mailadres(bericht uuid) returns text
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
    perform alleen_de_dienst();
    return (select g.email from bericht b join gebruiker g on g.id = b.gebruiker_id
            where b.id = $1 and b.regio = huidige_regio() and g.actief);
end;
$$;
comment on function mailadres(uuid) is 'Where a bericht goes to; NULL when its gebruiker may not come in any more.';

create function haak_post(levering uuid, nu timestamptz) returns table (url text, actief boolean, geheimen text[])
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    perform alleen_de_dienst();
    return query
        select h.url, h.actief, array_remove(array[g.geheim, case when g.vorig_tot > nu then g.vorig_geheim end], null)
        from levering l join haak h on h.id = l.haak_id join haak_geheim g on g.haak_id = h.id
        where l.id = $1 and l.regio = huidige_regio();
end;
$$;
comment on function haak_post(uuid, timestamptz) is 'Where a levering goes to, and with what it is signed.';

create function zet_haakgeheim(haak uuid, geheim text, vorig_tot timestamptz) returns boolean
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    insert into haak_geheim as g (haak_id, regio, geheim)
    select h.id, h.regio, $2 from haak h
    where h.id = $1 and h.regio = huidige_regio() and case huidige_rol()
        when 'beheerder' then true
        when 'aanbieder' then h.aanbieder_id = huidige_organisatie()
            and exists (select from koppeling k where k.id = huidige_gebruiker() and k.aanbieder_id = h.aanbieder_id)
        else false end
    on conflict (haak_id) do update set geheim = excluded.geheim, vorig_geheim = g.geheim, vorig_tot = $3
    returning true;
end;
comment on function zet_haakgeheim(uuid, text, timestamptz) is
    'A new secret, by whoever keeps the haak and may not read the one before. NULL when that is another.';

create function probeer_bericht(bericht uuid) returns boolean
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    weer bericht%rowtype;
begin
    if huidige_rol() is distinct from 'beheerder' then
        raise insufficient_privilege using message = 'only the beheerder has a failed mail sent again';
    end if;
    update bericht b set status = 'wacht', fout = null, klaar_op = null, ronde = b.ronde + 1
    where b.id = $1 and b.regio = huidige_regio() and b.status = 'mislukt'
    returning b.* into weer;
    if weer.id is null then
        return false;
    end if;
    insert into taak (regio, soort, sleutel, gegevens)
    values (weer.regio, 'mail', weer.id || ' ' || weer.ronde, jsonb_build_object('berichtId', weer.id));
    return true;
end;
$$;
comment on function probeer_bericht(uuid) is 'Off the list of what failed, and into the queue. False when it is not on that list.';

do $$
declare
    t text;
begin
    foreach t in array array['meldkeuze', 'bericht', 'haak', 'haak_geheim', 'levering'] loop
        execute format('alter table %I enable row level security', t);
    end loop;
end;
$$;

create policy eigen on meldkeuze
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()))
    with check (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));

create policy eigen on bericht for select
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));
create policy mislukt on bericht for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'beheerder' and status = 'mislukt');
comment on policy mislukt on bericht is 'Whose mail does not arrive: the beheerder has it mended.';
create policy dienst on bericht
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');

create policy beheer on haak
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'beheerder');
create policy eigen on haak
    using (regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and (select huidige_rol()) = 'aanbieder'
        and exists (select from koppeling k where k.id = (select huidige_gebruiker())));
comment on policy eigen on haak is 'The system of an aanbieder, not its people.';

create policy dienst on haak_geheim for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');

create policy lees on levering for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) in ('beheerder', 'aanbieder')
        and exists (select from haak h where h.id = haak_id));
create policy weer on levering for update
    using (regio = (select huidige_regio()) and (select huidige_rol()) in ('beheerder', 'aanbieder')
        and exists (select from haak h where h.id = haak_id));
comment on policy weer on levering is 'What failed is tried again by whoever keeps its haak.';
create policy dienst on levering
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');

grant select, insert, update on meldkeuze to loket_app;
grant select, insert, update, delete on bericht to loket_app;
grant select, insert, update, delete on haak to loket_app;
grant select on haak_geheim to loket_app;
grant select, update, delete on levering to loket_app;
revoke execute on function alleen_de_dienst(), ontvangers(uuid, timestamptz),
    schrijf_berichten(uuid, uuid[], text[], melding_wijze[], jsonb, timestamptz), schrijf_leveringen(uuid, text[]),
    mailadres(uuid), haak_post(uuid, timestamptz), zet_haakgeheim(uuid, text, timestamptz),
    probeer_bericht(uuid) from public;
grant execute on function ontvangers(uuid, timestamptz),
    schrijf_berichten(uuid, uuid[], text[], melding_wijze[], jsonb, timestamptz), schrijf_leveringen(uuid, text[]),
    mailadres(uuid), haak_post(uuid, timestamptz), zet_haakgeheim(uuid, text, timestamptz),
    probeer_bericht(uuid) to loket_app;

-- ── Steps of an aanvraag, opties and voorstellen ─────────────────────────────────────────────────

-- The status is written by leg_vast() only, and these columns by who may change an aanvraag.
revoke insert, update on aanvraag from loket_app;
grant insert (
    id, regio, organisatie_id, samenplaatsing_id, urgentie, urgentie_reden, leeftijd_maanden, leeftijd_peildatum, geslacht,
    groepssoorten, pc4, gemeente_code, huidig_verblijf, huidig_verblijf_tot, gewenste_start, uiterlijke_datum,
    verwacht_verblijf, perspectief, zorgvormen, zorgvorm_reden, juridisch_kader, ondersteuning, kenmerken, medisch, rolstoel,
    onderwijs, school_pc4, netwerk_pc4, maximale_reistijd, eerder_geprobeerd, mening_jeugdige, praktisch, aangemeld_op)
    on aanvraag to loket_app;
grant update (
    organisatie_id, samenplaatsing_id, urgentie, urgentie_reden, leeftijd_maanden, leeftijd_peildatum, geslacht,
    groepssoorten, pc4, gemeente_code, huidig_verblijf, huidig_verblijf_tot, gewenste_start, uiterlijke_datum,
    verwacht_verblijf, perspectief, zorgvormen, zorgvorm_reden, juridisch_kader, ondersteuning, kenmerken, medisch, rolstoel,
    onderwijs, school_pc4, netwerk_pc4, maximale_reistijd, eerder_geprobeerd, mening_jeugdige, praktisch, versie,
    behandelaar_id, gewijzigd_op)
    on aanvraag to loket_app;

revoke update on voorstel from loket_app;
grant update (
    status, optie_id, van, tot, toelichting, afwijking, contactplan, rang, verzonden_op, antwoord_voor, herinnerd_op,
    beantwoord_op, kennismaking_op, klaar_op, versie, overbrugging)
    on voorstel to loket_app;

create function vergrendel(plekken uuid[], aanvragen uuid[], voorstellen uuid[], nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    bed uuid;
begin
    if huidige_rol() is null then
        return;
    end if;
    for bed in select distinct p from unnest($1) as p order by p loop
        perform pg_advisory_xact_lock(hashtextextended('bezetting ' || bed, 0));
    end loop;
    perform from voorziening v where v.id in (select p.voorziening_id from plek p where p.id = any ($1))
    order by v.id for no key update;
    perform from aanvraag a
    where a.id = any ($2)
       or a.id in (select v.aanvraag_id from voorstel v where v.id = any ($3))
       or a.id in (
           select b.aanvraag_id from bezetting b
           where b.plek_id = any ($1) and b.soort = 'optie' and b.vrijgegeven_op is null and b.vervalt_op <= $4)
    order by a.id for no key update;
    perform from voorstel v where v.id = any ($3) order by v.id for no key update;
end;
$$;
comment on function vergrendel(uuid[], uuid[], uuid[], timestamptz) is
    'Waits for its turn on all of these, always in this order: plekken, their voorzieningen, aanvragen (also those whose expired opties are in the way), voorstellen. Tells nothing of them.';

create function groep_van(voorzieningen uuid[], van date, tot date, nu timestamptz, zonder uuid[])
    returns table (voorziening_id uuid, van date, bewoner_maanden integer, bewoner_kenmerken text[])
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select p.voorziening_id, case b.soort when 'optie' then a.leeftijd_peildatum else lower(b.periode) end,
           case b.soort when 'optie' then least(a.leeftijd_maanden, 275) else b.bewoner_maanden end,
           case b.soort when 'optie' then a.kenmerken else b.bewoner_kenmerken end
    from bezetting b
    join plek p on p.id = b.plek_id
    left join aanvraag a on a.id = b.aanvraag_id
    where p.voorziening_id = any (voorzieningen) and b.soort <> 'stop' and b.vrijgegeven_op is null
      and (b.soort = 'plaatsing' or b.vervalt_op > nu)
      and (b.periode && daterange(groep_van.van, groep_van.tot)
           or b.soort = 'plaatsing' and b.beeindigd_op is null and upper(b.periode) <= (nu at time zone 'Europe/Amsterdam')::date)
      and not coalesce(b.aanvraag_id = any (zonder), false)
      and (p.regio = huidige_regio() or p.regio = any (gedeelde_regios()))
      and huidige_rol() in ('schakelfunctionaris', 'crisisdienst');
end;
comment on function groep_van(uuid[], date, date, timestamptz, uuid[]) is
    'Ages and traits, without who, of the children who live there in those days, will, or have a plek held: for the group mix, in memory only.';

create function volg_voorstel(voorstel uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    brief voorstel%rowtype;
begin
    select v.* into brief from voorstel v
    where v.id = $1 and case huidige_rol()
        when 'schakelfunctionaris' then v.regio = huidige_regio()
        when 'aanbieder' then v.aanbod_regio = huidige_regio() and v.aanbieder_id = huidige_organisatie()
            and v.verzonden_op is not null
        when 'verwijzer' then v.regio = huidige_regio() and exists (
            select from aanvraag a where a.id = v.aanvraag_id and a.organisatie_id = huidige_organisatie())
        when 'crisisdienst' then v.regio = huidige_regio() and exists (
            select from aanvraag a where a.id = v.aanvraag_id and a.urgentie = 'crisis')
        else false end;
    if brief.id is null then
        raise insufficient_privilege using message = 'no voorstel that may be changed here';
    end if;
    update bezetting b
    set vervalt_op = case when is_levend(brief.status) then brief.antwoord_voor else b.vervalt_op end,
        vrijgegeven_op = case when is_levend(brief.status) then null else nu end, versie = b.versie + 1
    where b.id = brief.optie_id and b.soort = 'optie' and b.vrijgegeven_op is null;
end;
$$;
comment on function volg_voorstel(uuid, timestamptz) is
    'The optie follows its voorstel: it holds as long as that waits, and is gone when that ended. Also for who answers, and may not see opties.';

create function bundel_is_heel(voorstel uuid) returns boolean
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select huidige_rol() is distinct from 'crisisdienst' or not exists (
        select from voorstel v
        join voorstel w on w.bundel_id = v.bundel_id and (w.status = 'concept' or is_levend(w.status))
        join aanvraag a on a.id = w.aanvraag_id
        where v.id = $1 and v.regio = huidige_regio() and a.urgentie <> 'crisis');
end;
comment on function bundel_is_heel(uuid) is
    'Whether the crisisdienst sees all brothers and sisters of a bundle, which take each step together; all others do.';

create function voorstel_vraag(voorstel uuid) returns jsonb
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select jsonb_build_object(
            'nummer', a.nummer, 'urgentie', a.urgentie, 'leeftijdJaren', a.leeftijd_maanden / 12,
            'groepssoorten', a.groepssoorten, 'verwachtVerblijf', a.verwacht_verblijf, 'perspectief', a.perspectief,
            'juridischKader', a.juridisch_kader, 'ondersteuning', a.ondersteuning, 'kenmerken', a.kenmerken,
            'medisch', a.medisch, 'rolstoel', a.rolstoel,
            'samen', (select count(*) from voorstel b where b.bundel_id = v.bundel_id and is_levend(b.status)
                      and b.aanbieder_id = v.aanbieder_id and b.id <> v.id))
        || case when v.status = 'verzonden' then '{}' else jsonb_build_object(
            'leeftijdMaanden', a.leeftijd_maanden, 'leeftijdPeildatum', a.leeftijd_peildatum, 'geslacht', a.geslacht,
            'huidigVerblijf', a.huidig_verblijf, 'huidigVerblijfTot', a.huidig_verblijf_tot,
            'gewensteStart', a.gewenste_start, 'uiterlijkeDatum', a.uiterlijke_datum, 'onderwijs', a.onderwijs,
            'eerderGeprobeerd', a.eerder_geprobeerd, 'meningJeugdige', a.mening_jeugdige, 'praktisch', a.praktisch) end
    from voorstel v join aanvraag a on a.id = v.aanvraag_id
    where v.id = voorstel_vraag.voorstel and huidige_rol() = 'aanbieder' and v.aanbieder_id = huidige_organisatie()
      and v.aanbod_regio = huidige_regio() and is_levend(v.status) and v.antwoord_voor is not null;
end;
comment on function voorstel_vraag(uuid) is
    'What the provider to whom it was sent may know of the child: what it needs to judge, more after its interesse, nothing any more after an end. Never where the child lives, who files for it, or where it must not be.';

create function regels_van_voorstel(voorstel uuid, sleutels text[]) returns table (sleutel text, waarde jsonb)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select i.sleutel, i.waarde from voorstel v join instelling i on i.regio = v.regio and i.sleutel = any (sleutels)
    where v.id = regels_van_voorstel.voorstel and (
        v.regio = huidige_regio()
        or huidige_rol() = 'aanbieder' and v.aanbieder_id = huidige_organisatie() and v.aanbod_regio = huidige_regio()
           and v.verzonden_op is not null);
end;
comment on function regels_van_voorstel(uuid, text[]) is
    'Terms are those of the region that asks, also for its provider in another.';

create function geldende_afwijzingen(aanvragen uuid[], nu timestamptz)
    returns table (aanvraag_id uuid, voorziening_id uuid, reden afwijsreden, later_vanaf date)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select d.aanvraag_id, d.voorziening_id, d.reden, d.later_vanaf
    from (select distinct on (b.aanvraag_id, b.voorziening_id) b.*
          from besluit b
          where b.aanvraag_id = any (aanvragen) and b.regio = huidige_regio()
            and huidige_rol() in ('schakelfunctionaris', 'crisisdienst')
          order by b.aanvraag_id, b.voorziening_id, b.op desc, b.id desc) as d
    join aanvraag a on a.id = d.aanvraag_id
    join voorziening v on v.id = d.voorziening_id
    where d.uitkomst = 'afgewezen' and case d.reden
        when 'anders' then false
        when 'later_vanaf' then d.later_vanaf > (nu at time zone 'Europe/Amsterdam')::date
        when 'groepsmix' then not exists (
            select from bezetting b join plek p on p.id = b.plek_id
            where p.voorziening_id = d.voorziening_id and b.soort = 'plaatsing'
              and (b.beeindigd_op >= (d.op at time zone 'Europe/Amsterdam')::date
                   or b.begonnen_op > (d.op at time zone 'Europe/Amsterdam')::date))
        when 'geen_personeel' then not exists (
            select from bevestiging c join plek p on p.id = c.plek_id
            where p.voorziening_id = d.voorziening_id and c.op > d.op and c.beschikbaarheid = 'bemenst')
        -- A machtiging leaves no automatic veto: then it was this time only.
        when 'ouder_of_jeugdige_zegt_nee' then coalesce(a.gewijzigd_op, '-infinity') <= d.op and not exists (
            select from machtiging m
            where m.aanvraag_id = a.id and m.geldigheid @> (nu at time zone 'Europe/Amsterdam')::date)
        else coalesce(greatest(a.gewijzigd_op, v.gewijzigd_op), '-infinity') <= d.op end;
end;
comment on function geldende_afwijzingen(uuid[], timestamptz) is
    'Which voorzieningen said no to these, as long as that holds: until a day, until the group or the staff changed, or until the aanvraag or the voorziening did. "Anders" was for that one time.';

create function bezetting_bewaak_afspraak() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if new.soort <> 'stop' and new.vraag_regio <> new.regio and not exists (
        select from regioafspraak r join plek p on p.id = new.plek_id join voorziening v on v.id = p.voorziening_id
        where r.aanbod_regio = new.regio and r.vraag_regio = new.vraag_regio
          and (r.zorgvorm is null or r.zorgvorm = v.zorgvorm)
          and r.geldigheid @> (now() at time zone 'Europe/Amsterdam')::date) then
        raise check_violation using constraint = 'bezetting_binnen_afspraak',
            message = 'no agreement between these regions for this zorgvorm';
    end if;
    return null;
end;
$$;
comment on function bezetting_bewaak_afspraak() is
    'A plek of another region only for a zorgvorm that was agreed; the policy below looks at regions only.';
create trigger bezetting_afspraak after insert on bezetting
    for each row when (current_setting('loket.regio', true) <> '') execute function bezetting_bewaak_afspraak();

create function laat_los(aanvraag uuid, behalve uuid, nu timestamptz, waarom text) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    brief voorstel%rowtype;
    optie bezetting%rowtype;
begin
    if not exists (
        select from aanvraag a
        where a.id = $1 and a.regio = huidige_regio() and case huidige_rol()
            when 'schakelfunctionaris' then true
            when 'verwijzer' then a.organisatie_id = huidige_organisatie()
            when 'crisisdienst' then a.urgentie = 'crisis'
            else false end) then
        raise insufficient_privilege using message = 'no aanvraag of which something may be let go here';
    end if;
    perform from aanvraag a where a.id = $1 for no key update;
    for brief in
        select v.* from voorstel v
        where v.aanvraag_id = $1 and v.id is distinct from $2 and (v.status = 'concept' or is_levend(v.status))
        order by v.id
    loop
        update voorstel v set status = 'ingetrokken', klaar_op = nu, versie = v.versie + 1 where v.id = brief.id;
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1
        where b.id = brief.optie_id and b.soort = 'optie' and b.vrijgegeven_op is null;
        perform schrijf_gebeurtenis($1, 'voorstel_ingetrokken', nu, waarom, null, brief.id, brief.plek_id, '{}');
    end loop;
    for optie in
        select b.* from bezetting b
        where b.aanvraag_id = $1 and b.soort = 'optie' and b.vrijgegeven_op is null
          and not exists (select from voorstel v where v.id = $2 and v.optie_id = b.id)
        order by b.id
    loop
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1 where b.id = optie.id;
        perform schrijf_gebeurtenis($1, 'optie_vrij', nu, waarom, null, null, optie.plek_id, jsonb_build_object('optie', optie.id));
    end loop;
end;
$$;
comment on function laat_los(uuid, uuid, timestamptz, text) is
    'Withdraws every voorstel of an aanvraag but one, and lets go of every optie, each with its gebeurtenis: also for who may not see them all.';
revoke execute on function laat_los(uuid, uuid, timestamptz, text) from public;
grant execute on function laat_los(uuid, uuid, timestamptz, text) to loket_app;

create function zeg_overbrugging_af(aanvraag uuid, nu timestamptz, waarom text) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    rij bezetting%rowtype;
begin
    if not exists (
        select from aanvraag a
        where a.id = $1 and a.regio = huidige_regio() and case huidige_rol()
            when 'schakelfunctionaris' then true
            when 'verwijzer' then a.organisatie_id = huidige_organisatie()
            when 'crisisdienst' then a.urgentie = 'crisis'
            else false end) then
        raise insufficient_privilege using message = 'no aanvraag of which something may be called off here';
    end if;
    perform from aanvraag a where a.id = $1 for no key update;
    for rij in
        select b.* from bezetting b
        where b.aanvraag_id = $1 and b.overbrugging and b.begonnen_op is null and b.beeindigd_op is null
          and b.vrijgegeven_op is null
        order by b.id
    loop
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1 where b.id = rij.id;
        update voorstel v set status = 'ingetrokken', versie = v.versie + 1
        where v.aanvraag_id = $1 and v.plek_id = rij.plek_id and v.status = 'definitief';
        perform schrijf_gebeurtenis($1, 'afgezegd', nu, waarom, null, null, rij.plek_id,
                                    jsonb_build_object('plaatsing', rij.id));
    end loop;
end;
$$;
comment on function zeg_overbrugging_af(uuid, timestamptz, text) is
    'Who stops searching while the child has yet to come to where it would wait: it does not come, and that plek is free.';
revoke execute on function zeg_overbrugging_af(uuid, timestamptz, text) from public;
grant execute on function zeg_overbrugging_af(uuid, timestamptz, text) to loket_app;

create policy antwoord_verwijzer on besluit for insert with check (
    (select huidige_rol()) = 'verwijzer' and regio = (select huidige_regio())
    and reden is not distinct from 'ouder_of_jeugdige_zegt_nee' and exists (
        select from voorstel v
        where v.aanvraag_id = besluit.aanvraag_id and v.voorziening_id = besluit.voorziening_id and is_levend(v.status)));
comment on policy antwoord_verwijzer on besluit is 'Only what parents or youth say; the rest is the provider''s answer.';

revoke execute on function vergrendel(uuid[], uuid[], uuid[], timestamptz),
    groep_van(uuid[], date, date, timestamptz, uuid[]), volg_voorstel(uuid, timestamptz), voorstel_vraag(uuid), bundel_is_heel(uuid),
    regels_van_voorstel(uuid, text[]), geldende_afwijzingen(uuid[], timestamptz), bezetting_bewaak_afspraak() from public;
grant execute on function vergrendel(uuid[], uuid[], uuid[], timestamptz),
    groep_van(uuid[], date, date, timestamptz, uuid[]), volg_voorstel(uuid, timestamptz), voorstel_vraag(uuid), bundel_is_heel(uuid),
    regels_van_voorstel(uuid, text[]), geldende_afwijzingen(uuid[], timestamptz) to loket_app;

-- ── Where a child must not be, recorded when a place was held already; a machtiging that is used ─────────

create function plekken_van(aanvragen uuid[])
    returns table (aanvraag_id uuid, plek_id uuid, woont_sinds date, aanbieder_id uuid, voorziening_id uuid, lat real,
                   lon real, exact boolean)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select x.aanvraag_id, x.plek_id, x.woont_sinds, p.aanbieder_id, p.voorziening_id,
           case when l.zichtbaarheid = 'openbaar' then c.lat else (round(c.lat / 0.05) * 0.05)::real end,
           case when l.zichtbaarheid = 'openbaar' then c.lon else (round(c.lon / 0.05) * 0.05)::real end,
           l.zichtbaarheid = 'openbaar'
    from (
        select v.aanvraag_id, v.plek_id, null::date as woont_sinds from voorstel v
        where v.aanvraag_id = any (aanvragen) and (v.status = 'concept' or is_levend(v.status))
        union
        select b.aanvraag_id, b.plek_id,
               case when b.soort = 'plaatsing' and (b.begonnen_op is not null or b.definitief_op is null)
                   then lower(b.periode) end
        from bezetting b
        where b.aanvraag_id = any (aanvragen) and b.vrijgegeven_op is null and b.beeindigd_op is null
        union
        -- Who waits for a place to go on to, lives by another aanvraag.
        select a.id, b.plek_id, b.begonnen_op from aanvraag a join bezetting b on b.id = a.vervolg_van
        where a.id = any (aanvragen) and is_open(a.status) and b.begonnen_op is not null and b.beeindigd_op is null) as x
    join aanvraag a on a.id = x.aanvraag_id
    join plek p on p.id = x.plek_id
    join voorziening v on v.id = p.voorziening_id
    join locatie l on l.id = v.locatie_id
    left join locatie_adres d on d.locatie_id = l.id
    left join postcodegebied c on c.pc4 = left(coalesce(l.postcode, d.postcode), 4)
    where a.regio = huidige_regio() and case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'verwijzer' then a.organisatie_id = huidige_organisatie()
        when 'crisisdienst' then a.urgentie = 'crisis'
        else false end;
end;
comment on function plekken_van(uuid[]) is
    'What is held for or proposed to these children, and where they live, with the point that the matcher would see: so that a new uitsluiting is held against it. In memory only; also for who may not see opties.';

create function vergrendel_uitsluiting(aanvraag uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (select from aanvraag a where a.id = $1 and a.regio = huidige_regio() and case huidige_rol()
            when 'schakelfunctionaris' then true
            when 'verwijzer' then a.organisatie_id = huidige_organisatie()
            when 'crisisdienst' then a.urgentie = 'crisis'
            else false end) then
        return;
    end if;
    perform vergrendel(
        '{}',
        array(select z.id from aanvraag a join aanvraag z on z.id = a.id or z.samenplaatsing_id = a.samenplaatsing_id
              where a.id = $1),
        array(select w.id from voorstel v join voorstel w on w.id = v.id or w.bundel_id = v.bundel_id
              where v.aanvraag_id = $1),
        nu);
end;
$$;
comment on function vergrendel_uitsluiting(uuid, timestamptz) is
    'Waits for its turn on all that a new uitsluiting may end, brothers and sisters too, in the order of vergrendel(). Tells nothing of them.';

create function sluit_uit(aanvraag uuid, plekken uuid[], nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    brieven uuid[];
    brief   voorstel%rowtype;
    rij     bezetting%rowtype;
    codes   jsonb;
    waarom  constant text := 'Deze plek is uitgesloten.';
    want    constant jsonb := '{"waarom": "uitgesloten"}';
begin
    if not exists (select from aanvraag a where a.id = $1 and a.regio = huidige_regio() and case huidige_rol()
            when 'schakelfunctionaris' then true
            when 'verwijzer' then a.organisatie_id = huidige_organisatie()
            when 'crisisdienst' then a.urgentie = 'crisis'
            else false end) then
        raise insufficient_privilege using message = 'no aanvraag of which something may be ended here';
    end if;
    brieven := array(
        select v.id from voorstel v
        where v.aanvraag_id = $1 and v.plek_id = any ($2)
          and (v.status in ('concept', 'definitief') or is_levend(v.status)));
    -- Brothers and sisters are answered as one.
    brieven := brieven || array(
        select w.id from voorstel w
        where w.id <> all (brieven) and (w.status in ('concept', 'definitief') or is_levend(w.status))
          and w.bundel_id in (select z.bundel_id from voorstel z where z.id = any (brieven)));
    for brief in
        select v.* from voorstel v
        where v.id = any (brieven) and (v.status = 'concept' or is_levend(v.status))
        order by v.aanvraag_id, v.id
    loop
        update voorstel v set status = 'ingetrokken', klaar_op = nu, versie = v.versie + 1 where v.id = brief.id;
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1
        where b.id = brief.optie_id and b.soort = 'optie' and b.vrijgegeven_op is null;
        perform schrijf_gebeurtenis(brief.aanvraag_id, 'voorstel_ingetrokken', nu, waarom, null, brief.id, brief.plek_id, want);
    end loop;
    -- Held together, for who may not be apart: what is left of it is of no use.
    for rij in
        select b.* from bezetting b join aanvraag z on z.id = b.aanvraag_id
        where b.soort = 'optie' and b.vrijgegeven_op is null and (
            b.aanvraag_id = $1 and b.plek_id = any ($2)
            or exists (
                select from aanvraag a join samenplaatsing s on s.id = a.samenplaatsing_id and not s.mag_splitsen
                where a.id = $1 and z.samenplaatsing_id = s.id)
               and exists (
                select from plek p join voorziening v on v.id = p.voorziening_id
                join voorziening w on w.locatie_id = v.locatie_id join plek q on q.voorziening_id = w.id
                where p.id = any ($2) and q.id = b.plek_id))
        order by b.aanvraag_id, b.id
    loop
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1 where b.id = rij.id;
        perform schrijf_gebeurtenis(rij.aanvraag_id, 'optie_vrij', nu, waarom, null, null, rij.plek_id,
                                    want || jsonb_build_object('optie', rij.id));
    end loop;
    -- Promised, and the child has not come: it does not go on.
    for rij in
        select b.* from bezetting b
        where b.soort = 'plaatsing' and b.vrijgegeven_op is null and b.beeindigd_op is null and b.begonnen_op is null
          and b.definitief_op is not null and (
            b.aanvraag_id = $1 and b.plek_id = any ($2)
            or exists (select from voorstel v where v.id = any (brieven) and v.status = 'definitief'
                       and v.aanvraag_id = b.aanvraag_id and v.plek_id = b.plek_id))
        order by b.aanvraag_id, b.id
    loop
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1 where b.id = rij.id;
        update voorstel v set status = 'ingetrokken', versie = v.versie + 1
        where v.aanvraag_id = rij.aanvraag_id and v.plek_id = rij.plek_id and v.status = 'definitief';
        perform trek_vervolg_in(rij.id, nu);
        perform schrijf_gebeurtenis(rij.aanvraag_id, 'afgezegd', nu, waarom, null, null, rij.plek_id,
                                    want || jsonb_build_object('plaatsing', rij.id));
    end loop;
    -- Who lives there, does not leave by itself: people must decide, and hear so at once.
    for rij in
        select b.* from bezetting b
        where b.soort = 'plaatsing' and b.vrijgegeven_op is null and b.beeindigd_op is null and b.plek_id = any ($2)
          and (b.begonnen_op is not null or b.definitief_op is null)
          and (b.aanvraag_id = $1 or b.id = (select a.vervolg_van from aanvraag a where a.id = $1 and is_open(a.status)))
        order by b.id
    loop
        codes := jsonb_build_object('alarm', 'uitgesloten', 'dag', lower(rij.periode), 'ernst', 'verstreken');
        if not exists (select from gebeurtenis g where g.aanvraag_id = $1 and g.soort = 'alarm' and g.gegevens = codes) then
            perform schrijf_gebeurtenis($1, 'alarm', nu, null, null, null, null, codes);
        end if;
    end loop;
end;
$$;
comment on function sluit_uit(uuid, uuid[], timestamptz) is
    'What ends when a child must not be on these plekken: voorstellen as bundles, opties, and plaatsingen that have yet to begin, each with its gebeurtenis. A stay that runs is told to the loket. After vergrendel_uitsluiting().';

create function gebruik_machtigingen(
    aanvraag uuid, was date, maanden integer, gesloten_maanden integer, spoed_dagen integer, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    kind aanvraag%rowtype;
begin
    select a.* into kind from aanvraag a
    where a.id = $1 and case huidige_rol()
        when 'schakelfunctionaris' then a.regio = huidige_regio()
        when 'verwijzer' then a.regio = huidige_regio() and a.organisatie_id = huidige_organisatie()
        when 'crisisdienst' then a.regio = huidige_regio() and a.urgentie = 'crisis'
        when 'aanbieder' then exists (
            select from bezetting b join plek p on p.id = b.plek_id
            where b.aanvraag_id = a.id and p.aanbieder_id = huidige_organisatie() and b.soort = 'plaatsing')
        else false end;
    if kind.id is null then
        raise insufficient_privilege using message = 'no aanvraag of which a machtiging may be used here';
    end if;
    maanden := coalesce((select (i.waarde #>> '{}')::integer from instelling i
        where i.regio = kind.regio and i.sleutel = 'machtiging_ongebruikt_maanden'), maanden);
    gesloten_maanden := coalesce((select (i.waarde #>> '{}')::integer from instelling i
        where i.regio = kind.regio and i.sleutel = 'gesloten_ongebruikt_maanden'), gesloten_maanden);
    spoed_dagen := coalesce((select (i.waarde #>> '{}')::integer from instelling i
        where i.regio = kind.regio and i.sleutel = 'spoedmachtiging_dagen'), spoed_dagen);
    -- The day on which the child came was put right.
    update machtiging m set ten_uitvoer_op = null
    where m.aanvraag_id = $1 and m.ten_uitvoer_op = was and m.soort <> 'voorwaardelijk';
    update machtiging m set ten_uitvoer_op = g.dag
    from (
        select x.id, min(x.dag) as dag
        from (
            select n.id, n.soort, n.geldigheid, greatest(b.begonnen_op, lower(n.geldigheid)) as dag, b.beeindigd_op
            from machtiging n
            join bezetting b on b.aanvraag_id = n.aanvraag_id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
                and b.begonnen_op is not null
            join plek p on p.id = b.plek_id join voorziening v on v.id = p.voorziening_id
            where n.aanvraag_id = $1 and n.ten_uitvoer_op is null and n.soort <> 'voorwaardelijk'
              and v.zorgvorm = any (n.zorgvormen) and (not v.gesloten or n.soort = 'gesloten')) as x
        where x.dag <= (nu at time zone 'Europe/Amsterdam')::date and x.dag < upper(x.geldigheid)
          and x.dag < coalesce(x.beeindigd_op, 'infinity')
          and x.dag < lower(x.geldigheid) + case x.soort
              when 'spoed' then make_interval(days => spoed_dagen)
              when 'gesloten' then make_interval(months => gesloten_maanden)
              else make_interval(months => maanden) end
        group by x.id) as g
    where m.id = g.id;
    if found or was is not null then
        update aanvraag a set versie = a.versie + 1 where a.id = $1;
    end if;
end;
$$;
comment on function gebruik_machtigingen(uuid, date, integer, integer, integer, timestamptz) is
    'A child that lives where a machtiging is for, makes that machtiging used, from the first day on which both are so; not one that had lapsed by then. Also when a provider says that the child came, which reads no machtiging.';

revoke execute on function plekken_van(uuid[]), vergrendel_uitsluiting(uuid, timestamptz), sluit_uit(uuid, uuid[], timestamptz),
    gebruik_machtigingen(uuid, date, integer, integer, integer, timestamptz) from public;
grant execute on function plekken_van(uuid[]), vergrendel_uitsluiting(uuid, timestamptz), sluit_uit(uuid, uuid[], timestamptz),
    gebruik_machtigingen(uuid, date, integer, integer, integer, timestamptz) to loket_app;

-- ── Routes beside a plek, and what an opschaling knows and asks ──────────────────────────────────
-- routesoorten.py says per soort which states there are, in which order, and what must be there for each.

create type route_soort as enum
    ('netwerkplaatsing', 'tussenvoorziening', 'overbrugging', 'maatwerk', 'pgb', 'andere_regio', 'jeugdzorgplus',
     'achttien_plus');

create type route_staat as enum
    ('onderzoek', 'vgb', 'besluit', 'gezocht', 'aangevraagd', 'toegezegd', 'loopt', 'offerte_gevraagd',
     'offerte_ontvangen', 'akkoord', 'gekozen', 'budgetplan', 'regio_gevraagd', 'voorbereiding', 'aangemeld',
     'toegewezen', 'vooruitkijken', 'plan_gemaakt', 'geregeld', 'geslaagd', 'niet_geslaagd', 'gestopt');

create type opschaling_nodig as enum
    ('kan_toch', 'extra_personeel', 'deskundigheid', 'aanpassing', 'ander_tarief', 'andere_groep', 'later',
     'meer_weten', 'kan_niet', 'anders');

create table route (
    id             uuid        not null default gen_random_uuid(),
    regio          text        not null,
    aanvraag_id    uuid        not null,
    soort          route_soort not null,
    staat          route_staat not null,
    details        jsonb       not null,
    termijn        date        not null,
    gewaarschuwd_op timestamptz,
    begonnen_op    timestamptz not null,
    klaar_op       timestamptz,
    reden          text,
    versie         integer     not null default 1,
    constraint route_pk primary key (id),
    constraint route_details_vorm check (
        jsonb_typeof(details) = 'object' and details ->> 'soort' = soort::text and length(details::text) <= 8000),
    constraint route_klaar_vorm check ((staat in ('geslaagd', 'niet_geslaagd', 'gestopt')) = (klaar_op is not null)),
    constraint route_einde_met_reden check (staat not in ('niet_geslaagd', 'gestopt') or reden is not null),
    constraint route_reden_kort check (length(reden) between 1 and 300),
    constraint route_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade
);
comment on table route is 'A way beside a plek, for one child: it has states and a term, and does not make the aanvraag end by itself.';
comment on column route.details is 'Typed per soort; what must be filled in for a state, routesoorten.py says.';
comment on column route.termijn is 'The last day on which nobody is warned.';
comment on column route.gewaarschuwd_op is 'The alarm of this term was given.';
create unique index route_een_open on route (aanvraag_id, soort)
    where klaar_op is null and soort in ('pgb', 'jeugdzorgplus', 'achttien_plus');
create index route_aanvraag on route (aanvraag_id);
create index route_open on route (regio, termijn) where klaar_op is null;

create table opschaling_dossier (
    opschaling_id uuid  not null,
    regio         text  not null,
    aanvraag_id   uuid  not null,
    inhoud        jsonb not null,
    constraint opschaling_dossier_pk primary key (opschaling_id),
    constraint opschaling_dossier_vorm check (jsonb_typeof(inhoud) = 'object'),
    constraint opschaling_dossier_opschaling_fk foreign key (opschaling_id, regio)
        references opschaling (id, regio) on delete cascade,
    constraint opschaling_dossier_aanvraag_fk foreign key (aanvraag_id, regio)
        references aanvraag (id, regio) on delete cascade
);
comment on table opschaling_dossier is
    'As it was when the opschaling was opened: what was tried, why each place falls out, the smallest changes; codes and ids. For the loket only: the rules of safety and group mix stand in it.';
create index opschaling_dossier_aanvraag on opschaling_dossier (aanvraag_id);

create table opschaling_vraag (
    id              uuid        not null default gen_random_uuid(),
    regio           text        not null,
    aanbod_regio    text        not null,
    opschaling_id   uuid        not null,
    aanvraag_id     uuid        not null,
    aanbieder_id    uuid        not null,
    voorziening_id  uuid        not null,
    regels          text[]      not null,
    gesteld_op      timestamptz not null,
    antwoord_voor   date        not null,
    nodig           opschaling_nodig,
    vanaf           date,
    toelichting     text,
    beantwoord_op   timestamptz,
    beantwoord_door uuid,
    gesloten_op     timestamptz,
    versie          integer     not null default 1,
    constraint opschaling_vraag_pk primary key (id),
    constraint opschaling_vraag_een_per_voorziening unique (opschaling_id, voorziening_id),
    constraint opschaling_vraag_antwoord_vorm check (
        num_nonnulls(nodig, beantwoord_op, beantwoord_door) in (0, 3) and (nodig is not null or toelichting is null)),
    constraint opschaling_vraag_later_met_dag check ((nodig is not distinct from 'later') = (vanaf is not null)),
    constraint opschaling_vraag_anders_met_uitleg check (nodig is distinct from 'anders' or toelichting is not null),
    constraint opschaling_vraag_toelichting_kort check (length(toelichting) between 1 and 300),
    constraint opschaling_vraag_opschaling_fk foreign key (opschaling_id, regio)
        references opschaling (id, regio) on delete cascade,
    constraint opschaling_vraag_aanvraag_fk foreign key (aanvraag_id, regio)
        references aanvraag (id, regio) on delete cascade,
    constraint opschaling_vraag_voorziening_fk foreign key (voorziening_id, aanbieder_id, aanbod_regio)
        references voorziening (id, aanbieder_id, regio)
);
comment on table opschaling_vraag is
    'Asked of a provider where it nearly fits: what do you need to be able to say yes? It sees nothing more of the child.';
comment on column opschaling_vraag.regels is 'Codes of what is in the way there, without those that would reveal a child.';
comment on column opschaling_vraag.regio is 'Region of the child; aanbod_regio is that of the provider.';
comment on column opschaling_vraag.gesloten_op is 'The opschaling ended: no answer is needed any more.';
create index opschaling_vraag_aanvraag on opschaling_vraag (aanvraag_id);
create index opschaling_vraag_aanbieder on opschaling_vraag (aanbieder_id, gesteld_op desc);

do $$
declare
    t text;
begin
    foreach t in array array['route', 'opschaling_dossier', 'opschaling_vraag'] loop
        execute format('alter table %I enable row level security', t);
    end loop;
end;
$$;

create policy lees on route for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
create policy maak on route for insert with check (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
create policy wijzig on route for update using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'verwijzer' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
comment on policy lees on route is 'The loket, and the verwijzer whose aanvraag it is: they do it together.';

create policy loket on opschaling_dossier
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');

create policy lees on opschaling_vraag for select using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
    else false end);
create policy maak on opschaling_vraag for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
    and (aanbod_regio = (select huidige_regio()) or aanbod_regio = any ((select gedeelde_regios())::text[])));
create policy wijzig on opschaling_vraag for update using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
    when 'aanbieder' then aanbod_regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
        and gesloten_op is null
    else false end);
comment on policy wijzig on opschaling_vraag is 'The provider answers; the loket writes down what it heard, and closes.';

grant select, insert on route, opschaling_dossier, opschaling_vraag to loket_app;
grant update (staat, details, termijn, gewaarschuwd_op, klaar_op, reden, versie) on route to loket_app;
grant update (opschaling_id, nodig, vanaf, toelichting, beantwoord_op, beantwoord_door, gesloten_op, versie)
    on opschaling_vraag to loket_app;

-- ── The waiting list, and figures to learn from ──────────────────────────────────────────────────
-- Positions, counts and medians come from functions that run as the owner: who asks may read none or few of the rows.

create type wachtplaats as enum ('thuis', 'crisis', 'overbrugging', 'elders');
comment on type wachtplaats is 'Where a child waits; elders: somewhere that it must leave.';

create type wacht_vanaf as enum ('aanmelding', 'grondslag', 'gewenste_start');
comment on type wacht_vanaf is 'From which of its dates a wait is counted.';

create type keuze_reden as enum
    ('loopt_al', 'zei_eerder_nee', 'gaf_geen_antwoord', 'wens_kind_of_ouder', 'wens_verwijzer', 'dichter_bij',
     'zo_thuis_mogelijk', 'samen', 'zei_telefonisch_nee', 'andere_reden', 'niet_gezegd');
comment on type keuze_reden is
    'Why a voorziening that stood higher was not asked. The first three follow from what happened, niet_gezegd when nobody said.';

create type cijfer_soort as enum ('voorstellen', 'afwijzingen', 'gepasseerd', 'verblijven', 'samenplaatsingen');

create table voorstel_keuze (
    voorstel_id    uuid        not null,
    regio          text        not null,
    aanvraag_id    uuid        not null,
    aanbieder_id   uuid        not null,
    voorziening_id uuid        not null,
    rang           integer     not null,
    reden          keuze_reden not null,
    constraint voorstel_keuze_pk primary key (voorstel_id, voorziening_id),
    constraint voorstel_keuze_rang_positief check (rang > 0),
    constraint voorstel_keuze_voorstel_fk foreign key (voorstel_id) references voorstel (id) on delete cascade,
    constraint voorstel_keuze_aanvraag_fk foreign key (aanvraag_id, regio) references aanvraag (id, regio) on delete cascade,
    constraint voorstel_keuze_aanbieder_fk foreign key (aanbieder_id) references aanbieder,
    constraint voorstel_keuze_voorziening_fk foreign key (voorziening_id) references voorziening
);
comment on table voorstel_keuze is
    'Which voorzieningen stood higher in the rangschikking when a voorstel was sent, and why they were passed over: equal treatment can be looked at.';
create index voorstel_keuze_aanvraag on voorstel_keuze (aanvraag_id);
create index voorstel_keuze_aanbieder on voorstel_keuze (aanbieder_id);

alter table voorstel_keuze enable row level security;
create policy lees on voorstel_keuze for select using (
    regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');
create policy maak on voorstel_keuze for insert with check (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'crisisdienst' then exists (select from aanvraag a where a.id = aanvraag_id)
        else false end);
grant select, insert on voorstel_keuze to loket_app;

-- Of no use since 0031: it goes with the next migration that takes away.
create function dagen(perioden datemultirange) returns integer
    language sql immutable parallel safe
    return coalesce((select sum(upper(p) - lower(p)) from unnest(perioden) as p), 0)::integer;

create function wachtenden()
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
comment on function wachtenden() is
    'Not for the app role: everybody of the region who looks for a place, or has one and has yet to come there (geplaatst_per), and where they wait.';

create function wachtlijst(vanaf wacht_vanaf)
    returns table (aanvraag_id uuid, nummer text, urgentie urgentie, waar wachtplaats, aanmelding date, grondslag date,
                   gewenste_start date, zorgvorm text, positie bigint, uit bigint, geplaatst_per date)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select p.id, p.nummer, p.urgentie, p.waar, p.aanmelding, p.grondslag, p.gewenste_start, p.zorgvorm,
           case when p.geplaatst_per is null then p.positie end, p.uit, p.geplaatst_per
    from (
        select w.*, z.code as zorgvorm,
               rank() over (
                   partition by z.code, w.geplaatst_per is null
                   order by w.urgentie,
                            case vanaf when 'aanmelding' then w.aanmelding when 'grondslag' then w.grondslag
                                       else w.gewenste_start end nulls last,
                            w.aanmelding) as positie,
               count(*) filter (where w.geplaatst_per is null) over (partition by z.code) as uit
        from wachtenden() w cross join lateral unnest(w.zorgvormen) as z (code)) as p
    where case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'verwijzer' then p.organisatie_id = huidige_organisatie()
        else false end;
end;
comment on function wachtlijst(wacht_vanaf) is
    'Where each aanvraag stands in the list of each zorgvorm it asks for, among all of the region; a verwijzer gets its own only. Who has a place and has yet to come there, stands nowhere.';

create function wacht_tellingen()
    returns table (zorgvorm text, urgentie urgentie, waar wachtplaats, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select z.code, w.urgentie, w.waar, count(*)
    from wachtenden() w cross join lateral unnest(w.zorgvormen) as z (code)
    where w.geplaatst_per is null and huidige_rol() in ('schakelfunctionaris', 'contractbeheer')
    group by z.code, w.urgentie, w.waar
    order by z.code, w.urgentie, w.waar;
end;

create function wacht_geschiedenis(vanaf wacht_vanaf, sinds date, vandaag date)
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
comment on function wacht_geschiedenis(wacht_vanaf, date, date) is
    'How long everybody waited whose wait began in these days, per zorgvorm that was asked: until the child came (voorbij), or for as long as was seen.';

create function cijfer_regels(wat cijfer_soort, van date, tot date)
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
comment on function cijfer_regels(cijfer_soort, date, date) is
    'As cijfer_tellingen, per verantwoordelijke gemeente of the child; null where that is not known any more.';

create function cijfer_tellingen(wat cijfer_soort, van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, code text, aantal bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select r.aanbieder_id, r.aanbieder, r.zorgvorm, r.code, sum(r.aantal)::bigint
    from cijfer_regels(wat, van, tot) r
    group by r.aanbieder_id, r.aanbieder, r.zorgvorm, r.code;
end;
comment on function cijfer_tellingen(cijfer_soort, date, date) is
    'How often: voorstellen that were sent, what was declined and why, who was passed over and why, how stays ended, brothers and sisters together or not. Small numbers are hidden by onderdrukking.py.';

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
comment on function cijfer_aanbod(date, date, text) is
    'As cijfer_aanbod, of places whose address is public and in this gemeente (null: all), and then without contracts and waits.';

create function cijfer_aanbod(van date, tot date)
    returns table (aanbieder_id uuid, aanbieder text, zorgvorm text, bestaat float8, open float8, bezet float8,
                   gestopt float8, onbemenst float8, onbekend float8, minimum_capaciteit integer, maximum_wachttijd integer,
                   begonnen bigint, wachtdagen integer)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select * from cijfer_aanbod(van, tot, null);
end;
comment on function cijfer_aanbod(date, date) is
    'Per aanbieder and zorgvorm: how many plekken there were on an average day of these, how many really open (staffed or lived in, and not stopped), and the median wait; beside what the contract says.';

create function cijfer_wachttijden(van date, tot date)
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
comment on function cijfer_wachttijden(date, date) is
    'Of the children of the region who came to live somewhere in these days: how many, and the median days since each date. Of who is anonymous the month of the start is known only about.';

create function cijfer_geplaatst(van date, tot date)
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
comment on function cijfer_geplaatst(date, date) is
    'As cijfer_wachttijden, child by child: where it came, of which gemeente it is, whether that is outside the region (null: not known any more). Small numbers are hidden by gemeenten.py.';

revoke execute on function cijfer_regels(cijfer_soort, date, date), cijfer_aanbod(date, date, text),
    cijfer_geplaatst(date, date) from public;
grant execute on function cijfer_regels(cijfer_soort, date, date), cijfer_aanbod(date, date, text),
    cijfer_geplaatst(date, date) to loket_app;
revoke execute on function wachtenden(), wachtlijst(wacht_vanaf), wacht_tellingen(),
    wacht_geschiedenis(wacht_vanaf, date, date), cijfer_tellingen(cijfer_soort, date, date), cijfer_aanbod(date, date),
    cijfer_wachttijden(date, date) from public;
grant execute on function wachtlijst(wacht_vanaf), wacht_tellingen(), wacht_geschiedenis(wacht_vanaf, date, date),
    cijfer_tellingen(cijfer_soort, date, date), cijfer_aanbod(date, date), cijfer_wachttijden(date, date) to loket_app;

-- ── Is a plek still so; providers that stop ──────────────────────────────────────────────────────

create type beeindiging_reden as enum ('faillissement', 'personeel', 'contract', 'kwaliteit', 'gebouw', 'anders');

create type overdracht_besluit as enum ('uitloop', 'overdracht');

create table bevestigverzoek (
    id           uuid        not null default gen_random_uuid(),
    regio        text        not null,
    aanbieder_id uuid        not null,
    dag          date        not null,
    plekken      uuid[]      not null,
    gevraagd_op  timestamptz not null,
    geldig_tot   timestamptz not null,
    constraint bevestigverzoek_pk primary key (id),
    constraint bevestigverzoek_id_regio unique (id, regio),
    constraint bevestigverzoek_een_per_dag unique (aanbieder_id, dag),
    constraint bevestigverzoek_over_iets check (cardinality(plekken) > 0),
    constraint bevestigverzoek_geldig_vorm check (geldig_tot > gevraagd_op),
    constraint bevestigverzoek_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio)
);
comment on table bevestigverzoek is 'Asked of an aanbieder whether these plekken are still so: once a day at most.';

create table bevestiglink (
    hash         bytea not null,
    regio        text  not null,
    verzoek_id   uuid  not null,
    gebruiker_id uuid  not null,
    constraint bevestiglink_pk primary key (hash),
    constraint bevestiglink_hash_lengte check (length(hash) = 32),
    constraint bevestiglink_verzoek_fk foreign key (verzoek_id, regio)
        references bevestigverzoek (id, regio) on delete cascade,
    constraint bevestiglink_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade
);
comment on table bevestiglink is
    'With the secret in a mail somebody answers a bevestigverzoek without login, until it expires. Of each try to send the mail one; kept is the hash.';
create index bevestiglink_verzoek on bevestiglink (verzoek_id);

create table beeindiging (
    id             uuid              not null default gen_random_uuid(),
    regio          text              not null,
    aanbieder_id   uuid              not null,
    voorziening_id uuid,
    per            date              not null,
    reden          beeindiging_reden not null,
    toelichting    text,
    vastgelegd_op  timestamptz       not null,
    gebruiker_id   uuid              not null,
    door           rol               not null default 'schakelfunctionaris',
    teruggenomen_op timestamptz,
    teruggenomen_door uuid,
    constraint beeindiging_pk primary key (id),
    constraint beeindiging_terug_vorm check ((teruggenomen_op is null) = (teruggenomen_door is null)),
    constraint beeindiging_toelichting_kort check (length(toelichting) between 1 and 300),
    constraint beeindiging_anders_met_uitleg check (reden <> 'anders' or toelichting is not null),
    constraint beeindiging_aanbieder_fk foreign key (aanbieder_id, regio) references aanbieder (id, regio),
    constraint beeindiging_voorziening_fk foreign key (voorziening_id, aanbieder_id, regio)
        references voorziening (id, aanbieder_id, regio)
);
comment on table beeindiging is 'An aanbieder stops, or (voorziening_id) with one voorziening: from the day `per` on there are no places.';
comment on column beeindiging.door is 'What an aanbieder announced itself, it may take back itself.';
comment on column beeindiging.teruggenomen_op is 'It does not stop after all: as if it had not been said, but for what was let go.';
create unique index beeindiging_een on beeindiging (aanbieder_id, voorziening_id) nulls not distinct
    where teruggenomen_op is null;

create table beeindiging_plaatsing (
    bezetting_id   uuid not null,
    beeindiging_id uuid not null,
    regio          text not null,
    vraag_regio    text not null,
    aanvraag_id    uuid,
    besluit        overdracht_besluit,
    uitloop_tot    date,
    overdracht_id  uuid,
    besloten_op    timestamptz,
    besloten_door  uuid,
    constraint beeindiging_plaatsing_pk primary key (bezetting_id),
    constraint beeindiging_plaatsing_besluit_vorm check (
        (besluit is null) = (besloten_op is null) and (besluit is null) = (besloten_door is null)
        and (besluit is not distinct from 'uitloop') = (uitloop_tot is not null)),
    constraint beeindiging_plaatsing_beeindiging_fk foreign key (beeindiging_id) references beeindiging (id),
    constraint beeindiging_plaatsing_bezetting_fk foreign key (bezetting_id) references bezetting (id) on delete cascade,
    constraint beeindiging_plaatsing_aanvraag_fk foreign key (aanvraag_id, vraag_regio)
        references aanvraag (id, regio) on delete cascade,
    constraint beeindiging_plaatsing_overdracht_fk foreign key (overdracht_id) references aanvraag (id) on delete set null
);
comment on table beeindiging_plaatsing is
    'Who lives there beyond that day: either an uitloopovereenkomst, or an aanvraag for another place. Undecided ones stay in sight.';
comment on column beeindiging_plaatsing.regio is 'Of the plek; vraag_regio is that of the child, whose loket decides.';
create index beeindiging_plaatsing_beeindiging on beeindiging_plaatsing (beeindiging_id);
create index beeindiging_plaatsing_aanvraag on beeindiging_plaatsing (aanvraag_id) where aanvraag_id is not null;
create index beeindiging_plaatsing_overdracht on beeindiging_plaatsing (overdracht_id) where overdracht_id is not null;

create function leg_aanbod_vast(aanbieder uuid, soort gebeurtenis_soort, nu timestamptz, reden text, gegevens jsonb)
    returns uuid
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    gebeurd uuid;
begin
    if (huidige_rol() is distinct from 'schakelfunctionaris'
            and (huidige_rol() is distinct from 'aanbieder' or $1 is distinct from huidige_organisatie()
                 or $2 = 'bevestiging_gevraagd'))
       or $2 not in ('aanbieder_stopt', 'aanbieder_gaat_door', 'bevestiging_gevraagd')
       or not exists (select from aanbieder a where a.id = $1 and a.regio = huidige_regio()) then
        raise insufficient_privilege using message = 'no aanbieder of which this may be written down here';
    end if;
    insert into gebeurtenis (regio, op, soort, aanbieder_id, gebruiker_id, namens_id, rol, reden, gegevens)
    values (huidige_regio(), $3, $2, $1, huidige_gebruiker(), nullif(current_setting('loket.namens', true), '')::uuid,
            huidige_rol()::rol, $4, $5)
    returning id into gebeurd;
    return gebeurd;
end;
$$;
comment on function leg_aanbod_vast(uuid, gebeurtenis_soort, timestamptz, text, jsonb) is
    'What happened to an aanbieder and to no child in particular; the other writer of gebeurtenis is leg_vast().';

create function bevestigers(aanbieder uuid, urgentie urgentie, nu timestamptz)
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
comment on function bevestigers(uuid, urgentie, timestamptz) is
    'Who of an aanbieder can be asked by mail, and how each wants to be told (NULL: not chosen).';

create function open_bevestiglink(hash bytea, nu timestamptz)
    returns table (verzoek_id uuid, regio text, aanbieder_id uuid, gebruiker_id uuid, plekken uuid[],
                   gevraagd_op timestamptz, geldig_tot timestamptz)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select v.id, v.regio, v.aanbieder_id, g.id, v.plekken, v.gevraagd_op, v.geldig_tot
    from bevestiglink l
    join bevestigverzoek v on v.id = l.verzoek_id
    join gebruiker g on g.id = l.gebruiker_id and g.actief and g.rol = 'aanbieder' and g.aanbieder_id = v.aanbieder_id
    where l.hash = $1 and v.geldig_tot > $2;
end;
comment on function open_bevestiglink(bytea, timestamptz) is 'Before anybody is known: by the hash of a secret that only the mail had.';

create function spreek_tegen(plek uuid, nu timestamptz) returns table (soort bezetting_soort, van date, voorstel boolean)
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    vandaag date := (nu at time zone 'Europe/Amsterdam')::date;
    rij     bezetting%rowtype;
begin
    if $1 <> all (eigen_plekken()) then
        raise insufficient_privilege using message = 'no plek of the aanbieder that asks';
    end if;
    if exists (
        select from bezetting b
        where b.plek_id = $1 and b.soort = 'plaatsing' and b.vrijgegeven_op is null and b.beeindigd_op is null
          and lower(b.periode) <= vandaag) then
        return;
    end if;
    for rij in
        select b.* from bezetting b
        where b.plek_id = $1 and b.vrijgegeven_op is null and b.periode && daterange(vandaag, null)
          and (b.soort <> 'optie' or b.vervalt_op > nu)
        order by lower(b.periode), b.id
    loop
        if rij.aanvraag_id is not null and not exists (
            select from gebeurtenis g
            where g.aanvraag_id = rij.aanvraag_id and g.soort = 'alarm' and g.gegevens ->> 'alarm' = 'plek_bezet'
              and g.gegevens ->> 'bezetting' = rij.id::text and g.gegevens ->> 'dag' = vandaag::text) then
            perform schrijf_gebeurtenis(
                rij.aanvraag_id, 'alarm', nu, null, null, null, null, jsonb_build_object(
                    'alarm', 'plek_bezet', 'dag', vandaag, 'ernst', 'verstreken', 'bezetting', rij.id));
        end if;
        return query select rij.soort, lower(rij.periode), exists (
            select from voorstel v where v.optie_id = rij.id and is_levend(v.status));
    end loop;
end;
$$;
comment on function spreek_tegen(uuid, timestamptz) is
    'A provider says that a plek is taken that is held or promised: what stands there, without who, and the loket of each child is told, once a day. Nothing when somebody lives there, because then both say the same. After our turn on the plek.';
revoke execute on function spreek_tegen(uuid, timestamptz) from public;
grant execute on function spreek_tegen(uuid, timestamptz) to loket_app;

create function versheidscijfers(sinds timestamptz, tot timestamptz, dagen integer)
    returns table (aanbieder_id uuid, aanbieder text, gevraagd bigint, geen_personeel bigint, weigert bigint, bezet bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.naam, count(*), count(*) filter (where x.reden = 'geen_personeel'),
           count(*) filter (where x.reden = 'aanbieder_weigert'),
           count(*) filter (where x.bezet and x.reden is distinct from 'geen_personeel'
                            and x.reden is distinct from 'aanbieder_weigert')
    from voorstel v
    join aanbieder a on a.id = v.aanbieder_id
    join aanvraag k on k.id = v.aanvraag_id and k.geanonimiseerd_op is null
    cross join lateral (
        select c.op, c.beschikbaarheid from bevestiging c
        where c.plek_id = v.plek_id and c.op <= v.verzonden_op
        order by c.op desc, c.id desc limit 1) as zei
    cross join lateral (
        select (select b.reden from besluit b
                where b.aanvraag_id = v.aanvraag_id and b.voorziening_id = v.voorziening_id and b.uitkomst = 'afgewezen'
                  and b.op >= v.verzonden_op and v.status = 'afgewezen'
                order by b.op, b.id limit 1) as reden,
               exists (select from bezetting b
                       where b.plek_id = v.plek_id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
                         and b.aanvraag_id is null and b.periode @> v.van
                         and lower(b.periode) <= (v.verzonden_op at time zone 'Europe/Amsterdam')::date) as bezet) as x
    where v.aanbod_regio = huidige_regio() and v.verzonden_op >= sinds and v.verzonden_op < versheidscijfers.tot
      and zei.beschikbaarheid = 'bemenst' and zei.op >= v.verzonden_op - make_interval(days => dagen)
      and (v.beantwoord_op is not null or x.bezet)
      and case huidige_rol()
          when 'schakelfunctionaris' then true
          when 'contractbeheer' then true
          when 'aanbieder' then v.aanbieder_id = huidige_organisatie()
          else false end
    group by a.id, a.naam;
end;
comment on function versheidscijfers(timestamptz, timestamptz, integer) is
    'Per aanbieder: how often a plek that it had said to be free was asked for within so many days, and how often it then was not. Counts only. A child from elsewhere on a day for which we held the plek, was there already.';

create function plek_einde(plek uuid) returns date
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case when min(s.per) is not null then greatest(min(s.per), (
        select max(greatest(coalesce(upper(b.periode), 'infinity'), case when b.beeindigd_op is null then u.uitloop_tot end))
        from bezetting b left join beeindiging_plaatsing u on u.bezetting_id = b.id
        where b.plek_id = plek and b.soort = 'plaatsing' and b.vrijgegeven_op is null)) end
    from plek p
    join beeindiging s on s.aanbieder_id = p.aanbieder_id
        and (s.voorziening_id is null or s.voorziening_id = p.voorziening_id) and s.teruggenomen_op is null
    where p.id = plek;
end;
comment on function plek_einde(uuid) is
    'The first day on which a plek that was ended is gone: when whoever lives there is gone too. NULL: it was not ended; infinity: nobody knows when.';

create function plek_volgt_beeindiging() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    if coalesce(upper(new.bestaat), 'infinity') > plek_einde(new.id) then
        raise check_violation using constraint = 'plek_na_beeindiging', message = 'the aanbieder or voorziening stops before';
    end if;
    return null;
end;
$$;
create trigger plek_einde after insert or update of bestaat on plek
    for each row execute function plek_volgt_beeindiging();

create function kort_plek_in(plek uuid) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    -- One that would begin only then, has been there for a day.
    update plek p set bestaat = daterange(least(lower(p.bestaat), e.einde - 1), e.einde), versie = p.versie + 1
    from plek_einde(plek) as e (einde)
    where p.id = plek and e.einde <> 'infinity' and coalesce(upper(p.bestaat), 'infinity') > e.einde;
end;
comment on function kort_plek_in(uuid) is 'Not for the app role: a plek that was ended is gone as soon as nobody lives there.';

create function bezetting_volgt_beeindiging() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    perform kort_plek_in(new.plek_id);
    return null;
end;
$$;
create trigger bezetting_einde after update of periode, beeindigd_op, vrijgegeven_op on bezetting
    for each row when (new.soort = 'plaatsing') execute function bezetting_volgt_beeindiging();

create function beeindig_aanbod(beeindiging uuid, nu timestamptz) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    stopt    beeindiging%rowtype;
    bedden   uuid[];
    bed      uuid;
    brieven  uuid[];
    kinderen uuid[];
    brief    voorstel%rowtype;
    optie    bezetting%rowtype;
    waarom   constant text := 'De aanbieder stopt.';
begin
    select b.* into stopt from beeindiging b where b.id = $1 and b.regio = huidige_regio();
    if stopt.id is null or stopt.teruggenomen_op is not null or huidige_rol() is distinct from 'schakelfunctionaris'
       and (huidige_rol() is distinct from 'aanbieder' or stopt.aanbieder_id is distinct from huidige_organisatie()) then
        raise insufficient_privilege using message = 'no beeindiging that may be carried out here';
    end if;
    bedden := array(
        select p.id from plek p
        where p.aanbieder_id = stopt.aanbieder_id and (stopt.voorziening_id is null or p.voorziening_id = stopt.voorziening_id)
        order by p.id);
    -- Locks as always: all plekken and their voorzieningen, then what rests on them, which nobody adds to any more.
    foreach bed in array bedden loop
        perform pg_advisory_xact_lock(hashtextextended('bezetting ' || bed, 0));
    end loop;
    perform from voorziening v where v.id in (select p.voorziening_id from plek p where p.id = any (bedden))
    order by v.id for no key update;
    brieven := array(
        select v.id from voorstel v
        where (v.status = 'concept' or is_levend(v.status)) and v.plek_id = any (bedden)
          and coalesce(v.tot, 'infinity') > stopt.per);
    -- Brothers and sisters are answered as one.
    brieven := brieven || array(
        select v.id from voorstel v
        where (v.status = 'concept' or is_levend(v.status)) and v.id <> all (brieven)
          and v.bundel_id in (select z.bundel_id from voorstel z where z.id = any (brieven)));
    kinderen := array(
        select b.aanvraag_id from bezetting b
        where b.plek_id = any (bedden) and b.soort = 'optie' and b.vrijgegeven_op is null);
    perform vergrendel(bedden, kinderen, brieven, nu);
    foreach bed in array bedden loop
        perform ruim_verlopen_opties(bed, nu);
    end loop;

    for brief in
        select v.* from voorstel v
        where v.id = any (brieven) and (v.status = 'concept' or is_levend(v.status))
        order by v.aanvraag_id, v.id
    loop
        update voorstel v set status = 'ingetrokken', klaar_op = nu, versie = v.versie + 1 where v.id = brief.id;
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1
        where b.id = brief.optie_id and b.soort = 'optie' and b.vrijgegeven_op is null;
        perform schrijf_gebeurtenis(brief.aanvraag_id, 'voorstel_ingetrokken', nu, waarom, null, brief.id, brief.plek_id,
                                    jsonb_build_object('beeindiging', stopt.id));
    end loop;
    for optie in
        select b.* from bezetting b
        where b.plek_id = any (bedden) and b.soort = 'optie' and b.vrijgegeven_op is null
          and coalesce(upper(b.periode), 'infinity') > stopt.per
        order by b.aanvraag_id, b.id
    loop
        update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1 where b.id = optie.id;
        perform schrijf_gebeurtenis(optie.aanvraag_id, 'optie_vrij', nu, waarom, null, null, optie.plek_id,
                                    jsonb_build_object('optie', optie.id, 'beeindiging', stopt.id));
    end loop;
    -- As it was before any of the beeindigingen that stand: it comes back when they are taken back.
    insert into beeindiging_plek (beeindiging_id, plek_id, regio, bestond, stops)
    select stopt.id, p.id, p.regio,
           coalesce((select e.bestond from beeindiging_plek e join beeindiging s on s.id = e.beeindiging_id
                     where e.plek_id = p.id and s.teruggenomen_op is null order by s.vastgelegd_op, s.id limit 1), p.bestaat),
           coalesce((select jsonb_agg(jsonb_build_object('id', b.id, 'van', lower(b.periode), 'tot', upper(b.periode)))
                     from bezetting b
                     where b.plek_id = p.id and b.soort = 'stop' and b.vrijgegeven_op is null
                       and upper(b.periode) > stopt.per), '[]')
    from plek p where p.id = any (bedden)
    on conflict (beeindiging_id, plek_id) do nothing;
    update bezetting b set vrijgegeven_op = nu, versie = b.versie + 1
    where b.plek_id = any (bedden) and b.soort = 'stop' and b.vrijgegeven_op is null and lower(b.periode) >= stopt.per;
    update bezetting b set periode = daterange(lower(b.periode), stopt.per), versie = b.versie + 1
    where b.plek_id = any (bedden) and b.soort = 'stop' and b.vrijgegeven_op is null and upper(b.periode) > stopt.per;

    -- Also who should have gone already: when that child goes, nobody knows. An uitloop is agreed with who goes on.
    insert into beeindiging_plaatsing as o (bezetting_id, beeindiging_id, regio, vraag_regio, aanvraag_id)
    select b.id, stopt.id, b.regio, b.vraag_regio, b.aanvraag_id from bezetting b
    where b.plek_id = any (bedden) and b.soort = 'plaatsing' and b.beeindigd_op is null and b.vrijgegeven_op is null
      and (coalesce(upper(b.periode), 'infinity') > stopt.per
           or upper(b.periode) <= (nu at time zone 'Europe/Amsterdam')::date)
    on conflict (bezetting_id) do update
    set beeindiging_id = excluded.beeindiging_id, besluit = nullif(o.besluit, 'uitloop'), uitloop_tot = null,
        besloten_op = case when o.besluit = 'overdracht' then o.besloten_op end,
        besloten_door = case when o.besluit = 'overdracht' then o.besloten_door end;
    foreach bed in array bedden loop
        perform kort_plek_in(bed);
    end loop;
    perform leg_aanbod_vast(stopt.aanbieder_id, 'aanbieder_stopt', nu, null, jsonb_build_object(
        'beeindiging', stopt.id, 'voorziening', stopt.voorziening_id, 'per', stopt.per, 'reden', stopt.reden));
end;
$$;
comment on function beeindig_aanbod(uuid, timestamptz) is
    'All that follows from a beeindiging, at once: no voorstel, optie or stop reaches beyond its day, also of children of another region; who lives there is written down; the plekken are gone when nobody lives there.';

create function gun_uitloop(plaatsing uuid, tot date) returns void
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    update plek p set bestaat = daterange(lower(p.bestaat), $2), versie = p.versie + 1
    from bezetting b join beeindiging_plaatsing u on u.bezetting_id = b.id
    where b.id = $1 and p.id = b.plek_id and u.vraag_regio = huidige_regio() and huidige_rol() = 'schakelfunctionaris'
      and u.uitloop_tot = $2 and upper(p.bestaat) < $2;
end;
$$;
comment on function gun_uitloop(uuid, date) is
    'The plek of who may stay until then exists until then, as far as that was decided; also when it is of another region.';

create function open_overdracht(plaatsing uuid, nu timestamptz, crisisvormen text[], dagen integer[]) returns uuid
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    weg     beeindiging_plaatsing%rowtype;
    dag     date;
    vandaag date := (nu at time zone 'Europe/Amsterdam')::date;
    vorm    zorgvorm%rowtype;
    nieuw   aanvraag%rowtype;
    gemaakt uuid;
begin
    select u.* into weg from beeindiging_plaatsing u
    where u.bezetting_id = $1 and u.vraag_regio = huidige_regio() and huidige_rol() = 'schakelfunctionaris';
    if weg.bezetting_id is null then
        raise insufficient_privilege using message = 'no plaatsing that may be handed over here';
    end if;
    select s.per into dag from beeindiging s where s.id = weg.beeindiging_id;
    select z.* into vorm from bezetting b join plek p on p.id = b.plek_id join voorziening v on v.id = p.voorziening_id
    join zorgvorm z on z.regio = v.regio and z.code = v.zorgvorm where b.id = $1;
    -- After crisis or closed care there is one already; one that was closed, no place came of.
    select a.* into nieuw from aanvraag a where a.vervolg_van = $1;
    if nieuw.id is not null and nieuw.status in ('definitief', 'geplaatst') then
        return nieuw.id;
    elsif nieuw.id is null or not is_open(nieuw.status) then
        update aanvraag a set vervolg_van = null, versie = a.versie + 1 where a.vervolg_van = $1;
        gemaakt := open_vervolg($1, nu, true, '{}', '{}', '{}', dagen);
        select a.* into strict nieuw from aanvraag a where a.id = gemaakt for no key update;
        if vorm.code <> all (crisisvormen) then
            update aanvraag a
            set zorgvormen = vorm.code || array_remove(a.zorgvormen, vorm.code),
                zorgvorm_reden = case when vorm.gezinsvorm then a.zorgvorm_reden
                    else coalesce(a.zorgvorm_reden, 'Het kind woont nu in deze zorgvorm.') end,
                huidig_verblijf = (case when vorm.code like 'pleegzorg%' then 'pleeggezin' when vorm.gezinsvorm then 'gezinshuis'
                    else 'residentieel' end)::huidig_verblijf
            where a.id = nieuw.id;
        end if;
    end if;
    update aanvraag a
    set urgentie = least(a.urgentie, 'spoed'), urgentie_reden = 'De aanbieder stopt.',
        huidig_verblijf_tot = least(a.huidig_verblijf_tot, dag),
        gewenste_start = greatest(vandaag, least(a.gewenste_start, dag)),
        uiterlijke_datum = greatest(vandaag, least(a.gewenste_start, dag), least(a.uiterlijke_datum, dag)),
        gewijzigd_op = nu, versie = a.versie + 1
    where a.id = nieuw.id;
    if nieuw.urgentie > 'spoed' then
        perform schrijf_gebeurtenis(nieuw.id, 'urgentie', nu, 'De aanbieder stopt.', null, null, null,
                                    jsonb_build_object('was', nieuw.urgentie, 'wordt', 'spoed'));
    end if;
    return nieuw.id;
end;
$$;
comment on function open_overdracht(uuid, timestamptz, text[], integer[]) is
    'For who must leave because a provider stops: an aanvraag with priority, for the day on which it stops; the one after crisis or closed care, when there is one.';

create function beeindiging_stand(beeindigingen uuid[])
    returns table (id uuid, plaatsingen bigint, open bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select s.id, count(b.id), count(b.id) filter (where u.besluit is null)
    from beeindiging s
    left join beeindiging_plaatsing u on u.beeindiging_id = s.id
    left join bezetting b on b.id = u.bezetting_id and b.beeindigd_op is null and b.vrijgegeven_op is null
    where s.id = any (beeindigingen) and s.regio = huidige_regio() and case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'contractbeheer' then true
        when 'aanbieder' then s.aanbieder_id = huidige_organisatie()
        else false end
    group by s.id;
end;
comment on function beeindiging_stand(uuid[]) is 'How many still live there, and of how many nothing was decided. No child.';

do $$
declare
    t text;
begin
    foreach t in array array['bevestigverzoek', 'bevestiglink', 'beeindiging', 'beeindiging_plaatsing'] loop
        execute format('alter table %I enable row level security', t);
    end loop;
end;
$$;

create policy lees on bevestigverzoek for select using (
    regio = (select huidige_regio()) and case (select huidige_rol())
        when 'aanbieder' then aanbieder_id = (select huidige_organisatie())
        else (select huidige_rol()) in ('schakelfunctionaris', 'crisisdienst', 'contractbeheer') end);
create policy dienst on bevestigverzoek for insert with check (
    regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
    and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');
create policy dienst on bevestiglink
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');

create policy lees on beeindiging_plaatsing for select using (case (select huidige_rol())
    when 'schakelfunctionaris' then (select huidige_regio()) in (regio, vraag_regio)
    when 'verwijzer' then vraag_regio = (select huidige_regio()) and exists (select from aanvraag a where a.id = aanvraag_id)
    else false end);
create policy besluit on beeindiging_plaatsing for update
    using ((select huidige_rol()) = 'schakelfunctionaris' and vraag_regio = (select huidige_regio()));
comment on policy besluit on beeindiging_plaatsing is 'The loket of the child. Written by beeindig_aanbod().';
create policy lees on beeindiging for select using (case (select huidige_rol())
    when 'schakelfunctionaris' then regio = (select huidige_regio())
        or exists (select from beeindiging_plaatsing u where u.beeindiging_id = id)
    when 'contractbeheer' then regio = (select huidige_regio())
    when 'aanbieder' then regio = (select huidige_regio()) and aanbieder_id = (select huidige_organisatie())
    when 'verwijzer' then exists (select from beeindiging_plaatsing u where u.beeindiging_id = id)
    else false end);
create policy maak on beeindiging for insert with check (
    regio = (select huidige_regio()) and door = (select huidige_rol())::rol and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'aanbieder' then aanbieder_id = (select huidige_organisatie())
        else false end);
comment on policy maak on beeindiging is 'The loket, or the aanbieder itself.';

grant select, insert on bevestigverzoek, beeindiging to loket_app;
grant select, insert, delete on bevestiglink to loket_app;
grant select, update (besluit, uitloop_tot, overdracht_id, besloten_op, besloten_door) on beeindiging_plaatsing to loket_app;
revoke execute on function leg_aanbod_vast(uuid, gebeurtenis_soort, timestamptz, text, jsonb),
    bevestigers(uuid, urgentie, timestamptz), open_bevestiglink(bytea, timestamptz),
    versheidscijfers(timestamptz, timestamptz, integer), plek_einde(uuid), plek_volgt_beeindiging(), kort_plek_in(uuid),
    bezetting_volgt_beeindiging(), beeindig_aanbod(uuid, timestamptz), gun_uitloop(uuid, date),
    open_overdracht(uuid, timestamptz, text[], integer[]), beeindiging_stand(uuid[]) from public;
grant execute on function leg_aanbod_vast(uuid, gebeurtenis_soort, timestamptz, text, jsonb),
    bevestigers(uuid, urgentie, timestamptz), open_bevestiglink(bytea, timestamptz),
    versheidscijfers(timestamptz, timestamptz, integer), beeindig_aanbod(uuid, timestamptz), gun_uitloop(uuid, date),
    open_overdracht(uuid, timestamptz, text[], integer[]), beeindiging_stand(uuid[]) to loket_app;

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

-- ── Taken back: a provider that does not stop after all ──────────────────────────────────────────

create table beeindiging_plek (
    beeindiging_id uuid      not null,
    plek_id        uuid      not null,
    regio          text      not null,
    bestond        daterange not null,
    stops          jsonb     not null,
    constraint beeindiging_plek_pk primary key (beeindiging_id, plek_id),
    constraint beeindiging_plek_beeindiging_fk foreign key (beeindiging_id) references beeindiging (id),
    constraint beeindiging_plek_plek_fk foreign key (plek_id, regio) references plek (id, regio)
);
comment on table beeindiging_plek is
    'How a plek was before a beeindiging: until when it existed, and its stops beyond that day. For who takes it back.';
create index beeindiging_plek_plek on beeindiging_plek (plek_id);
alter table beeindiging_plek enable row level security;
-- Only the functions below read it; whoever asks the table itself, finds nothing.
create policy niemand on beeindiging_plek for select using (false);
grant select on beeindiging_plek to loket_app;

create function neem_beeindiging_terug(beeindiging uuid, nu timestamptz, waarom text) returns text[]
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
declare
    stopte   beeindiging%rowtype;
    bedden   uuid[];
    losgelaten uuid[];
    heel     uuid[];
    weg      text[];
    woont    record;
    bed      record;
    dicht    record;
    einde    date;
    vandaag  date := (nu at time zone 'Europe/Amsterdam')::date;
begin
    select b.* into stopte from beeindiging b where b.id = $1 and b.regio = huidige_regio();
    if stopte.id is null or huidige_rol() is distinct from 'schakelfunctionaris'
       and (huidige_rol() is distinct from 'aanbieder' or stopte.aanbieder_id is distinct from huidige_organisatie()
            or stopte.door <> 'aanbieder') then
        raise insufficient_privilege using message = 'no beeindiging that may be taken back here';
    end if;
    bedden := array(select e.plek_id from beeindiging_plek e where e.beeindiging_id = stopte.id);
    losgelaten := array(
        select distinct g.aanvraag_id from gebeurtenis g
        where g.soort in ('optie_vrij', 'voorstel_ingetrokken') and g.gegevens ->> 'beeindiging' = stopte.id::text
          and g.aanvraag_id is not null);
    perform vergrendel(bedden, losgelaten || array(
        select k from beeindiging_plaatsing u cross join unnest(array[u.aanvraag_id, u.overdracht_id]) as k
        where u.beeindiging_id = stopte.id and k is not null), '{}', nu);
    select b.* into stopte from beeindiging b where b.id = $1 and b.teruggenomen_op is null for update;
    if stopte.id is null then
        return null;
    end if;

    -- Who must leave for another beeindiging that stands, must still leave: with what was decided.
    update beeindiging_plaatsing u set beeindiging_id = z.ander
    from (select distinct on (w.bezetting_id) w.bezetting_id, s.id as ander
          from beeindiging_plaatsing w
          join bezetting b on b.id = w.bezetting_id
          join plek p on p.id = b.plek_id
          join beeindiging s on s.aanbieder_id = p.aanbieder_id and s.id <> stopte.id and s.teruggenomen_op is null
              and (s.voorziening_id is null or s.voorziening_id = p.voorziening_id)
              and coalesce(upper(b.periode), 'infinity') > s.per
          where w.beeindiging_id = stopte.id
          order by w.bezetting_id, s.per, s.id) as z
    where u.bezetting_id = z.bezetting_id;

    for woont in
        select u.aanvraag_id, u.bezetting_id, p.naam, a.id as verder,
               a.status in ('ingediend', 'in_behandeling')
               and not exists (select from voorstel v where v.aanvraag_id = a.id and v.status = 'concept')
               and not exists (select from route r where r.aanvraag_id = a.id and r.klaar_op is null) as onaangeroerd,
               is_open(a.status) or a.status in ('definitief', 'geplaatst') as loopt,
               -- Made by the decision itself; the one after crisis or closed care was there, and is still needed.
               exists (select from gebeurtenis g join gebeurtenis o on o.transactie = g.transactie
                       where g.aanvraag_id = u.aanvraag_id and g.soort = 'vervolg' and g.gegevens ->> 'vervolg' = a.id::text
                         and o.soort = 'overdracht' and o.gegevens ->> 'overdracht' = a.id::text) as hierdoor
        from beeindiging_plaatsing u
        join bezetting b on b.id = u.bezetting_id and b.beeindigd_op is null and b.vrijgegeven_op is null
        join plek p on p.id = b.plek_id
        join aanvraag a on a.id = u.overdracht_id
        where u.beeindiging_id = stopte.id
        order by a.id
    loop
        if woont.hierdoor and woont.loopt and not woont.onaangeroerd then
            weg := weg || woont.naam;
        elsif woont.hierdoor and woont.loopt then
            perform schrijf_gebeurtenis(woont.verder, 'ingetrokken', nu, 'De aanbieder stopt toch niet.', 'ingetrokken', null,
                                        null, jsonb_build_object('beeindiging', stopte.id));
        end if;
        perform schrijf_gebeurtenis(woont.aanvraag_id, 'overdracht_vervalt', nu, null, null, null, null,
                                    jsonb_build_object('beeindiging', stopte.id, 'plaatsing', woont.bezetting_id));
    end loop;
    if weg is not null then
        return weg;
    end if;
    delete from beeindiging_plaatsing u where u.beeindiging_id = stopte.id;

    -- Which somebody made end still earlier meanwhile, stays so.
    heel := array(select p.id from plek p
                  where p.id = any (bedden) and coalesce(upper(p.bestaat), 'infinity') >= coalesce(plek_einde(p.id), 'infinity'));
    update beeindiging b set teruggenomen_op = nu, teruggenomen_door = huidige_gebruiker() where b.id = stopte.id;
    for bed in select e.* from beeindiging_plek e where e.beeindiging_id = stopte.id order by e.plek_id loop
        einde := coalesce(plek_einde(bed.plek_id), 'infinity');
        update plek p set bestaat = daterange(least(z.van, z.tot - 1), nullif(z.tot, 'infinity')), versie = p.versie + 1
        from (select greatest(lower(p2.bestaat), lower(bed.bestond)) as van,
                     least(einde, greatest(coalesce(upper(p2.bestaat), 'infinity'), coalesce(upper(bed.bestond), 'infinity'))) as tot
              from plek p2 where p2.id = bed.plek_id) as z
        where p.id = bed.plek_id and p.id = any (heel)
          and p.bestaat <> daterange(least(z.van, z.tot - 1), nullif(z.tot, 'infinity'));
        for dicht in select s.* from jsonb_to_recordset(bed.stops) as s (id uuid, van date, tot date) loop
            continue when least(dicht.tot, einde) <= greatest(dicht.van, vandaag);
            update bezetting b
            set vrijgegeven_op = null, periode = daterange(dicht.van, least(dicht.tot, einde)), versie = b.versie + 1
            where b.id = dicht.id
              and (b.vrijgegeven_op = stopte.vastgelegd_op
                   or b.vrijgegeven_op is null and lower(b.periode) = dicht.van and upper(b.periode) = stopte.per)
              and not exists (select from bezetting c
                              where c.plek_id = b.plek_id and c.id <> b.id and c.vrijgegeven_op is null
                                and c.periode && daterange(dicht.van, least(dicht.tot, einde)));
        end loop;
    end loop;

    for woont in
        select a.id from aanvraag a where a.id = any (losgelaten) and is_open(a.status) order by a.id
    loop
        perform schrijf_gebeurtenis(woont.id, 'plek_blijft', nu, null, null, null, null,
                                    jsonb_build_object('beeindiging', stopte.id));
    end loop;
    perform leg_aanbod_vast(stopte.aanbieder_id, 'aanbieder_gaat_door', nu, waarom, jsonb_build_object(
        'beeindiging', stopte.id, 'voorziening', stopte.voorziening_id, 'per', stopte.per));
    return '{}';
end;
$$;
comment on function neem_beeindiging_terug(uuid, timestamptz, text) is
    'All of a beeindiging undone at once: plekken and stops are as they were, who lives there need not go. What was let go stays so and is told. Gives the plekken for whose child something was done already, and then nothing may be kept; NULL: it was taken back.';
revoke execute on function neem_beeindiging_terug(uuid, timestamptz, text) from public;
grant execute on function neem_beeindiging_terug(uuid, timestamptz, text) to loket_app;

-- ── Brothers and sisters, also of whom one may not see the aanvraag ──────────────────────────────

create function samen_met(aanvragen uuid[])
    returns table (aanvraag_id uuid, samenplaatsing_id uuid, mag_splitsen boolean, ontbreken bigint)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, s.id, coalesce(s.mag_splitsen, false),
           (select count(*) from aanvraag b where b.samenplaatsing_id = s.id and b.id <> all (aanvragen) and is_open(b.status))
    from aanvraag a left join samenplaatsing s on s.id = a.samenplaatsing_id
    where a.id = any (aanvragen) and a.regio = huidige_regio() and case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'crisisdienst' then a.urgentie = 'crisis' and a.afgesloten_op is null
        else false end;
end;
comment on function samen_met(uuid[]) is
    'Who is asked for together, may it be split, and how many who still look for a place are not named. A count only: also of brothers and sisters who are in no crisis, whom the crisisdienst may not see.';

create function samen_elders(aanvragen uuid[], nu timestamptz) returns table (locatie_id uuid)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select distinct v.locatie_id
    from samen_met(aanvragen) m
    join aanvraag a on a.samenplaatsing_id = m.samenplaatsing_id and a.id <> all (aanvragen)
    join bezetting b on b.aanvraag_id = a.id and b.vrijgegeven_op is null
        and (b.soort = 'plaatsing' and b.beeindigd_op is null or b.soort = 'optie' and b.vervalt_op > nu)
    join plek p on p.id = b.plek_id
    join voorziening v on v.id = p.voorziening_id;
end;
comment on function samen_elders(uuid[], timestamptz) is
    'Where brothers and sisters who are not named live, or are held for, without who: to see whether it is near. In memory only.';
revoke execute on function samen_met(uuid[]), samen_elders(uuid[], timestamptz) from public;
grant execute on function samen_met(uuid[]), samen_elders(uuid[], timestamptz) to loket_app;

-- ── Brothers and sisters who have a place already ─────────────────────────────────────────────────

create function samen_wonen(aanvragen uuid[]) returns table (locatie_id uuid)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select distinct v.locatie_id
    from aanvraag k
    join aanvraag a on a.samenplaatsing_id = k.samenplaatsing_id and a.id <> all (aanvragen) and not is_open(a.status)
    join bezetting b on b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.vrijgegeven_op is null
        and b.beeindigd_op is null
    join plek p on p.id = b.plek_id
    join voorziening v on v.id = p.voorziening_id
    where k.id = any (aanvragen) and k.regio = huidige_regio() and case huidige_rol()
        when 'schakelfunctionaris' then true
        when 'crisisdienst' then k.urgentie = 'crisis'
        else false end;
end;
comment on function samen_wonen(uuid[]) is
    'Where brothers and sisters live, or will, for whom no place is sought any more: who goes elsewhere, goes apart from them. Without who, in memory only.';
revoke execute on function samen_wonen(uuid[]) from public;
grant execute on function samen_wonen(uuid[]) to loket_app;

-- ── From where to look on, also after a crash ─────────────────────────────────────────────────────

create function vaste_grens() returns xid8
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select (coalesce(max(x.transactie::text::numeric), 0) + 1)::text::xid8
    from (
        (select l.transactie from logregel l
         where l.transactie < pg_snapshot_xmin(pg_current_snapshot()) order by l.transactie desc limit 1)
        union all
        select g.transactie from jeugdregio r cross join lateral (
            select e.transactie from gebeurtenis e
            where e.regio = r.code and e.transactie < pg_snapshot_xmin(pg_current_snapshot())
            order by e.transactie desc limit 1) as g) as x;
end;
comment on function vaste_grens() is
    'All transactions before this one have ended, and none of them gets its number again: after a crash the numbers of those that wrote nothing for good are given once more. For who looks on from here. A number, and nothing of anybody.';
revoke execute on function vaste_grens() from public;
grant execute on function vaste_grens() to loket_app;

-- ── What a verwijzer filled in and has not filed yet ─────────────────────────────────────────────

create table concept (
    gebruiker_id uuid        not null,
    regio        text        not null,
    velden       jsonb       not null,
    bewaard_op   timestamptz not null,
    versie       integer     not null default 1,
    constraint concept_pk primary key (gebruiker_id),
    constraint concept_velden_lijst check (jsonb_typeof(velden) = 'array'),
    constraint concept_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade
);
comment on table concept is
    'Of a child, before it is an aanvraag: names and values of a form, for who filled it in alone. Gone when it is filed, and after a term.';

alter table concept enable row level security;
create policy eigen on concept
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()))
    with check (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));
grant select, insert, update, delete on concept to loket_app;

-- ── Who changed which settings of the region, when and why ───────────────────────────────────────

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

-- ── Placed at night, without an aanvraag ─────────────────────────────────────────────────────────

alter table aanvraag
    add column aan_te_vullen text[] not null default '{}',
    add constraint aanvraag_aan_te_vullen_bekend check (
        aan_te_vullen <@ array['pc4', 'gemeente_code', 'juridisch_kader', 'perspectief']);
comment on column aanvraag.aan_te_vullen is 'Of a child that was placed by telephone without an aanvraag: what was assumed, until somebody says it.';
grant update (aan_te_vullen) on aanvraag to loket_app;

create function vervolg_ook_aan_te_vullen() returns trigger
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
    select a.aan_te_vullen into new.aan_te_vullen
    from bezetting b join aanvraag a on a.id = b.aanvraag_id where b.id = new.vervolg_van;
    new.aan_te_vullen := coalesce(new.aan_te_vullen, '{}');
    return new;
end;
$$;
comment on function vervolg_ook_aan_te_vullen() is
    'What nobody knew of a child that was placed at night, nobody knows of where it goes on to.';
revoke execute on function vervolg_ook_aan_te_vullen() from public;

create trigger aanvraag_vervolg_ook_aan_te_vullen before insert on aanvraag
    for each row when (new.vervolg_van is not null) execute function vervolg_ook_aan_te_vullen();

create function vervolg_ook_aangevuld() returns trigger
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    bekend text[] := array(select v from unnest(old.aan_te_vullen) v where v <> all (new.aan_te_vullen));
begin
    update aanvraag a
    set pc4 = case when 'pc4' = any (n.nu) then new.pc4 else a.pc4 end,
        gemeente_code = case when 'gemeente_code' = any (n.nu) then new.gemeente_code else a.gemeente_code end,
        juridisch_kader = case when 'juridisch_kader' = any (n.nu) then new.juridisch_kader else a.juridisch_kader end,
        perspectief = case when 'perspectief' = any (n.nu) then new.perspectief else a.perspectief end,
        aan_te_vullen = array(select v from unnest(a.aan_te_vullen) v where v <> all (n.nu)),
        versie = a.versie + 1
    from (select v.id, array(select w from unnest(v.aan_te_vullen) w where w = any (bekend)) as nu
          from aanvraag v join bezetting b on b.id = v.vervolg_van
          where b.aanvraag_id = new.id and v.geanonimiseerd_op is null) n
    where a.id = n.id and cardinality(n.nu) > 0;
    return null;
end;
$$;
comment on function vervolg_ook_aangevuld() is
    'Said once in the morning, it counts for where the child goes on to as well, also when who says it may not see that.';
revoke execute on function vervolg_ook_aangevuld() from public;

create trigger aanvraag_vervolg_ook_aangevuld after update of aan_te_vullen on aanvraag
    for each row when (old.aan_te_vullen is distinct from new.aan_te_vullen) execute function vervolg_ook_aangevuld();
