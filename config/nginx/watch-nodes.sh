#!/bin/sh
# nginx looks names up once, when it reads its configuration. This has it read it again when "node" stands for other addresses: there are more of them, or
# one came back elsewhere. Run by the image's entry point, which then starts nginx.
addresses() { getent ahostsv4 node | cut -d ' ' -f 1 | sort -u; }
before="$(addresses)"
while sleep 1; do
  now="$(addresses)"
  # Each reload leaves its workers until their last WebSocket has gone, so not one after the other.
  if [ -n "$now" ] && [ "$now" != "$before" ] && nginx -s reload; then before="$now"; sleep 10; fi
done &
