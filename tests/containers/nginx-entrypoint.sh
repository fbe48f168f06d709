#!/bin/sh
# As the official image starts: what is in the folder first, then nginx.
for script in /docker-entrypoint.d/*.sh; do [ -x "$script" ] && "$script"; done
exec "$@"
