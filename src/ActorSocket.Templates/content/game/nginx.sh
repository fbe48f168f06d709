# nginx looks up what "node" stands for when it reads its configuration. This has it read that again when these are
# others: there are more of them, or one came back at another address.
addresses() { getent ahostsv4 node | cut -d ' ' -f 1 | sort -u; }
known="$(addresses)"
while sleep 1; do
  now="$(addresses)"
  # Each reload leaves its workers until their last WebSocket has gone, so not one after the other.
  if [ -n "$now" ] && [ "$now" != "$known" ] && nginx -s reload; then known="$now"; sleep 10; fi
done &
exec nginx -g "daemon off;"
