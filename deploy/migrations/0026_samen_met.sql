-- Brothers and sisters are asked for together, also those of whom who claims a plek may not see the aanvraag: the
-- crisisdienst sees only crises, and held a plek for half a family.

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
