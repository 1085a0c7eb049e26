-- Which regions share is asked once, not per locatie.

create or replace function reispunten(alleen uuid[] default null)
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
