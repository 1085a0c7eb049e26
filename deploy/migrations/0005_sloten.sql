-- ── Locks: what still stood open, and what the log did not say ───────────────────────────────────

alter table logregel add column object_id uuid;
comment on column logregel.object_id is
    'Which object, of a line that is about no child: the gebruiker or koppeling that was changed, where somebody could not log in. A child has its pseudonym.';
comment on column logregel.gebruiker_id is 'The person; the zero uuid: the service itself; NULL: somebody who could not log in.';

-- A login under way and a used assertion are reached by function only.

drop policy wie_de_state_kent on inlogpoging;
drop policy iedereen on gebruikte_verklaring;
revoke select, insert, delete on inlogpoging, gebruikte_verklaring from loket_app;
comment on table inlogpoging is
    'A login under way, found by the hash of its state; used once and gone. Nobody reads it but by neem_inlogpoging().';

create function bewaar_inlogpoging(
    poging_hash bytea, provider uuid, nonce text, verificateur text, browser bytea, naar text, nu timestamptz, sub text,
    sid text, verlopen timestamptz) returns void
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    delete from inlogpoging i where i.begonnen_op < verlopen;
    insert into inlogpoging
        (hash, identiteitsprovider_id, nonce, verificateur, browser, naar, begonnen_op, subject, idp_sessie)
    values (poging_hash, provider, nonce, verificateur, browser, naar, nu, sub, sid);
end;
comment on function bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz) is
    'A login under way; those that began before `verlopen` go.';

create function neem_inlogpoging(poging_hash bytea)
    returns table (identiteitsprovider_id uuid, nonce text, verificateur text, browser bytea, naar text,
                   begonnen_op timestamptz, subject text, idp_sessie text)
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    delete from inlogpoging i where i.hash = poging_hash
    returning i.identiteitsprovider_id, i.nonce, i.verificateur, i.browser, i.naar, i.begonnen_op, i.subject, i.idp_sessie;
end;
comment on function neem_inlogpoging(bytea) is 'The login under way of who knows its secret, once.';

create function gebruik_verklaring(van text, nummer text, tot timestamptz, nu timestamptz) returns boolean
    language sql volatile security definer set search_path = public, pg_temp
begin atomic
    -- What of this one nobody would take any more, goes meanwhile; so the table stays small.
    delete from gebruikte_verklaring g where g.uitgever = van and g.verloopt_op < nu;
    insert into gebruikte_verklaring (uitgever, jti, verloopt_op) values (van, nummer, tot)
    on conflict do nothing
    returning true;
end;
comment on function gebruik_verklaring(text, text, timestamptz, timestamptz) is
    'True the first time that `van` uses this number; NULL ever after, until `tot`.';

create function schrijf_mislukte_inlog(
    provider uuid, sub text, machine uuid, hoe log_resultaat, nu timestamptz, trace text, span text, ouder text)
    returns bigint
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    regels bigint;
begin
    if hoe = 'gelukt' then
        raise insufficient_privilege using message = 'a login that succeeded is written by who logged in';
    end if;
    insert into logregel (regio, moment, gebeurtenis, resultaat, gebruiker_id, rol, organisatie_id, object, object_id,
                          handeling, doel, verwerking, trace_id, span_id, ouder_span_id)
    select w.regio, nu, 'inlog', hoe, g.id, g.rol, coalesce(g.organisatie_id, g.aanbieder_id), w.object, w.object_id,
           w.handeling, 'toegang', 'toegang_geven', trace, span, ouder
    from (
        select p.regio, 'identiteitsprovider', provider, 'inloggen',
               case when count(*) = 1 and bool_and(p.subject = sub) then (array_agg(p.id))[1] end
        from gebruiker p
        where p.identiteitsprovider_id = provider
          and (p.subject = sub
               or not exists (
                   select from gebruiker b where b.identiteitsprovider_id = provider and b.subject = sub))
        group by p.regio
        union all
        select k.regio, 'koppeling', k.id, 'oauth_inwisselen', null from koppeling k where k.id = machine
    ) as w (regio, object, object_id, handeling, gebruiker)
    left join gebruiker g on g.id = w.gebruiker;
    get diagnostics regels = row_count;
    return regels;
end;
$$;
comment on function schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text) is
    'A line that somebody could not log in, in each region whose people use this provider, or in that of the koppeling. Who it was only when the provider has said so (sub) and that is one gebruiker there.';

revoke execute on function bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz),
    neem_inlogpoging(bytea), gebruik_verklaring(text, text, timestamptz, timestamptz),
    schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text)
    from public;
grant execute on function bewaar_inlogpoging(bytea, uuid, text, text, bytea, text, timestamptz, text, text, timestamptz),
    neem_inlogpoging(bytea), gebruik_verklaring(text, text, timestamptz, timestamptz),
    schrijf_mislukte_inlog(uuid, text, uuid, log_resultaat, timestamptz, text, text, text)
    to loket_app;

alter type bewaarsoort add value 'inlogpogingen' after 'pseudoniemen';
alter type bewaarsoort add value 'verklaringen' after 'inlogpogingen';

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
comment on function ruim_op(bewaarsoort, timestamptz) is
    'Removes what ended before `tot` in the region that asks, whoever it is of; of logins under way and used assertions, in all. How many rows.';

-- Only the service itself seals; a rol that nobody knows learns of no plek; who was placed somewhere is seen for a term.

drop policy loket on logketen;
create policy lees on logketen for select
    using (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris');
create policy verzegel on logketen for insert
    with check (regio = (select huidige_regio()) and (select huidige_rol()) = 'schakelfunctionaris'
        and (select huidige_gebruiker()) = '00000000-0000-0000-0000-000000000000');
comment on policy verzegel on logketen is 'Only the service itself seals: no person, whatever the rol.';

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
              and (upper_inf(b.periode) or upper(b.periode) > vandaag or (b.soort = 'plaatsing' and b.beeindigd_op is null));
    else
        return query
            select b.plek_id, b.soort, lower(b.periode), upper(b.periode), b.vervalt_op,
                   case when wie then b.bewoner_maanden end, case when wie then b.bewoner_kenmerken end
            from bezetting b
            where b.plek_id = any (alleen) and b.regio = any (regios) and b.vrijgegeven_op is null
              and (upper_inf(b.periode) or upper(b.periode) > vandaag or (b.soort = 'plaatsing' and b.beeindigd_op is null));
    end if;
end;
$$;

create or replace function geplaatst_hier() returns uuid[]
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(array_agg(b.aanvraag_id), '{}')
    from bezetting b join plek p on p.id = b.plek_id
    where p.aanbieder_id = huidige_organisatie() and b.regio = huidige_regio() and b.soort = 'plaatsing'
      and b.aanvraag_id is not null and huidige_rol() = 'aanbieder'
      and not exists (select from koppeling k where k.id = huidige_gebruiker())
      and (b.beeindigd_op is null
           or (now() at time zone 'Europe/Amsterdam')::date - b.beeindigd_op < coalesce(
               (select case jsonb_typeof(i.waarde) when 'number' then i.waarde::numeric else 0 end
                from instelling i where i.regio = huidige_regio() and i.sleutel = 'inzage_na_plaatsing'), 90));
end;
comment on function geplaatst_hier() is
    'Aanvragen whose child lives at the aanbieder that asks, or lived there until at most `inzage_na_plaatsing` days ago (service/bewaren.py); a setting that is no number: not any more. Its people only: a machine sees no child.';
