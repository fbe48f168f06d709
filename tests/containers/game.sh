#!/usr/bin/env bash
# Makes a game as `dotnet new actorsocket-game` does, builds its image by its Dockerfile, brings its docker-compose.yml up as it is, and
# has players in it, and a browser, while a node is restarted, each is killed, and two are added. The transcript of a run is
# docs/containers/game.txt.
# As root, on Debian: what drill.sh needs, and Chromium; stand-ins.sh first where no image can be pulled.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
source "$here/podman.sh"
work="$(mktemp -d "${TMPDIR:-/tmp}/game.XXXXXX")"
log="$work/log"
project=actorsocket-game
started=$SECONDS
clients=
say() { printf '%3d s  %s\n' $((SECONDS - started)) "$*"; }
compose() { (cd "$work/MyGame" && podman-compose -p "$project" "$@") >>"$log" 2>&1; }
container() { echo "${project}_$1_${2:-1}"; }
address() { podman inspect "$1" --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'; }
until_ok() { for _ in $(seq 240); do "$@" >>"$log" 2>&1 && return; sleep 0.25; done; say "in vain for a minute: $*" >&2; return 1; }
ready() { curl -sf -o /dev/null --max-time 2 "http://$(address "$(container node "$1")"):3000/health/ready"; }
finish() {
  status=$?
  [ -z "$clients" ] || kill "$clients" 2>/dev/null || true
  if [ $status != 0 ]; then
    for name in node_1 node_2 node_3 nginx_1; do
      echo "== $name" >>"$log"
      podman logs --tail 50 "${project}_$name" >>"$log" 2>&1 || true
    done
  fi
  NODES=5 compose down --volumes || true
  [ $status = 0 ] && rm -rf "$work" || echo "The drill failed. What was said is in $log." >&2
}
trap finish EXIT

# The packages of this tree, in a folder that goes into the image's build with the project: as one's own feed would.
version=0.0.1-drill
"$repository/tests/walk/pack.sh" "$repository" "$work/feed" $version >>"$log" 2>&1
dotnet new install "$work/feed/ActorSocket.Templates.$version.nupkg" --debug:custom-hive "$work/hive" >>"$log" 2>&1
dotnet new actorsocket-game -n MyGame -o "$work/MyGame" --no-restore --debug:custom-hive "$work/hive" >>"$log" 2>&1
mv "$work/feed" "$work/MyGame/feed"
echo '<configuration><packageSources><add key="drill" value="feed" /></packageSources></configuration>' >"$work/MyGame/nuget.config"
say "dotnet new actorsocket-game"

# Other packages come from where this machine has them from; what it has is not downloaded again, and nothing of the drill stays in it.
cache="${NUGET_PACKAGES:-$HOME/.nuget/packages}" config="$HOME/.nuget/NuGet/NuGet.Config"
mkdir -p "$cache"
cp -al "$cache" "$work/packages" 2>>"$log" || cp -a "$cache/." "$work/packages"
volumes=(-v "$work/packages:/root/.nuget/packages")
[ ! -f "$config" ] || volumes+=(-v "$config:/root/.nuget/NuGet/NuGet.Config:ro")
podman build --format docker --network host "${volumes[@]}" -t mygame "$work/MyGame" >>"$log" 2>&1
image="$(podman image inspect mygame --format '{{.Size}}' | awk '{ printf "%.0f MB", $1 / 1e6 }')"
say "image built: $image; user $(podman image inspect mygame --format '{{.Config.User}}')"

compose up -d --no-build postgres
until_ok podman healthcheck run "$(container postgres)"
compose up -d --no-build --no-recreate node
compose up -d --no-build --no-recreate nginx
for i in 1 2 3; do until_ok ready $i; done
read_only="$(podman inspect "$(container node)" --format '{{.HostConfig.ReadonlyRootfs}}')"
say "PostgreSQL, three nodes and nginx are up; the root file system is read-only: $read_only"

modules="$repository/tests/ActorSocket.ClientTests/node"
[ -d "$modules/node_modules" ] || npm ci --prefix "$modules" >>"$log" 2>&1
coproc node "$here/players.mjs" http://127.0.0.1:3000 12
clients=$COPROC_PID
report() {
  local line
  echo report >&"${COPROC[1]}"
  read -r -t 120 line <&"${COPROC[0]}"
  say "  $line"
  [[ "$line" == "12 of 12"*"12 dots"*" 0 seats lost"* ]]
}
report
took=$(node "$repository/tests/walk/browser.mjs" http://127.0.0.1:3000 "see #state You are the dark one.")
say "a browser at http://127.0.0.1:3000 is inside after $took s"
report

say "restart: node 2 leaves, and comes back"
podman restart --time 30 "$(container node 2)" >>"$log" 2>&1
until_ok ready 2
report

# On one of them the arena lives.
for i in 3 2 1; do
  say "kill -9: node $i"
  podman kill --signal KILL "$(container node $i)" >>"$log" 2>&1
  report
  podman start "$(container node $i)" >>"$log" 2>&1 # as "restart: on-failure" does where podman has its service
  until_ok ready $i
  say "node $i is back, as a new process"
  report
done

say "NODES=5: two more"
NODES=5 compose up -d --no-build --no-recreate node
for i in 4 5; do until_ok ready $i; done
healthy_at=$SECONDS
# A connection of nginx's to node 5, in the kernel's table: addresses in hexadecimal, from the last byte to the first; 0BB8 is the port
# 3000.
node5="$(address "$(container node 5)" | awk -F. '{ printf "%02X%02X%02X%02X:0BB8", $4, $3, $2, $1 }')"
reached() {
  for _ in $(seq 20); do curl -s -o /dev/null http://127.0.0.1:3000/; done
  podman exec "$(container nginx)" grep -q " $node5 01 " /proc/net/tcp
}
until_ok reached
say "nginx sends node 5 its share, $((SECONDS - healthy_at)) s after it was ready"
report

say "all nodes are restarted, one after the other"
for i in 1 2 3 4 5; do podman restart --time 30 "$(container node $i)" >>"$log" 2>&1; until_ok ready $i; done
report

echo end >&"${COPROC[1]}"
wait "$clients"
clients=
stop=$SECONDS
for i in 1 2 3 4 5; do podman stop --time 30 "$(container node $i)" >>"$log" 2>&1; done
codes=$(for i in 1 2 3 4 5; do podman inspect "$(container node $i)" --format '{{.State.ExitCode}}'; done | paste -sd ' ')
say "five nodes stopped, one after the other, in $((SECONDS - stop)) s; exit codes $codes"
