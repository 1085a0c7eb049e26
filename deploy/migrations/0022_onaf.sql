-- Before the first release, so before any database that must stay up while this runs:
-- squawk-ignore-file require-concurrent-index-creation
-- Who was placed and is not definitief yet is found without reading who lived somewhere before.

create index bezetting_onaf on bezetting (vraag_regio)
    where soort = 'plaatsing' and definitief_op is null and beeindigd_op is null and vrijgegeven_op is null;
