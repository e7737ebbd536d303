#!/usr/bin/env bash
# Runs the bundle as the authorizer of each kind of API behind the real serverless-offline, on the loopback interface.
# serverless-offline comes from npm, by the lock in serverlessOffline/, once, into a cache outside the project.
# Usage: serverlessOffline.sh [--print-cache]
#   --print-cache: print the cache's directory for the version in the lock and exit
set -euo pipefail
cd "$(dirname "$0")/../.."

lock=test/e2e/serverlessOffline
version=$(node -p "Object.entries(require('./$lock/package.json').dependencies).map((one) => one.join('@')).join('+')")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-serverless-offline/$version

if [[ ${1:-} == --print-cache ]]; then
  echo "$cache"
  exit
fi

if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  installing=$(mktemp -d "$cache.XXXXXX")
  trap 'rm -rf "$installing"' EXIT
  cp "$lock/package.json" "$lock/package-lock.json" "$installing"
  echo "installing $version, which takes a minute or two"
  npm ci --prefix "$installing" --ignore-scripts --no-audit --no-fund --loglevel error
  # Another run may have installed it in the meantime.
  mv -T "$installing" "$cache" 2> /dev/null || [[ -d $cache ]]
fi

LATCHKEY_SERVERLESS_OFFLINE=$cache NODE_OPTIONS=--experimental-vm-modules \
  npx jest --selectProjects e2e --testPathPatterns test/e2e/serverlessOffline.test.ts
