#!/bin/bash
# As the official image starts: a database in the volume, made once, with the password that it is given.
set -eu
bin=/usr/lib/postgresql/15/bin data=/var/lib/postgresql/data
mkdir -p "$data" /var/run/postgresql && chown postgres:postgres "$data" /var/run/postgresql && chmod 700 "$data"
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -f "$data/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" >/tmp/password && chown postgres /tmp/password
  as_postgres "$bin/initdb" -D "$data" --auth-host=scram-sha-256 --auth-local=trust --pwfile=/tmp/password >/dev/null
  rm /tmp/password
  echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$bin/postgres" -D "$data" -c listen_addresses='*'
