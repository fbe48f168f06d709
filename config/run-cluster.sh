#!/usr/bin/env bash
# Runs the lobby server as a cluster on this machine: nodes on 127.0.0.1, and nginx before them (round robin). Ctrl-C or SIGTERM stops everything.
set -uo pipefail

usage() {
  cat <<END
Usage: config/run-cluster.sh [options] [-- options for each node, as --Admin:Token=secret]
  --port N           nginx listens on it, the nodes on those after it (3000)
  --cluster-port N   the first node's port for the others, the others' after it (8101)
  --nodes N          how many (3)
  --configuration C  Release or Debug (Release)
  --no-build         run what is built already
END
}

port=3000 cluster_port=8101 nodes=3 configuration=Release build=yes
number() { case "$2" in '' | *[!0-9]*) echo "$1 needs a number, not '$2'." >&2; exit 2 ;; esac; }
while [ $# -gt 0 ]; do
  case "$1" in
    --port | --cluster-port | --nodes) number "$1" "${2:-}"; declare "$(tr - _ <<<"${1#--}")=$2"; shift ;;
    --configuration) configuration="${2:?--configuration needs Release or Debug}"; shift ;;
    --no-build) build=no ;;
    --help | -h) usage; exit 0 ;;
    --) shift; break ;;
    *) echo "Unknown option: $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ "$nodes" -ge 1 ] || { echo "--nodes must be at least 1." >&2; exit 2; }

config="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
server="$config/../src/ActorSocket.Server"
dll="$server/bin/$configuration/net10.0/ActorSocket.Server.dll"
PATH="$PATH:/usr/sbin:/usr/local/sbin" # where Debian has nginx, for users too
command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing: https://dotnet.microsoft.com/download" >&2; exit 1; }
command -v nginx >/dev/null || { echo "nginx is missing. Install it as root: apt-get install -y nginx" >&2; exit 1; }
if [ "$build" = yes ]; then
  dotnet build "$server" -c "$configuration" --nologo -v quiet >&2 || exit 1
elif [ ! -f "$dll" ]; then
  echo "Nothing is built for $configuration: leave out --no-build." >&2
  exit 1
fi

state="$(mktemp -d "${TMPDIR:-/tmp}/actorsocket-cluster.XXXXXX")" || exit 1
chmod 711 "$state" # as root, nginx's workers are another user
declare -A names=() # what runs, by process id
succeeded=no

stop() {
  trap '' INT TERM
  trap - EXIT
  local pid
  # The nodes first: they close their clients, each through nginx. 30 s, then by force.
  for pid in "${!names[@]}"; do [ "${names[$pid]}" = nginx ] || kill -TERM "$pid" 2>/dev/null; done
  for _ in $(seq 300); do
    local running=0
    for pid in "${!names[@]}"; do [ "${names[$pid]}" = nginx ] || ! kill -0 "$pid" 2>/dev/null || running=1; done
    [ $running = 1 ] || break
    sleep 0.1
  done
  for pid in "${!names[@]}"; do
    if [ "${names[$pid]}" = nginx ]; then kill -TERM "$pid" 2>/dev/null; else kill -KILL "$pid" 2>/dev/null; fi
  done
  wait
  if [ $succeeded = yes ]; then
    rm -rf "$state"
    exit 0
  fi
  echo "What they said is in $state." >&2
  exit 1
}
trap stop EXIT
trap 'succeeded=yes; stop' INT TERM

# Prints the status line of a GET; nothing when nobody listens.
get() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&3 && head -n 1 <&3) 2>/dev/null; }

for ((i = 0; i <= nodes; i++)); do
  [ -z "$(get $((port + i)) /)" ] || { echo "Port $((port + i)) is taken: choose another --port." >&2; exit 1; }
done

# nginx: the files of config/nginx, with this machine's port, nodes and paths.
mkdir -p "$state/nginx/local" "$state/nginx/temp" || exit 1
chmod -R a+rX "$state/nginx"
cp "$config/nginx/nginx.conf" "$state/nginx/" || exit 1
echo "listen 127.0.0.1:$port;" >"$state/nginx/listen.conf"
for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path temp/$kind;"; done >"$state/nginx/local/paths.conf"
{
  grep -v '^ *server ' "$config/nginx/upstream.conf" | sed '/^}/d'
  for ((i = 1; i <= nodes; i++)); do echo "  server 127.0.0.1:$((port + i)) max_fails=1 fail_timeout=2s;"; done
  echo "}"
} >"$state/nginx/upstream.conf"

# One password for the Admin UI on all nodes: nginx decides whose page it is.
token="$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
case " $*" in *" --Admin:Token"*) token="" ;; *) set -- "$@" "--Admin:Token=$token" ;; esac
# One store for the lobbies of all nodes: on one machine a file will do.
case " $*" in *" --ActorSocket:Persistence"*) ;; *) set -- "$@" "--ActorSocket:Persistence:ConnectionString=Data Source=$state/lobbies.db" ;; esac

for ((i = 1; i <= nodes; i++)); do
  # The first forms the cluster; see docs/guide/cluster.md.
  ASPNETCORE_FORWARDEDHEADERS_ENABLED=true dotnet "$dll" --contentRoot "$server" --urls "http://127.0.0.1:$((port + i))" \
    --ActorSocket:Cluster:Port=$((cluster_port + i - 1)) --ActorSocket:Cluster:SeedNodes:0=127.0.0.1:"$cluster_port" "$@" \
    >"$state/node$i.log" 2>&1 </dev/null &
  names[$!]="node $i"
  echo "node $i: http://127.0.0.1:$((port + i)), process $!, cluster port $((cluster_port + i - 1)), log $state/node$i.log"
done

# Waits until a port answers that it is ready: up to a minute.
await_ready() {
  local attempt pid
  for attempt in $(seq 300); do
    case "$(get "$1" /health/ready)" in *" 200"*) return ;; esac
    for pid in "${!names[@]}"; do
      kill -0 "$pid" 2>/dev/null && continue
      echo "${names[$pid]} has ended. The end of its log:" >&2
      tail -n 20 "$state/${names[$pid]// /}.log" >&2
      exit 1
    done
    sleep 0.2
  done
  echo "Port $1 is not ready after a minute." >&2
  exit 1
}
for ((i = 1; i <= nodes; i++)); do await_ready $((port + i)); done
nginx -p "$state/nginx" -c "$state/nginx/nginx.conf" -e stderr -g 'daemon off; pid nginx.pid;' >"$state/nginx.log" 2>&1 </dev/null &
names[$!]=nginx
echo "nginx: process $!, log $state/nginx.log"
await_ready "$port"
[ -z "$token" ] || echo "admin: http://127.0.0.1:$port/admin/, user admin, password $token"
echo "Ready: http://127.0.0.1:$port (Ctrl-C stops it)"

# A node may go: the others go on. Without nginx, or without any node, there is nothing left to do.
while [ ${#names[@]} -gt 1 ]; do
  wait -n -p ended "${!names[@]}"
  status=$?
  echo "${names[$ended]} (process $ended) has ended with exit code $status."
  [ "${names[$ended]}" != nginx ] || exit 1
  unset "names[$ended]"
done
echo "No node is left." >&2
exit 1
