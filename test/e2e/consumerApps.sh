#!/usr/bin/env bash
# Synthesizes the consumer apps of test/integration/infra/consumerApps on the oldest CDK that package.json allows, and on
# the repository's. Then deploys five of them to an emulated account, updates each twice and destroys them. The oldest
# CDK comes from npm, by the lock in consumerApps/oldest/, once, into a cache outside the project.
# Usage: consumerApps.sh EMULATOR_DIRECTORY
#        consumerApps.sh --print-cache: print the cache's directory for the version in the lock and exit
set -euo pipefail
directory=$(cd "$(dirname "$0")/../.." && pwd)
version=$(node -p "Object.entries(require('$directory/test/e2e/consumerApps/oldest/package.json').dependencies).map((one) => one.join('@')).join('+')")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/latchkey-oldest-cdk/$version
if [[ ${1:-} == --print-cache ]]; then
  echo "$cache"
  exit
fi
emulator=$(cd "$1" && pwd)
cd "$directory"

suite=consumer-apps
source test/e2e/emulator.sh
start_emulator "$emulator"
say() { echo "$SECONDS s: $*"; }
logged node build/build.js --if-changed

# --- the oldest CDK
if [[ ! -d $cache ]]; then
  mkdir -p "$(dirname "$cache")"
  cp -r test/e2e/consumerApps/oldest "$work/installing"
  say "installing $version"
  logged npm ci --prefix "$work/installing" --ignore-scripts --no-audit --no-fund --loglevel error
  # Another run may have installed it in the meantime.
  mv -T "$work/installing" "$cache" 2> /dev/null || [[ -d $cache ]]
fi
[[ ^$(json 'it.version' < "$cache/node_modules/aws-cdk-lib/package.json") == "$(json 'it.peerDependencies["aws-cdk-lib"]' < package.json)" ]] ||
  fail 'the lock in consumerApps/oldest/ is not the oldest CDK of package.json'
copy=$work/oldest
mkdir -p "$copy/test/integration/infra" "$copy/test/e2e/consumerApps" "$copy/node_modules/@types"
cp -r test/integration/infra/{consumerApps,schema.graphql} "$copy/test/integration/infra"
cp test/e2e/consumerApps/synthesize.ts "$copy/test/e2e/consumerApps"
sed -i "s#'../../../../infra/index.ts'#'latchkey/cdk'#" "$copy"/test/integration/infra/consumerApps/*.ts
npm pack --silent --ignore-scripts --pack-destination "$work" > "$work/packed"
mkdir "$copy/node_modules/latchkey"
tar -xzf "$work/$(tail -n 1 "$work/packed")" --strip-components 1 -C "$copy/node_modules/latchkey"
ln -s "$cache"/node_modules/{aws-cdk-lib,constructs} "$copy/node_modules"
ln -s "$directory"/node_modules/{tsx,typescript,@aws-sdk} "$copy/node_modules"
ln -s "$directory/node_modules/@types/node" "$copy/node_modules/@types"
echo '{ "type": "module" }' > "$copy/package.json"
cat > "$copy/tsconfig.json" <<'END'
{ "compilerOptions": { "strict": true, "noEmit": true, "skipLibCheck": true, "module": "nodenext", "target": "es2023",
    "allowImportingTsExtensions": true, "types": ["node"] }, "include": ["test"] }
END
(cd "$copy" && logged node "$directory/node_modules/typescript/bin/tsc" -p .)
say "the apps compile with the types of $version"
node --import tsx test/e2e/consumerApps/synthesize.ts > "$work/newest.json" &
newest=$!
(cd "$copy" && node --import tsx test/e2e/consumerApps/synthesize.ts > "$work/oldest.json" 2> "$work/oldest.log") ||
  fail "an app does not synthesize on $version: $(cat "$work/oldest.log")"
wait "$newest" || fail 'an app does not synthesize on the newest version'
diff "$work/oldest.json" "$work/newest.json" > "$work/difference" || fail "$version creates other resources: $(cat "$work/difference")"
say "$(json 'Object.keys(it).length' < "$work/newest.json") stacks synthesize to the same resources on both versions of the CDK"

# --- five deployments
apps=(WishList Framework Clips Chat Stages)
cdk() { logged node_modules/.bin/cdk "$@" --no-notices; }
# synth CHANGED: synthesizes the five apps once with the context `changed`
synth() {
  node_modules/.bin/cdk synth --quiet --no-notices --app 'node --import tsx test/e2e/consumerApps/app.ts' \
    --output "$work/cdk.out.$1" -c "changed=$1" > "$work/synth.$1.log" 2>&1
}
# deploy CHANGED: deploys the five apps of that synthesis, and fails unless each authorizer may be invoked
deploy() {
  cdk deploy --all --app "$work/cdk.out.$1" --require-approval never --method=direct --outputs-file "$work/outputs.json"
  node test/e2e/consumerApps/authorizers.mjs > "$work/authorizers.json" 2> "$work/authorizers.log" ||
    fail "$(cat "$work/authorizers.log")"
}
# table APP: prints the app's table
table() { json "it.$1.TableName" < "$work/outputs.json"; }
# check ACTUAL EXPECTED TEXT: fails with the text unless both are the same
check() { [[ $1 == "$2" ]] || fail "$3: expected $2, got $1"; }
# authorizer APP PROPERTY: prints the property of each of the app's authorizers
authorizer() { json "it.filter(({ stack }) => stack === '$1').map((one) => one.$2).join()" < "$work/authorizers.json"; }
variable() {
  aws lambda list-functions --query 'Functions[].Environment.Variables' --output json |
    json "it.find(({ LATCHKEY_TABLE }) => LATCHKEY_TABLE === '$(table "$1")').$2 ?? 'none'"
}
# rates: prints the rates of Stages' plans. The partner's own plan in WishList has the rate 10.
rates() {
  aws apigateway get-usage-plans --output json |
    json "it.items.flatMap(({ throttle }) => throttle?.rateLimit ?? []).map(Number).filter((rate) => rate !== 10).sort((a, b) => a - b).join()"
}

synth yes &
changed=$!
synth no || fail "the apps do not synthesize: $(cat "$work/synth.no.log")"
wait "$changed" || fail "the changed apps do not synthesize: $(cat "$work/synth.yes.log")"
bootstrap
deploy no
for app in "${apps[@]}"; do
  npm run --silent latchkey -- create --label "$app" --table "$(table "$app")" --json > "$work/$app.json"
done
say "deployed ${#apps[@]} apps, each with a key: WishList (REST API), Framework (LambdaRestApi), Clips (HTTP API), Chat (WebSocket API), Stages (REST API with plans)"

# settled LABEL TTL SCOPES RECORD_TTL ALIAS RATES: checks the settings that the context `changed` determines
settled() {
  check "$(authorizer WishList ttl)" "$2" "$1: the TTL of WishList's authorizer"
  check "$(variable Clips LATCHKEY_SCOPES)" "$3" "$1: the scopes of Clips"
  check "$(variable Clips LATCHKEY_RECORD_CACHE_SECONDS)" "$4" "$1: the record TTL of Clips"
  check "$(authorizer Framework isAlias)" "$5" "$1: whether Framework's API invokes the alias"
  check "$(authorizer Chat isAlias)" "$5" "$1: whether Chat's API invokes the alias"
  check "$(rates)" "$6" "$1: the rates of Stages' plans"
  for app in "${apps[@]}"; do
    check "$(item "$(table "$app")" "$(json 'it.key' < "$work/$app.json")" | json 'it.Item.label.S')" "$app" "$1: the key of $app"
  done
}
settled 'after the deployment' 300 '{"read":["GET /clippings"]}' none false 5
deploy yes
settled 'after the update' 60 '{"read":["GET /clippings"],"write":["POST /clippings"]}' 5 true 7,200
cdk diff --all --fail --app "$work/cdk.out.yes"
say "updated: WishList's results TTL, Clips' scopes and record TTL, a rollout turned on for Framework and Chat, Stages' plans; cdk diff finds no difference"
deploy no
settled 'after the second update' 300 '{"read":["GET /clippings"]}' none false 5
say 'updated back: both rollouts turned off, a plan removed; each key is still in its table. The emulator lacks CodeDeploy, so a rollout is only the alias'

tables=$(for app in "${apps[@]}"; do table "$app"; done)
cdk destroy --all --force --app "$work/cdk.out.no"
for app in "${apps[@]}"; do without_stack "$app"; done
check "$(aws lambda list-functions --query 'length(Functions)')" 0 'functions after destroy'
check "$(aws apigateway get-usage-plans --query 'length(items)')" 0 'usage plans after destroy'
left=$(aws dynamodb list-tables --query 'TableNames' --output json)
for app in Framework Clips Chat; do
  [[ $left == *"$(grep "^$app" <<< "$tables")"* ]] || fail "destroying $app deleted its table"
done
for app in WishList Stages; do
  [[ $left != *"\"$app"* ]] || fail "destroying $app left its table, whose removal policy is DESTROY: $left"
done
say 'destroyed: nothing is left but the tables that their stacks retain'
