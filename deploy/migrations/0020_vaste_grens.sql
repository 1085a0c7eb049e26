-- From where to look on, also after a crash.

create function vaste_grens() returns xid8
    language sql stable security definer set search_path = public, pg_temp
begin atomic
    select (coalesce(max(x.transactie::text::numeric), 0) + 1)::text::xid8
    from (
        (select l.transactie from logregel l
         where l.transactie < pg_snapshot_xmin(pg_current_snapshot()) order by l.transactie desc limit 1)
        union all
        select g.transactie from jeugdregio r cross join lateral (
            select e.transactie from gebeurtenis e
            where e.regio = r.code and e.transactie < pg_snapshot_xmin(pg_current_snapshot())
            order by e.transactie desc limit 1) as g) as x;
end;
comment on function vaste_grens() is
    'All transactions before this one have ended, and none of them gets its number again: after a crash the numbers of those that wrote nothing for good are given once more. For who looks on from here. A number, and nothing of anybody.';
revoke execute on function vaste_grens() from public;
grant execute on function vaste_grens() to loket_app;
