#!/usr/bin/env bash
# Builds the image, brings docker-compose.yml up as it is committed, but for Grafana, and runs real clients through it while a node is restarted, one is killed,
# and two are added. The transcript of a run is docs/containers/transcript.txt.
# As root, on Debian: apt-get install podman runc netavark aardvark-dns iptables podman-compose; stand-ins.sh first where no image can be pulled.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here/../.."
source "$here/podman.sh"
export COMPOSE_PROJECT_NAME=actorsocket-drill
compose() { podman-compose -p "$COMPOSE_PROJECT_NAME" "$@" >>"$log" 2>&1; }
log="$(mktemp "${TMPDIR:-/tmp}/drill.XXXXXX.log")"
started=$SECONDS
say() { printf '%3d s  %s\n' $((SECONDS - started)) "$*"; }
clients=
finish() {
  status=$?
  [ -z "$clients" ] || kill "$clients" 2>/dev/null || true
  NODES=5 compose down --volumes || true
  [ $status = 0 ] || echo "The drill failed. What podman said is in $log." >&2
}
trap finish EXIT

# podman's own timer for health checks is systemd's; where there is none, this asks. It is what "depends_on: service_healthy" waits for.
healthy() { # container
  for _ in $(seq 120); do podman healthcheck run "$1" >>"$log" 2>&1 && return; sleep 0.5; done
  say "$1 is not healthy after a minute"; podman logs --tail 20 "$1" >&2; return 1
}
container() { echo "${COMPOSE_PROJECT_NAME}_node_$1"; }
# The cache of packages is a volume, so that a second build does not download them again; others come from where this machine has them
# from.
cache="${NUGET_PACKAGES:-$HOME/.nuget/packages}"
mkdir -p "$cache"
volumes=(-v "$cache:/root/.nuget/packages")
for file in .nuget/NuGet/NuGet.Config .npmrc; do
  [ ! -f "$HOME/$file" ] || volumes+=(-v "$HOME/$file:/root/$file:ro")
done
podman build --format docker --network host "${volumes[@]}" -t actorsocket-lobby . >>"$log" 2>&1
say "image built: $(podman image inspect actorsocket-lobby --format '{{.Size}}' | awk '{ printf "%.0f MB", $1 / 1e6 }'), of it the base $(podman image inspect mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled --format '{{.Size}}' | awk '{ printf "%.0f MB", $1 / 1e6 }'); user $(podman image inspect actorsocket-lobby --format '{{.Config.User}}')"

compose up -d --no-build postgres
healthy "${COMPOSE_PROJECT_NAME}_postgres_1"
compose up -d --no-build --no-recreate node
for i in 1 2 3; do healthy "$(container $i)"; done
say "PostgreSQL and three nodes are healthy; the root file system is read-only: $(podman inspect "$(container 1)" --format '{{.HostConfig.ReadonlyRootfs}}')"
compose up -d --no-build --no-recreate nginx prometheus
for _ in $(seq 60); do [ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:3000/health/ready)" = 200 ] && break; sleep 0.5; done
say "nginx answers on http://127.0.0.1:3000"

[ -d tests/ActorSocket.ClientTests/node/node_modules ] || npm ci --prefix tests/ActorSocket.ClientTests/node >>"$log" 2>&1
coproc node "$here/clients.mjs" http://127.0.0.1:3000 20
clients=$COPROC_PID
report() { echo report >&"${COPROC[1]}"; local line; read -r -t 120 line <&"${COPROC[0]}"; say "  $line"; kill -0 "$clients"; }
report

say "podman restart, as compose does it: node 2 leaves, and comes back"
podman restart --time 30 "$(container 2)" >>"$log" 2>&1
report
healthy "$(container 2)"
report

say "kill -9: node 3"
podman kill --signal KILL "$(container 3)" >>"$log" 2>&1
report
podman start "$(container 3)" >>"$log" 2>&1 # as "restart: on-failure" does where podman has its service
healthy "$(container 3)"
say "node 3 is back, as a new process"
report

say "NODES=5: two more"
NODES=5 compose up -d --no-build --no-recreate node
for i in 4 5; do healthy "$(container $i)"; done
healthy_at=$SECONDS
# Of its pages only nginx asks: Prometheus and the health check have routes, and so have Socket.IO's clients.
pages() {
  podman exec "$(container 5)" dotnet ActorSocket.Server.dll health http://127.0.0.1:3000/metrics |
    awk '/^http_server_request_duration_seconds_count/ && !/http_route/ { n += $NF } END { print n + 0 }'
}
asked=0
for _ in $(seq 60); do
  asked=$((asked + 20))
  for _ in $(seq 20); do curl -s -o /dev/null http://127.0.0.1:3000/; done
  served=$(pages)
  [ "$served" -eq 0 ] || break
  sleep 0.5
done
say "nginx sends node 5 its share, $((SECONDS - healthy_at)) s after it was healthy: $served of $asked pages"
[ "$served" -gt 0 ]
report

say "Grafana's queries: $(node "$here/dashboard.mjs" "http://$(podman inspect "${COMPOSE_PROJECT_NAME}_prometheus_1" --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'):9090")"
stop=$SECONDS
echo end >&"${COPROC[1]}"
wait "$clients" || true
clients=
for i in 1 2 3 4 5; do podman stop --time 30 "$(container $i)" >>"$log" 2>&1; done
say "five nodes stopped, one after the other, in $((SECONDS - stop)) s; exit codes $(for i in 1 2 3 4 5; do podman inspect "$(container $i)" --format '{{.State.ExitCode}}'; done | tr '\n' ' ')"
