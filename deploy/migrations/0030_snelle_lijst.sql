-- What a list costs the database (docs/schaal.md, "Hoe snel is een lijst").

-- A foreign key takes a lock on the row of the region for each line of the log. That the region exists follows from
-- policy schrijf: it is that of who asks, and of gebruiker and koppeling it is a foreign key.
-- squawk-ignore-file ban-drop-constraint
alter table logregel drop constraint logregel_regio_fk;
comment on column logregel.regio is
    'Of who asked (policy schrijf), and that of a gebruiker or koppeling exists. A foreign key would lock its row for each line, for everybody at once.';

create function is_vervanger(vervanger uuid, collega uuid) returns boolean
    language sql stable
begin atomic
    select exists (select from gebruiker g where g.id = collega and g.vervanger_id = vervanger);
end;
comment on function is_vervanger(uuid, uuid) is
    'Whether the colleague named this vervanger. Written out in a policy, it is made ready for every line of the log.';
drop policy schrijf on logregel;
create policy schrijf on logregel for insert
    with check (regio = (select huidige_regio()) and gebruiker_id is not distinct from (select huidige_gebruiker())
        and rol::text is not distinct from (select huidige_rol())
        and organisatie_id is not distinct from (select huidige_organisatie())
        and (koppeling_id is null or koppeling_id = gebruiker_id)
        and (namens_id is null or is_vervanger(gebruiker_id, namens_id)));
comment on policy schrijf on logregel is 'Nobody writes a line in the name of another.';

-- As before; the agreements, and who is here under one, are looked up only where something is of another region.
create or replace function pseudoniemen(aanvragen uuid[]) returns table (aanvraag_id uuid, pseudoniem uuid)
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

create or replace function bezette_perioden(vandaag date, alleen uuid[] default null)
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
