#!/usr/bin/env bash
# Tests the package: packs it, installs it in empty folders and deploys two applications to an emulated account. One is in
# TypeScript on this repository's CDK, the other in CommonJS on the oldest CDK that package.json allows. Starts two servers
# with the middleware: Express in CommonJS, and Hono in ES modules. Then downloads the deployed function's code and runs it
# under Lambda's runtime client.
# Usage: package.sh EMULATOR_DIRECTORY
set -euo pipefail
emulator=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
root=$PWD

suite=package
source test/e2e/emulator.sh
start_emulator "$emulator"
say() { echo "$SECONDS s: $*"; }

# --- the package
# In a copy, because npm's prepack removes dist, which other suites may be reading.
mkdir "$work/repository"
list_sources="import { BUILD_SOURCES } from './build/sources.js'; console.log(BUILD_SOURCES.join('\n'))"
mapfile -t sources < <(node --input-type=module --eval "$list_sources")
cp -r "${sources[@]}" README.md LICENSE "$work/repository"
ln -s "$root/node_modules" "$work/repository"
(cd "$work/repository" && npm pack --silent --pack-destination "$work" > "$work/packed")
tarball=$work/$(tail -n 1 "$work/packed")
tar -tzf "$tarball" | sed 's#^package/##' | sort > "$work/files"
odd=$(grep -vE '^(package\.json|README\.md|LICENSE|dist/authorizer/index\.mjs|dist/key-events/index\.mjs|dist/key-management/(index\.mjs|portal/[^/]+)|dist/usage-plan-sync/index\.mjs|dist/usage-rollup/index\.mjs|dist/console/(index\.html|console\.(js|css)|icon\.svg)|dist/elements/(latchkey-keys\.js|types/.+\.d\.ts)|dist/cjs/(latchkey|cdk|express|fastify|hono|lambda|testing)\.cjs|dist/cjs/types/package\.json|dist/cjs/types/.+\.d\.ts|dist/cli/[^/]+\.js|dist/cli/licenses\.txt|dist/lib/.+\.js|dist/lib/.+\.d\.ts)$' "$work/files" || true)
[[ -z $odd ]] || fail "the package has unexpected files: $odd"
for entry in dist/{authorizer,key-events,key-management,usage-plan-sync,usage-rollup}/index.mjs dist/cjs/{latchkey,cdk,express,fastify,hono,lambda,testing}.cjs dist/lib/{index,infra/index,middleware/{express,fastify,hono,lambda},testing/index}.{js,d.ts} dist/cli/{main.js,licenses.txt} dist/elements/{latchkey-keys.js,types/elements/publicApi.d.ts}; do
  grep -qx "$entry" "$work/files" || fail "the package lacks $entry"
done
odd=$(grep -E '^dist/(lib|cjs/types)/(test|local|bench|soak|console|cli|operator|infra/app)/' "$work/files" || true)
[[ -z $odd ]] || fail "the package has files that only the repository needs: $odd"
say "packed: $(wc -l < "$work/files") files, $(wc -c < "$tarball") bytes, $(tar -xzOf "$tarball" | wc -c) unpacked"

# --- the applications
# install FOLDER: copies an application to an empty folder and installs its packages and the tarball there
install() {
  cp -r "test/e2e/package/$1" "$work/$1"
  cp "$tarball" "$work/$1/latchkey.tgz"
  (cd "$work/$1" && logged npm install --prefer-offline --no-audit --no-fund --loglevel error ./latchkey.tgz)
  [[ ! -e $work/$1/node_modules/latchkey/node_modules ]] || fail "$1: latchkey installed packages of its own"
}
# frameworks FOLDER: prints the web frameworks that are installed there
frameworks() { (cd "$work/$1/node_modules" && ls -d express fastify hono @hono 2> /dev/null | paste -sd ' '); }
for application in typescript commonjs express hono; do install "$application"; done
[[ $(frameworks typescript)$(frameworks commonjs) == '' ]] || fail "latchkey installed a web framework: $(frameworks typescript)"
[[ $(frameworks express) == express ]] || fail "the Express application has $(frameworks express)"
[[ $(frameworks hono) == 'hono @hono' || $(frameworks hono) == '@hono hono' ]] || fail "the Hono application has $(frameworks hono)"
expected=$(json 'it.peerDependencies["aws-cdk-lib"]' < package.json)
[[ ^$(json 'it.version' < "$work/commonjs/node_modules/aws-cdk-lib/package.json") == "$expected" ]] ||
  fail "the application in CommonJS must use the oldest CDK of $expected"
say 'installed the package in four applications: it brings no web framework'

cd "$work/typescript"
logged npx --no-install tsc
# The settings of older CDK templates, before NodeNext.
logged npx --no-install tsc --module commonjs --moduleResolution node10 --skipLibCheck
# The CDK's template is a CommonJS package, and tsx compiles to that.
logged npm pkg set type=commonjs
for typescript in typescript typescript-5.6; do logged node "node_modules/$typescript/bin/tsc" --skipLibCheck; done
logged npx --no-install tsx app.ts
logged npm pkg set type=module
say 'the types are good in an application, those of the package and its packages checked too'
for application in express hono; do (cd "$work/$application" && logged npx --no-install tsc); done
cd "$work/commonjs"
logged node "$root/node_modules/jest/bin/jest.js"
say 'Jest runs tests of an application in CommonJS'

cdk() { (cd "$work/$1" && logged npx --no-install cdk "${@:2}" --no-notices); }
# deploy FOLDER [OPTION...]: deploys its stack, with the outputs in $work/FOLDER.json
deploy() { cdk "$1" deploy --all --require-approval never --method=direct --outputs-file "$work/$1.json" "${@:2}"; }
cd "$work"
(cd "$root" && bootstrap)
deploy typescript
deploy commonjs
output() { json "it.Orders.$1" < "$work/typescript.json"; }
table=$(output TableName)
invoices=$(json 'it.Invoices.TableName' < "$work/commonjs.json")
kinds() { aws cloudformation list-stack-resources --stack-name Orders --query 'StackResourceSummaries[].ResourceType' --output json; }
count() { kinds | json "it.filter((type) => type === '$1').length"; }
[[ "$(count AWS::Lambda::Function) $(count AWS::ApiGateway::Authorizer) $(count AWS::ApiGatewayV2::Authorizer)" == '2 1 2' ]] ||
  fail "the REST API and the HTTP API must share one function, next to the one that manages keys: $(kinds)"
say 'deployed both: a REST API and an HTTP API on one function, and a REST API with TOKEN and a WebSocket API'

# --- a key, created with the package's command
latchkey() { (cd "$work/typescript" && npx --no-install latchkey "$@"); }
(cd "$work/commonjs" && npx --no-install latchkey --help) > "$work/help" || fail 'latchkey --help failed'
grep -q '^Usage: latchkey' "$work/help" || fail "latchkey --help prints: $(cat "$work/help")"
(cd "$work/commonjs" && npx --no-install latchkey list --help) >> "$work/help" 2>&1 || fail "latchkey list --help failed: $(cat "$work/help")"
(cd "$work/commonjs" && npx --no-install latchkey list || true) >> "$work/help" 2>&1
! grep -E 'npm (start|run)|--local' "$work/help" || fail 'the help contains scripts or options that only the repository has'
latchkey create --label deployed --owner acme --scope orders:read --stack Orders --json > "$work/created.json"
key=$(json 'it.key' < "$work/created.json")
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'the key is not in the table of the stack'
(cd "$work/commonjs" && logged node library.js "$invoices")
[[ $(aws dynamodb scan --table-name "$invoices" --query 'Items[].label.S' --output text) == 'by require' ]] ||
  fail 'the application in CommonJS did not issue a key'
say 'issued one key with npx latchkey --stack, and one with require("latchkey"), which also verified it'

# --- servers with the middleware
# serve FOLDER: starts the application's server on the stack's table, with its URL in $url and its process in $server
serve() {
  (cd "$work/$1" && KEY_TABLE=$table exec node server.js > "$work/$1.port" 2> "$work/$1.log") &
  server=$!
  for _ in $(seq 600); do
    [[ ! -s $work/$1.port ]] || break
    kill -0 "$server" 2> /dev/null || fail "the server of $1 ended: $(cat "$work/$1.log")"
    sleep 0.1
  done
  url=http://127.0.0.1:$(cat "$work/$1.port")
}
# answer METHOD [KEY]: prints the status and the body of the response
answer() {
  curl --silent --write-out ' %{http_code}' -X "$1" ${2:+-H "Authorization: Bearer $2"} "$url/orders"
}
# A key of its own, because the deployed function has to record the first use of the other one.
latchkey create --label served --owner acme --scope orders:read --stack Orders --json > "$work/served.json"
served=$(json 'it.key' < "$work/served.json")
for application in express hono; do
  serve "$application"
  [[ $(answer GET "$served") == '{"owner":"acme"} 200' ]] || fail "$application answers $(answer GET "$served") to a key"
  [[ $(answer GET) == *'"code":"AUTH_REQUIRED"'*' 401' ]] || fail "$application answers $(answer GET) without a key"
  [[ $(answer GET sk_nonsense) == *'"code":"INVALID_KEY"'*' 403' ]] || fail "$application answers $(answer GET sk_nonsense)"
  [[ $(answer POST "$served") == *'"code":"INSUFFICIENT_SCOPE"'*' 403' ]] || fail "$application answers $(answer POST "$served") to a POST"
  kill "$server"
done
say 'an Express server in CommonJS and a Hono server in ES modules check the key'

# --- an update, and a diff without changes
scopes='{"orders:read":["GET /orders"]}'
update=(-c recordCacheSeconds=5 -c "scopes=$scopes")
deploy typescript "${update[@]}"
[[ $(output TableName) == "$table" ]] || fail "the update replaced the table by $(output TableName)"
[[ $(output RevocationDelaySeconds) == 5 ]] || fail "after the update, the revocation delay is $(output RevocationDelaySeconds)"
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'the update lost the key'
cdk typescript diff --fail "${update[@]}"
(cd typescript && ! npx --no-install cdk diff --fail --no-notices > "$work/diff.log" 2>&1) ||
  fail 'cdk diff does not report a difference'
say 'an update changed two settings and kept the table with its key; cdk diff finds no difference'

# --- the deployed function
function=$(output FunctionName)
download_function "$function"
[[ $(ls "$function") == index.mjs ]] || fail "the function's zip has $(ls "$function")"
if [[ $(uname -s) == Linux ]] && command -v cmake > /dev/null && command -v g++ > /dev/null; then
  source "$root/test/e2e/runtimeClientCache.sh"
  [[ $(item "$table" "$key" | json 'it.Item.lastUsedAt?.S') == undefined ]] || fail 'the key has a last use before its first use'
  started=$(date -u +%Y-%m-%dT%H:%M:%S)
  (cd "$root" && node --import tsx test/e2e/deployedFunction.ts "$work/$function/index.mjs" "$work/$function.json" "$key") ||
    fail 'the deployed function gave a wrong answer'
  used=$(item "$table" "$key" | json 'it.Item.lastUsedAt?.S')
  [[ $used == *Z && ! $used < $started ]] || fail "the last use in the deployed table is $used"
  say 'the deployed code, in its deployed environment, allows the key, denies another one and stores the last use'
else
  say "skipped the run of the deployed code, which needs Linux, cmake and g++"
fi

# --- the deployed function that manages keys
function=$(management_function Orders)
download_function "$function"
managed=$(cd "$root" && node --import tsx test/e2e/deployedManagement.ts "$work/$function/index.mjs" "$work/$function.json" operators owners portal) ||
  fail 'the deployed function that manages keys gave a wrong answer'
# The lines before the id are the function's log.
managed=${managed##*$'\n'}
[[ $(latchkey show "$managed" --stack Orders --json | json 'it.record.owner') == acme ]] ||
  fail "the key $managed of the management API is not in the table of the stack"
say 'the deployed management API creates, lists, verifies and revokes keys for operators, owners and the portal'

# --- the end
# The last assemblies, because another synthesis would write the same.
cdk typescript destroy --all --force --app cdk.out
cdk commonjs destroy --all --force --app cdk.out
for stack in Orders Invoices; do without_stack "$stack"; done
[[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail 'destroying the stacks left functions'
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'destroying the stack Orders deleted its table'
[[ $(aws dynamodb scan --table-name "$invoices" --query Count) == 1 ]] || fail 'destroying the stack Invoices deleted its table'
say 'destroyed both stacks: the functions are gone, and both tables still have their keys'
