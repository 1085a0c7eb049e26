-- A child whose brother or sister has a place already does not go elsewhere unseen.

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
