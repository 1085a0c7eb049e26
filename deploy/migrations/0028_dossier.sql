-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file constraint-missing-not-valid
-- The border of the region on a map.

create table gemeentegrens (
    gemeente_code text  not null,
    ringen        jsonb not null,
    constraint gemeentegrens_pk primary key (gemeente_code),
    constraint gemeentegrens_ringen_lijst check (jsonb_typeof(ringen) = 'array'),
    constraint gemeentegrens_gemeente_fk foreign key (gemeente_code) references gemeente
);
comment on table gemeentegrens is
    'Border of a gemeente on a map: rings of points (latitude, longitude; WGS84), made coarse when read in. A reference table, readable for all.';

alter table gemeentegrens enable row level security;
create policy openbaar on gemeentegrens for select using (true);
grant select on gemeentegrens to loket_app;

-- Placed at night, without an aanvraag: what was assumed, and that it is said in the morning.

alter table aanvraag
    add column aan_te_vullen text[] not null default '{}',
    add constraint aanvraag_aan_te_vullen_bekend check (
        aan_te_vullen <@ array['pc4', 'gemeente_code', 'juridisch_kader', 'perspectief']);
comment on column aanvraag.aan_te_vullen is 'Of a child that was placed by telephone without an aanvraag: what was assumed, until somebody says it.';
grant update (aan_te_vullen) on aanvraag to loket_app;

create function vervolg_ook_aan_te_vullen() returns trigger
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
    select a.aan_te_vullen into new.aan_te_vullen
    from bezetting b join aanvraag a on a.id = b.aanvraag_id where b.id = new.vervolg_van;
    new.aan_te_vullen := coalesce(new.aan_te_vullen, '{}');
    return new;
end;
$$;
comment on function vervolg_ook_aan_te_vullen() is
    'What nobody knew of a child that was placed at night, nobody knows of where it goes on to.';
revoke execute on function vervolg_ook_aan_te_vullen() from public;

create trigger aanvraag_vervolg_ook_aan_te_vullen before insert on aanvraag
    for each row when (new.vervolg_van is not null) execute function vervolg_ook_aan_te_vullen();

create function vervolg_ook_aangevuld() returns trigger
    language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
    bekend text[] := array(select v from unnest(old.aan_te_vullen) v where v <> all (new.aan_te_vullen));
begin
    update aanvraag a
    set pc4 = case when 'pc4' = any (n.nu) then new.pc4 else a.pc4 end,
        gemeente_code = case when 'gemeente_code' = any (n.nu) then new.gemeente_code else a.gemeente_code end,
        juridisch_kader = case when 'juridisch_kader' = any (n.nu) then new.juridisch_kader else a.juridisch_kader end,
        perspectief = case when 'perspectief' = any (n.nu) then new.perspectief else a.perspectief end,
        aan_te_vullen = array(select v from unnest(a.aan_te_vullen) v where v <> all (n.nu)),
        versie = a.versie + 1
    from (select v.id, array(select w from unnest(v.aan_te_vullen) w where w = any (bekend)) as nu
          from aanvraag v join bezetting b on b.id = v.vervolg_van
          where b.aanvraag_id = new.id and v.geanonimiseerd_op is null) n
    where a.id = n.id and cardinality(n.nu) > 0;
    return null;
end;
$$;
comment on function vervolg_ook_aangevuld() is
    'Said once in the morning, it counts for where the child goes on to as well, also when who says it may not see that.';
revoke execute on function vervolg_ook_aangevuld() from public;

create trigger aanvraag_vervolg_ook_aangevuld after update of aan_te_vullen on aanvraag
    for each row when (old.aan_te_vullen is distinct from new.aan_te_vullen) execute function vervolg_ook_aangevuld();
