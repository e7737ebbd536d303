# Sourced: puts Lambda's own runtime client and Lambda's line of Node into a cache outside the project, where they are no
# dependency of it. Both come from npm; the client is built there once, with cmake and g++, on Linux alone.

client=aws-lambda-ric@4.0.2
node=node-linux-$(node -p process.arch)@24.21.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-runtime-client/$client+$node

if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  building=$(mktemp -d "$cache.XXXXXX")
  # npm 11 runs the install scripts of no package that is not named here; node-linux-* has none.
  printf '{"private":true,"dependencies":{"%s":"%s","%s":"%s"},"allowScripts":{"%s":true}}\n' \
    "${client%@*}" "${client#*@}" "${node%@*}" "${node#*@}" "$client" > "$building/package.json"
  echo "installing $client and $node, which takes a minute or two"
  npm install --prefix "$building" --no-audit --no-fund --loglevel error || { rm -rf "$building"; exit 1; }
  # Whoever else built it meanwhile came first.
  mv -T "$building" "$cache" 2> /dev/null || [[ -d $cache ]]
  rm -rf "$building"
fi

export LATCHKEY_RUNTIME_CLIENT=$cache/node_modules/${client%@*}
export LATCHKEY_LAMBDA_NODE=$cache/node_modules/${node%@*}/bin/node
