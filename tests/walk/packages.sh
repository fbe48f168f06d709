#!/usr/bin/env bash
# What the packages promise whoever debugs into them, or doubts them: two builds of one commit in two folders are the same to the byte, the
# version is that of the tag, and symbols say where each source stands. The transcript of a run is docs/walk/packages.txt.
#   tests/walk/packages.sh      needs git, the .NET SDK, unzip
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
repository="$(cd "$here/../.." && pwd)"
work="$(mktemp -d "${TMPDIR:-/tmp}/packages.XXXXXX")"
trap 'status=$?; [ $status = 0 ] && rm -rf "$work" || echo "It failed. What was said is in $work." >&2' EXIT
export CI=true DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1

url="$(sed -n 's:.*<RepositoryUrl>\(.*\)</RepositoryUrl>.*:\1:p' "$repository/Directory.Build.props")"
commit="$(git -C "$repository" rev-parse HEAD)"
for copy in one another/folder; do
  git clone -q "$repository" "$work/$copy/clone"
  git -C "$work/$copy/clone" remote set-url origin "$url.git"
  git -C "$work/$copy/clone" tag -f v1.0.0-preview.1 >/dev/null # in these clones only
  "$here/pack.sh" "$work/$copy/clone" "$work/$copy/feed" >>"$work/log" 2>&1
  mkdir "$work/$copy/unpacked"
  for package in "$work/$copy"/feed/*nupkg; do
    unzip -q -o "$package" -d "$work/$copy/unpacked/${package##*/}"
  done
done

cd "$work/one/unpacked"
packages=(*.nupkg)
for package in "${packages[@]}"; do
  [[ "$package" == *.1.0.0-preview.1.nupkg ]] || { echo "$package has not the version of the tag." >&2; exit 1; }
  grep -q "commit=\"$commit\"" "$package"/*.nuspec || { echo "$package does not name its commit." >&2; exit 1; }
done
echo "${#packages[@]} packages of 1.0.0-preview.1, the tag's version; each names its repository and commit"

compared=0
while read -r file; do
  cmp "$file" "$work/another/folder/unpacked/$file" || exit 1
  compared=$((compared + 1))
done < <(find ./*nupkg -name 'ActorSocket*.dll' -o -name 'ActorSocket*.pdb')
[ "$compared" -gt 10 ]
echo "$compared assemblies and symbols are the same to the byte, built in two folders"

linked=0
while read -r file; do
  grep -aq "$(sed 's#https://github.com/#https://raw.githubusercontent.com/#' <<<"$url")/$commit/\*" "$file" || { echo "$file says no places." >&2; exit 1; }
  linked=$((linked + 1))
done < <(find ./*nupkg -name 'ActorSocket*.pdb')
echo "$linked symbols say where their sources stand, at the commit"
