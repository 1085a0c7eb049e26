-- What a verwijzer filled in and has not filed yet.

create table concept (
    gebruiker_id uuid        not null,
    regio        text        not null,
    velden       jsonb       not null,
    bewaard_op   timestamptz not null,
    versie       integer     not null default 1,
    constraint concept_pk primary key (gebruiker_id),
    constraint concept_velden_lijst check (jsonb_typeof(velden) = 'array'),
    constraint concept_gebruiker_fk foreign key (gebruiker_id, regio) references gebruiker (id, regio) on delete cascade
);
comment on table concept is
    'Of a child, before it is an aanvraag: names and values of a form, for who filled it in alone. Gone when it is filed, and after a term.';

alter table concept enable row level security;
create policy eigen on concept
    using (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()))
    with check (regio = (select huidige_regio()) and gebruiker_id = (select huidige_gebruiker()));
grant select, insert, update, delete on concept to loket_app;

alter type bewaarsoort add value 'concepten' after 'verklaringen';

create or replace function ruim_op(soort bewaarsoort, tot timestamptz) returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    weg bigint;
begin
    if huidige_rol() is distinct from 'schakelfunctionaris'
       or huidige_gebruiker() is distinct from '00000000-0000-0000-0000-000000000000' then
        raise insufficient_privilege using message = 'only the service itself clears what is old';
    end if;
    case soort
        when 'plannen' then
            delete from plan p where p.regio = huidige_regio() and p.klaar_op < tot;
        when 'taken' then
            delete from taak t where t.regio = huidige_regio() and t.klaar_op < tot;
        when 'herhalingen' then
            delete from herhaling h where h.regio = huidige_regio() and h.aangemaakt_op < tot;
        when 'concepten' then
            delete from concept c where c.regio = huidige_regio() and c.bewaard_op < tot;
        when 'sessies' then
            delete from sessie s
            where s.regio = huidige_regio() and least(s.verloopt_op, s.beeindigd_op) < tot;
        when 'pseudoniemen' then
            -- Under which name the log speaks of somebody also stands with the removal itself.
            update wissing w set betrokkene = null
            from betrokkene b join aanvraag a on a.id = b.aanvraag_id
            where b.regio = huidige_regio() and a.geanonimiseerd_op < tot and w.betrokkene = b.pseudoniem;
            delete from betrokkene b using aanvraag a
            where b.regio = huidige_regio() and a.id = b.aanvraag_id and a.geanonimiseerd_op < tot;
        -- These two are of no region.
        when 'inlogpogingen' then
            delete from inlogpoging i where i.begonnen_op < tot;
        when 'verklaringen' then
            delete from gebruikte_verklaring g where g.verloopt_op < tot;
    end case;
    get diagnostics weg = row_count;
    return weg;
end;
$$;
