#!/bin/sh
# Run once by the image of PostgreSQL, when the database is new: who owns the tables and who the service is.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set app="$APP_WACHTWOORD" --set eigenaar="$EIGENAAR_WACHTWOORD" <<'SQL'
create role loket_eigenaar login nosuperuser nobypassrls password :'eigenaar';
create role loket_app login nosuperuser nobypassrls password :'app';
grant create on schema public to loket_eigenaar;
select format('grant create on database %I to loket_eigenaar', current_database()) \gexec
SQL
