-- Who is asked in another region what it needs, reads of a child: its look stands in the log of that child too.

create or replace function pseudoniemen(aanvragen uuid[]) returns table (aanvraag_id uuid, pseudoniem uuid)
    language plpgsql stable security definer set search_path = public, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select b.aanvraag_id, b.pseudoniem from betrokkene b
        where b.aanvraag_id = any ($1) and huidige_rol() is not null and (
            b.regio = huidige_regio()
            -- Under an agreement a child of another region is proposed, asked for or lives here: who looks is known there too.
            or exists (select from bezetting z where z.aanvraag_id = b.aanvraag_id and z.regio = huidige_regio())
            or exists (select from voorstel v where v.aanvraag_id = b.aanvraag_id and v.aanbod_regio = huidige_regio())
            or exists (select from opschaling_vraag q where q.aanvraag_id = b.aanvraag_id and q.aanbod_regio = huidige_regio()));
end;
$$;
