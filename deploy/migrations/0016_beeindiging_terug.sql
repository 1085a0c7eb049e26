-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid, require-concurrent-index-deletion
-- A provider announces its own stop, and what was announced can be taken back.

alter table beeindiging add column door rol not null default 'schakelfunctionaris';
alter table beeindiging add column teruggenomen_op timestamptz;
alter table beeindiging add column teruggenomen_door uuid;
alter table beeindiging add constraint beeindiging_terug_vorm
    check ((teruggenomen_op is null) = (teruggenomen_door is null));
comment on column beeindiging.door is 'What an aanbieder announced itself, it may take back itself.';
comment on column beeindiging.teruggenomen_op is 'It does not stop after all: as if it had not been said, but for what was let go.';
drop index beeindiging_een;
create unique index beeindiging_een on beeindiging (aanbieder_id, voorziening_id) nulls not distinct
    where teruggenomen_op is null;
drop policy maak on beeindiging;
create policy maak on beeindiging for insert with check (
    regio = (select huidige_regio()) and door = (select huidige_rol())::rol and case (select huidige_rol())
        when 'schakelfunctionaris' then true
        when 'aanbieder' then aanbieder_id = (select huidige_organisatie())
        else false end);
comment on policy maak on beeindiging is 'The loket, or the aanbieder itself.';

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

create or replace function leg_aanbod_vast(aanbieder uuid, soort gebeurtenis_soort, nu timestamptz, reden text, gegevens jsonb)
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

create or replace function plek_einde(plek uuid) returns date
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

create or replace function beeindig_aanbod(beeindiging uuid, nu timestamptz) returns void
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
