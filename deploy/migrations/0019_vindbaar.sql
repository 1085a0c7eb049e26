-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation
-- What stands with a child, and who lived on a plek, is found without reading that of everybody.

create index voorstel_aanvraag on voorstel (aanvraag_id);
create index opschaling_aanvraag on opschaling (aanvraag_id);
create index bezetting_plaatsing on bezetting (plek_id) where soort = 'plaatsing';
