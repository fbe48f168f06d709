#!/usr/bin/env bash
# Makes local images with the names that the Dockerfile and docker-compose.yml use, from Debian's packages and this machine's own .NET and Node.js, for
# where no image can be pulled. Where images can be, leave this out. Grafana is not in Debian: there is none of it.
# As root, on Debian: apt-get install debootstrap podman runc netavark aardvark-dns prometheus
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/podman.sh"
work="$(mktemp -d "${TMPDIR:-/tmp}/stand-ins.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'echo "stand-ins.sh failed at line $LINENO." >&2' ERR
has() { run_podman image exists "$1"; }

# Debian as this machine installs it, and a root file system with some packages more.
mirror="$(grep -rhE '^(URIs: |deb )' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d " " || true)"
root() { # name, packages
  if [ ! -d "$work/base" ]; then debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/debootstrap.log" || { tail "$work/debootstrap.log" >&2; exit 1; }; fi
  cp -a "$work/base" "$work/$1"
  if [ $# -gt 1 ]; then
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive chroot "$work/$1" apt-get install -y --no-install-recommends "${@:2}" >"$work/apt.log" 2>&1 || { tail "$work/apt.log" >&2; exit 1; }
  fi
  rm -rf "$work/$1"/var/cache/apt/*.bin "$work/$1"/var/cache/apt/archives/*.deb "$work/$1"/var/lib/apt/lists/*
}
image() { tar -C "$work/$1" -c . | run_podman import --quiet "${@:3}" - "$2" >/dev/null && rm -rf "${work:?}/$1" && echo "$2"; }

# Whom this machine trusts, so do the images that download.
trust() { cp -L /etc/ssl/certs/ca-certificates.crt "$work/$1/etc/ssl/certs/ca-certificates.crt"; }

dotnet="$(dirname "$(readlink -f "$(command -v dotnet)")")"
modules="$(npm root -g)"

if ! has docker.io/library/node:22-bookworm-slim; then
  root node ca-certificates
  cp -L "$(command -v node)" "$work/node/usr/bin/node"
  mkdir -p "$work/node/usr/lib/node_modules" && cp -a "$modules/npm" "$work/node/usr/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/bin/npm"
  trust node
  image node docker.io/library/node:22-bookworm-slim -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'
fi

if ! has mcr.microsoft.com/dotnet/sdk:10.0-noble; then
  root sdk ca-certificates libicu72 libssl3 zlib1g
  mkdir -p "$work/sdk/usr/share/dotnet" && cp -a "$dotnet/." "$work/sdk/usr/share/dotnet/"
  ln -s /usr/share/dotnet/dotnet "$work/sdk/usr/bin/dotnet"
  trust sdk
  image sdk mcr.microsoft.com/dotnet/sdk:10.0-noble
fi

if ! has mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled; then
  # As the chiselled image is: the runtime, the libraries that it needs, certificates, a user that is not root. No shell, no package manager.
  root runtime ca-certificates libssl3 zlib1g tzdata
  mkdir -p "$work/chiseled"/{app,etc/ssl,home/app,tmp,usr/bin,usr/share/dotnet,usr/lib,lib64,var/tmp}
  chmod 1777 "$work/chiseled/tmp" "$work/chiseled/var/tmp"
  cp -a "$dotnet"/{dotnet,host,shared} "$work/chiseled/usr/share/dotnet/"
  ln -s /usr/share/dotnet/dotnet "$work/chiseled/usr/bin/dotnet"
  ln -s usr/lib "$work/chiseled/lib"
  libraries="$(find "$work/chiseled/usr/share/dotnet" \( -name '*.so' -o -name dotnet \) -exec ldd {} + 2>/dev/null | grep -oE '/[^ ]*lib[^ ]*\.so[^ ]*' | grep -v dotnet | sort -u || true)"
  for library in $libraries /lib/x86_64-linux-gnu/lib{ssl,crypto}.so.3 /lib/x86_64-linux-gnu/libnss_{dns,files}.so.2 /lib/x86_64-linux-gnu/libresolv.so.2; do
    [ -e "$work/runtime$library" ] || continue
    mkdir -p "$work/chiseled$(dirname "$library")" && cp -L "$work/runtime$library" "$work/chiseled$library"
  done
  cp -aL "$work/runtime/etc/ssl/certs" "$work/chiseled/etc/ssl/"
  cp -a "$work/runtime/usr/share/zoneinfo" "$work/chiseled/usr/share/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\napp:x:1654:1654::/home/app:/bin/false\n' >"$work/chiseled/etc/passwd"
  printf 'root:x:0:\napp:x:1654:\n' >"$work/chiseled/etc/group"
  printf 'hosts: files dns\n' >"$work/chiseled/etc/nsswitch.conf"
  rm -rf "$work/runtime"
  image chiseled mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled -c 'ENV APP_UID=1654' -c 'ENV DOTNET_RUNNING_IN_CONTAINER=true' \
    -c 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true' -c 'ENV PATH=/usr/bin' -c 'USER 1654'
fi

if ! has docker.io/library/nginx:1.28; then
  root nginx nginx-light
  rm -f "$work/nginx/etc/nginx/sites-enabled/"*
  cp "$here/nginx-entrypoint.sh" "$work/nginx/docker-entrypoint.sh" && chmod 755 "$work/nginx/docker-entrypoint.sh" && mkdir "$work/nginx/docker-entrypoint.d"
  image nginx docker.io/library/nginx:1.28 -c 'ENTRYPOINT ["/docker-entrypoint.sh"]' -c 'CMD ["nginx", "-g", "daemon off;"]' -c 'STOPSIGNAL SIGQUIT'
fi

if ! has docker.io/library/postgres:17; then
  root postgres postgresql
  cp "$here/postgres-entrypoint.sh" "$work/postgres/docker-entrypoint.sh" && chmod 755 "$work/postgres/docker-entrypoint.sh"
  ln -s /usr/lib/postgresql/15/bin/pg_isready "$work/postgres/usr/local/bin/pg_isready"
  image postgres docker.io/library/postgres:17 -c 'ENTRYPOINT ["/docker-entrypoint.sh"]' -c 'STOPSIGNAL SIGINT'
fi

if ! has docker.io/prom/prometheus:v3.5.0; then
  root prometheus
  cp -L "$(command -v prometheus)" "$work/prometheus/bin/prometheus" && mkdir -p "$work/prometheus/prometheus" && chmod 777 "$work/prometheus/prometheus"
  image prometheus docker.io/prom/prometheus:v3.5.0 -c 'ENTRYPOINT ["/bin/prometheus"]' -c 'WORKDIR /prometheus' \
    -c 'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]'
fi
