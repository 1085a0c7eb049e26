-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint, adding-not-nullable-field
-- squawk-ignore-file adding-field-with-default, require-concurrent-index-creation, ban-drop-function
-- ── Own sessions, the place of a colleague from a day on, and logout by the identity provider ────
-- Design: docs/toegang.md.

alter table gebruiker add column vervangen_van date;
alter table gebruiker add constraint gebruiker_vervangen_van_vorm check (
    vervangen_van is null or coalesce(vervangen_van < vervangen_tot, false));
comment on column gebruiker.vervangen_van is 'First day on which vervanger_id may act for this person; NULL: since it was said.';

alter table sessie add column id uuid not null default gen_random_uuid();
alter table sessie add column apparaat text;
alter table sessie add constraint sessie_id_uniek unique (id);
alter table sessie add constraint sessie_apparaat_lengte check (length(apparaat) between 1 and 60);
comment on column sessie.id is 'What its owner calls it; opens nothing.';
comment on column sessie.apparaat is 'Browser and system in our own words, so that its owner recognises it; NULL: of a machine.';

drop function begin_sessie(bytea, uuid, uuid, timestamptz, timestamptz, text);
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

drop function zoek_sessie(bytea, timestamptz, interval);
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

create or replace function neem_waar(sessie_hash bytea, voor uuid, nu timestamptz) returns boolean
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

revoke execute on function begin_sessie(bytea, uuid, uuid, timestamptz, timestamptz, text, text),
    zoek_sessie(bytea, timestamptz, interval), mijn_gebruikers(), mijn_sessies(bytea, timestamptz, interval),
    eindig_mijn_sessies(uuid, bytea, timestamptz), meld_af(uuid, text, text, timestamptz) from public;
grant execute on function begin_sessie(bytea, uuid, uuid, timestamptz, timestamptz, text, text),
    zoek_sessie(bytea, timestamptz, interval), mijn_sessies(bytea, timestamptz, interval),
    eindig_mijn_sessies(uuid, bytea, timestamptz), meld_af(uuid, text, text, timestamptz) to loket_app;
