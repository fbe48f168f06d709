#!/usr/bin/env bash
# A newcomer's first minutes: what the README says, command by command, with empty caches, until a message is seen in a browser.
# First a project by the template, then one by hand, then the demo from a clone. The transcript of a run is docs/walk/transcript.txt.
#   tests/walk/walk.sh      needs git, the .NET SDK, Node.js with npm, Chromium; the port 3000
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
readme="$repository/README.md"
work="$(mktemp -d "${TMPDIR:-/tmp}/walk.XXXXXX")"
log="$work/log"
server=
finish() {
  status=$?
  stop
  leave
  [ $status = 0 ] && rm -rf "$work" || echo "The walk failed. What was said is in $log." >&2
}
trap finish EXIT

now() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
say() { printf '%6s s  %s\n' "$(seconds $(($(now) - began)))" "$*"; }
seconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }
# What else the machine has to do: the figures are to be read beside it.
load() { echo "$(nproc) cores, a load of $(cut -d ' ' -f 1 /proc/loadavg) in the last minute"; }
# A command of these that the README does not say is not run.
by_readme() { grep -qF -- "$1" "$readme" || { echo "The README does not say: $1" >&2; exit 1; }; }
run() { # folder, command: as the README says it
  by_readme "$2"
  local start; start=$(now)
  (cd "$1" && eval "$2") >>"$log" 2>&1
  say "$2    ($(seconds $(($(now) - start))) s)"
}
serve() { # folder, command: in the background, until it says where it listens
  by_readme "$2"
  : >"$work/server.log"
  (cd "$1" && eval "exec $2") >"$work/server.log" 2>&1 &
  server=$!
  listening "$2"
}
listening() { # command
  local start; start=$(now)
  until grep -q 'Now listening on: http://localhost:3000' "$work/server.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >>"$log"; echo "It has ended: $1" >&2; exit 1; }
    sleep 0.1
  done
  say "$1    ($(seconds $(($(now) - start))) s until it listens)"
}
# What builds leave running for the next one, and it alone: it has this folder in its environment.
leave() { for process in /proc/[0-9]*; do grep -qsaF "$work/" "$process/environ" && kill "${process#/proc/}" 2>/dev/null || true; done; }
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=; }; }
# Somebody who has never had .NET or npm here: no package, no cache, no running compiler. Where packages come from stays what it is on
# this machine.
newcomer() { # name
  mkdir -p "$work/$1/home" "$work/$1/t"
  for file in .nuget/NuGet/NuGet.Config .npmrc; do
    [ -f "$machine/$file" ] && mkdir -p "$(dirname "$work/$1/home/$file")" && cp "$machine/$file" "$work/$1/home/$file"
  done
  export HOME="$work/$1/home" TMPDIR="$work/$1/t" NUGET_PACKAGES="$work/$1/packages" npm_config_cache="$work/$1/npm"
}
machine="$HOME"
export DOTNET_CLI_TELEMETRY_OPTOUT=1
unset DOTNET_NOLOGO UseSharedCompilation RunAnalyzers MSBUILDDISABLENODEREUSE DOTNET_CLI_USE_MSBUILD_SERVER
if (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null; then echo "Port 3000 is taken." >&2; exit 1; fi

# ---- Not the newcomer's: the packages, from a clone, in a feed that stands for the registry.
git clone --quiet --no-hardlinks "$repository" "$work/packed" >>"$log" 2>&1
# No process of the build may stay: it would give the newcomer's build the places of packages that it knows.
MSBUILDDISABLENODEREUSE=1 "$here/pack.sh" "$work/packed" "$work/feed" >>"$log" 2>&1
unzip -l "$work"/feed/ActorSocket.[0-9]*.nupkg >"$work/packed.files"
grep -q licenses/socket.io-client/LICENSE "$work/packed.files" || { echo "The package lacks the licence of socket.io-client." >&2; exit 1; }
version="$(basename "$work"/feed/ActorSocket.Templates.*.nupkg .nupkg)"
echo "Packed beforehand: $(ls "$work/feed" | grep -c '\.nupkg$') packages of ${version#ActorSocket.Templates.}; $(load)"

# ---- A project of one's own.
newcomer mine
dotnet nuget add source "$work/feed" --name walk >>"$log" 2>&1
# Whoever starts looks at the table of other servers, and reads the rest.
words=$(sed '/--project MyChat/q' "$readme" | grep -v '^|' | wc -w)
table=$(sed '/--project MyChat/q' "$readme" | grep '^|' | wc -w)
echo
echo "A project of one's own: $words words of the README up to its command, at 200 a minute $((words * 60 / 200)) s, without the $table of the table; $(load)"
began=$(now)
run "$work/mine" "dotnet new install ActorSocket.Templates"
run "$work/mine" "dotnet new actorsocket -n MyChat"
if grep -q "Restore failed" "$log"; then echo "dotnet new did not restore." >&2; exit 1; fi
serve "$work/mine" "dotnet run --project MyChat/src/MyChat"
took=$(node "$here/browser.mjs" http://localhost:3000 "see #state online" "type #text Ada" "click button" "see button Say" \
  "type #text hello" "click button" "see #messages Ada: hello")
mine=$(($(now) - began))
say "the page is opened, a name is entered, \"hello\" is said and shown    ($took s)"
total=$((mine + words * 300 + 15000))
echo "First message after $(seconds $mine) s of waiting; with the reading, and 5 s to copy each of three commands: $(seconds $total) s"
stop

# ---- An application that one has: here a new one. Packages are there by now, as they are for who has one.
echo
echo "An application that one has; $(load)"
began=$(now)
(cd "$work/mine" && dotnet new web -n Own) >>"$log" 2>&1
run "$work/mine/Own" "dotnet add package ActorSocket --prerelease"
block() { awk -v fence="^\`\`\`$1\$" '$0 ~ fence { inside = 1; next } /^```$/ { if (inside) exit } inside' "$readme"; }
block csharp >"$work/mine/Own/Program.cs"
mkdir "$work/mine/Own/wwwroot" && block html >"$work/mine/Own/wwwroot/index.html"
say "the README's Program.cs and wwwroot/index.html are pasted"
: >"$work/server.log"
(cd "$work/mine/Own" && exec dotnet run -- --urls http://localhost:3000) >"$work/server.log" 2>&1 &
server=$!
listening "dotnet run"
took=$(node "$here/browser.mjs" http://localhost:3000 "true socket.connected")
say "the page is opened, and connected    ($took s)"
stop
leave

# ---- The demo, from a clone.
newcomer clone
echo
echo "The demo, from a clone; $(load)"
began=$(now)
git clone --quiet --no-hardlinks "$repository" "$work/clone/actorsocket" >>"$log" 2>&1
say "git clone"
serve "$work/clone/actorsocket" "dotnet run --project src/ActorSocket.Server"
took=$(node "$here/browser.mjs" http://localhost:3000 "see #status connected" "type #name Ada" "click #login" "click #lobbies button" \
  "type #message hello" "click #send" "see #messages hello")
say "the page is opened, a lobby is entered, \"hello\" is said and shown    ($took s)"
stop
