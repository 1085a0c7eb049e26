-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion, constraint-missing-not-valid
-- Each constraint comes back at once with the same meaning:
-- squawk-ignore-file ban-drop-constraint
-- ── What takes a plek now is found without what took it before, and a line of the log is checked in less time ──

create function neemt_tot(soort bezetting_soort, periode daterange, beeindigd_op date) returns date
    language sql immutable parallel safe
    return case when soort = 'plaatsing' and beeindigd_op is null then 'infinity'
                else coalesce(upper(periode), 'infinity') end;
comment on function neemt_tot(bezetting_soort, daterange, date) is
    'From when it takes its plek no more. Of a plaatsing nobody knows before it was ended, also past its expected end.';
drop index bezetting_plek;
create index bezetting_plek on bezetting (plek_id, neemt_tot(soort, periode, beeindigd_op)) where vrijgegeven_op is null;

create or replace function bezette_perioden(vandaag date, alleen uuid[] default null)
    returns table (plek_id uuid, soort bezetting_soort, van date, tot date, vervalt_op timestamptz,
                   bewoner_maanden integer, bewoner_kenmerken text[])
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
    rol    text   := huidige_rol();
    regios text[] := case when rol = 'aanbieder' then '{}' else gedeelde_regios() end || huidige_regio();
    wie    boolean := rol in ('schakelfunctionaris', 'aanbieder');
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
            where b.regio = any (regios) and b.vrijgegeven_op is null
              and neemt_tot(b.soort, b.periode, b.beeindigd_op) > vandaag;
    else
        return query
            select b.plek_id, b.soort, lower(b.periode), upper(b.periode), b.vervalt_op,
                   case when wie then b.bewoner_maanden end, case when wie then b.bewoner_kenmerken end
            from bezetting b
            where b.plek_id = any (alleen) and b.regio = any (regios) and b.vrijgegeven_op is null
              and neemt_tot(b.soort, b.periode, b.beeindigd_op) > vandaag;
    end if;
end;
$$;

-- A count such as {1,80} makes a regular expression of which each line of the log is the fourth part of the work.
alter table logregel
    drop constraint logregel_object_vorm,
    drop constraint logregel_handeling_vorm,
    drop constraint logregel_doel_vorm,
    drop constraint logregel_trace_vorm,
    add constraint logregel_object_vorm check (object ~ '^[a-z_]+$' and length(object) <= 40),
    add constraint logregel_handeling_vorm check (handeling ~ '^[A-Za-z0-9 ._-]+$' and length(handeling) <= 80),
    add constraint logregel_doel_vorm check (doel ~ '^[a-z_]+$' and length(doel) <= 40),
    add constraint logregel_trace_vorm check (
        trace_id ~ '^[0-9a-f]+$' and length(trace_id) = 32 and span_id ~ '^[0-9a-f]+$' and length(span_id) = 16
        and ouder_span_id ~ '^[0-9a-f]+$' and length(ouder_span_id) = 16);
