-- Who follows live is woken by what it may see, and not by all that happens in its region: with a thousand streams that is
-- most of the work. A process of the version before still hears its region, and of elsewhere within a heartbeat.

create or replace function meld_gebeurtenis() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
as $$
begin
    insert into taak (regio, soort, sleutel) values (new.regio, 'melding', new.id::text);
    -- Each hears its own only: who works in the region, the provider, and the organisatie that asked.
    perform pg_notify('loket_gebeurtenis', new.regio);
    perform pg_notify('loket_gebeurtenis', new.aanbieder_id::text) where new.aanbieder_id is not null;
    perform pg_notify('loket_gebeurtenis', a.organisatie_id::text) from aanvraag a where a.id = new.aanvraag_id;
    return null;
end;
$$;
