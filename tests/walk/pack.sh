#!/usr/bin/env bash
# Packs what can be packed of a clone, in one run of the build, into a folder that stands for the registry.
# What is to be published is built without the places of the machine that builds it: ContinuousIntegrationBuild, which the SDK reads before
# any file of a project's own could set it.
#   tests/walk/pack.sh CLONE FOLDER [VERSION]      without a version, the one that its tags give
set -euo pipefail
repository="$1" feed="$2" version="${3:-}"
projects="$(grep -lr --include='*.csproj' '<IsPackable>true' "$repository/src" | sort | paste -sd ';')"
mkdir -p "$feed"
cat >"$feed/pack.proj" <<PROJECT
<Project>
  <Target Name="Restore"><MSBuild Projects="$projects" Targets="Restore" /></Target>
  <Target Name="Pack"><MSBuild Projects="$projects" Targets="Pack" /></Target>
</Project>
PROJECT
dotnet pack "$feed/pack.proj" -c Release -p:RunAnalyzers=false -p:ContinuousIntegrationBuild=true -o "$feed" \
  ${version:+-p:PackageVersion=$version -p:MinVerVersionOverride=$version}
rm "$feed/pack.proj"
