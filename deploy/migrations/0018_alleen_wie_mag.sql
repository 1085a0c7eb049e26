-- What follows a stay only changes who may change that stay; who stops searching does not keep a plek to wait in; and who
-- came while the stay before still runs, is seen as such.

create or replace function trek_vervolg_in(plaatsing uuid, nu timestamptz) returns void
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

create or replace function volg_vervolg(plaatsing uuid) returns void
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

create or replace function plaatsing_waar(plaatsingen uuid[])
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
