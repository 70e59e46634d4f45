# Run once by PostgreSQL's image, when its volume is empty: the roles of docs/deploy.md.
# `ticketing_owner` owns the tables and migrates; `ticketing` serves and can change rows only.
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname ticketing \
    --set owner="$(cat /run/secrets/owner_password)" \
    --set service="$(cat /run/secrets/service_password)" <<'SQL'
CREATE ROLE ticketing_owner LOGIN PASSWORD :'owner';
CREATE ROLE ticketing LOGIN PASSWORD :'service';
ALTER DATABASE ticketing OWNER TO ticketing_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ticketing;
ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner
    GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO ticketing;
SQL
