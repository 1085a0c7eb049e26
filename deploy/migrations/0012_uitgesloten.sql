-- Before the first release, so before any client that asks these functions:
-- squawk-ignore-file ban-drop-function
-- What a second look at opties, voorstellen, plaatsingen and the waiting list found.

create function crisis_sinds(plaatsing uuid, crisisvormen text[], geslotenvormen text[]) returns date
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    with recursive tijdelijk as (
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

-- Who has a place and has yet to come there, is seen in the waiting list, and counts nowhere in it.
drop function wacht_tellingen();
drop function wachtlijst(wacht_vanaf);
drop function wachtenden();

create function wachtenden()
    returns table (id uuid, organisatie_id uuid, nummer text, urgentie urgentie, waar wachtplaats, aanmelding date,
                   grondslag date, gewenste_start date, zorgvormen text[], geplaatst_per date)
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.organisatie_id, a.nummer, a.urgentie,
           case
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
               where b.aanvraag_id = a.id and b.soort = 'plaatsing' and b.beeindigd_op is null and b.vrijgegeven_op is null)
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

revoke execute on function wachtenden(), wachtlijst(wacht_vanaf), wacht_tellingen() from public;
grant execute on function wachtlijst(wacht_vanaf), wacht_tellingen() to loket_app;
