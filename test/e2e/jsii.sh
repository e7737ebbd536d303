#!/usr/bin/env bash
# Compiles a copy of the constructs with jsii, which fails if a public signature doesn't exist in Python, Java, .NET or Go
# (docs/adr/0013). jsii comes from npm, by the lock in jsii/, once, into a cache outside the project.
# Usage: jsii.sh [--print-cache]
#   --print-cache: print the cache's directory for the version in the lock and exit
set -euo pipefail
cd "$(dirname "$0")/../.."

lock=test/e2e/jsii
version=jsii@$(node -p "require('./$lock/package.json').dependencies.jsii")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-jsii/$version

if [[ ${1:-} == --print-cache ]]; then
  echo "$cache"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work" "${installing:-}"' EXIT
if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  installing=$(mktemp -d "$cache.XXXXXX")
  cp "$lock/package.json" "$lock/package-lock.json" "$installing"
  echo "installing $version"
  npm ci --prefix "$installing" --ignore-scripts --no-audit --no-fund --loglevel error
  # Another run may have installed it in the meantime.
  mv -T "$installing" "$cache" 2> /dev/null || [[ -d $cache ]]
fi

node "$lock/makeCopy.js" "$work"
ln -s "$PWD/node_modules" "$work/node_modules"
# Node 20 reached its end of life, which jsii announces in a box of exclamation marks.
(cd "$work" && JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20 "$cache/node_modules/.bin/jsii")
node "$lock/checkAssembly.js" "$work"
