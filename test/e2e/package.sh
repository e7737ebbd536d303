#!/usr/bin/env bash
# Uses the package as others do: packs it, installs it in two empty folders, an application in TypeScript on the CDK of this
# repository and one in CommonJS on the oldest that package.json allows, and deploys both to an emulated account. Then takes
# the function's code back from there and runs it as Lambda does, where runtimeClient.sh has put Lambda's runtime client.
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
npm pack --silent --pack-destination "$work" > "$work/packed"
tarball=$work/$(tail -n 1 "$work/packed")
tar -tzf "$tarball" | sed 's#^package/##' | sort > "$work/files"
odd=$(grep -vE '^(package\.json|README\.md|LICENSE|dist/authorizer/index\.mjs|dist/usage-plan-sync/index\.mjs|dist/console/(index\.html|console\.(js|css)|icon\.svg)|dist/cjs/(latchkey|cdk|testing)\.cjs|dist/cjs/types/package\.json|dist/cjs/types/.+\.d\.ts|dist/lib/.+\.js|dist/lib/.+\.d\.ts)$' "$work/files" || true)
[[ -z $odd ]] || fail "the package has what nobody needs: $odd"
for entry in dist/{authorizer,usage-plan-sync}/index.mjs dist/cjs/{latchkey,cdk,testing}.cjs dist/lib/{index,infra/index,testing/index}.{js,d.ts} dist/lib/cli/main.js; do
  grep -qx "$entry" "$work/files" || fail "the package lacks $entry"
done
odd=$(grep -E '^dist/(lib|cjs/types)/((test|local|bench|console/page|lambda/sample)/|(cli|console)/.*\.d\.ts$|infra/app/)' "$work/files" || true)
[[ -z $odd ]] || fail "the package has what belongs to the repository: $odd"
say "packed: $(wc -l < "$work/files") files, $(wc -c < "$tarball") bytes, $(tar -xzOf "$tarball" | wc -c) unpacked"

# --- two applications
# install FOLDER: puts an application where it is alone, with its own packages and the tarball
install() {
  cp -r "test/e2e/package/$1" "$work/$1"
  cp "$tarball" "$work/$1/latchkey.tgz"
  (cd "$work/$1" && logged npm install --prefer-offline --no-audit --no-fund --loglevel error ./latchkey.tgz)
  [[ ! -e $work/$1/node_modules/latchkey/node_modules ]] || fail "$1: packages of its own came with latchkey"
}
install typescript
install commonjs
wanted=$(json 'it.peerDependencies["aws-cdk-lib"]' < package.json)
[[ ^$(json 'it.version' < "$work/commonjs/node_modules/aws-cdk-lib/package.json") == "$wanted" ]] ||
  fail "the application in CommonJS is to have the oldest CDK of $wanted"
say 'both applications have installed the package'

cd "$work/typescript"
logged npx --no-install tsc
# As in projects that the CDK's template began before it had NodeNext.
logged npx --no-install tsc --module commonjs --moduleResolution node10 --skipLibCheck
# As the CDK's template has it: the package's own kind is CommonJS, and tsx compiles to that.
logged npm pkg set type=commonjs
for typescript in typescript typescript-5.6; do logged node "node_modules/$typescript/bin/tsc" --skipLibCheck; done
logged npx --no-install tsx app.ts
logged npm pkg set type=module
say 'the types are good in an application, those of the package and its packages checked too'
cd "$work/commonjs"
logged node "$root/node_modules/jest/bin/jest.js"
say 'Jest runs tests of an application in CommonJS'

cdk() { (cd "$work/$1" && logged npx --no-install cdk "${@:2}" --no-notices); }
# deploy FOLDER [OPTION...]: deploys its stack, with the outputs in $work/FOLDER.json
deploy() { cdk "$1" deploy --all --require-approval never --method=direct --outputs-file "$work/$1.json" "${@:2}"; }
cd "$work"
cdk typescript bootstrap aws://123456789012/us-east-1
deploy typescript
deploy commonjs
output() { json "it.Orders.$1" < "$work/typescript.json"; }
table=$(output TableName)
invoices=$(json 'it.Invoices.TableName' < "$work/commonjs.json")
kinds() { aws cloudformation list-stack-resources --stack-name Orders --query 'StackResourceSummaries[].ResourceType' --output json; }
count() { kinds | json "it.filter((type) => type === '$1').length"; }
[[ "$(count AWS::Lambda::Function) $(count AWS::ApiGateway::Authorizer) $(count AWS::ApiGatewayV2::Authorizer)" == '1 1 1' ]] ||
  fail "two APIs of two kinds are to share one function: $(kinds)"
say 'both are deployed: a REST API and an HTTP API on one function, and a REST API with TOKEN and a WebSocket API'

# --- a key by the package's command
latchkey() { (cd "$work/typescript" && npx --no-install latchkey "$@"); }
(cd "$work/commonjs" && npx --no-install latchkey --help) > "$work/help" || fail 'latchkey --help failed'
grep -q '^Usage: latchkey' "$work/help" || fail "latchkey --help says: $(cat "$work/help")"
(cd "$work/commonjs" && npx --no-install latchkey list --help) >> "$work/help" 2>&1 || fail "latchkey list --help failed: $(cat "$work/help")"
(cd "$work/commonjs" && npx --no-install latchkey list || true) >> "$work/help" 2>&1
! grep -E 'npm (start|run)|--local' "$work/help" || fail 'the package points to scripts or options that only the repository has'
latchkey create --label deployed --owner acme --scope orders:read --stack Orders --json > "$work/created.json"
key=$(json 'it.key' < "$work/created.json")
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'the key is not in the table of the stack'
(cd "$work/commonjs" && logged node library.js "$invoices")
[[ $(aws dynamodb scan --table-name "$invoices" --query 'Items[].label.S' --output text) == 'by require' ]] ||
  fail 'the application in CommonJS has issued no key'
say 'a key was issued by npx latchkey --stack, and one by require("latchkey"), which verified it'

# --- an update, and nothing left to change
scopes='{"orders:read":["GET /orders"]}'
update=(-c recordCacheSeconds=5 -c "scopes=$scopes")
deploy typescript "${update[@]}"
[[ $(output TableName) == "$table" ]] || fail "the update has replaced the table by $(output TableName)"
[[ $(output RevocationDelaySeconds) == 5 ]] || fail "the update tells a delay of $(output RevocationDelaySeconds)"
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'the update has lost the key'
cdk typescript diff --fail "${update[@]}"
(cd typescript && ! npx --no-install cdk diff --fail --no-notices > "$work/diff.log" 2>&1) ||
  fail 'cdk diff sees no difference where there is one'
say 'an update changed two settings and kept the table with its key; cdk diff finds nothing more to do'

# --- the function as it is deployed
function=$(output FunctionName)
aws lambda get-function-configuration --function-name "$function" --output json > function.json
# Where the emulator says that the code is, nothing answers; the same file is where the CDK put it.
location=$(aws lambda get-function --function-name "$function" --query Code.Location --output text)
aws s3 cp --quiet "s3://cdk-hnb659fds-assets-123456789012-us-east-1/${location##*/}" function.zip
[[ $(openssl dgst -sha256 -binary function.zip | base64) == $(json 'it.CodeSha256' < function.json) ]] ||
  fail 'the file is not what the function was made of'
python3 -m zipfile -e function.zip function
[[ $(ls function) == index.mjs ]] || fail "the function's zip has $(ls function)"
if [[ $(uname -s) == Linux ]] && command -v cmake > /dev/null && command -v g++ > /dev/null; then
  source "$root/test/e2e/runtimeClientCache.sh"
  [[ $(item "$table" "$key" | json 'it.Item.lastUsedAt?.S') == undefined ]] || fail 'the key was used before its use'
  started=$(date -u +%Y-%m-%dT%H:%M:%S)
  (cd "$root" && node --import tsx test/e2e/deployedFunction.ts "$work/function/index.mjs" "$work/function.json" "$key") ||
    fail 'the deployed function answers otherwise'
  used=$(item "$table" "$key" | json 'it.Item.lastUsedAt?.S')
  [[ $used == *Z && ! $used < $started ]] || fail "the deployed table has the use noted as $used"
  say 'the deployed code, in its deployed environment, allows the key, denies another and notes the use'
else
  say "the deployed code was not run: Linux, cmake or g++ is not on this machine"
fi

# --- the end
cdk typescript destroy --all --force
cdk commonjs destroy --all --force
for stack in Orders Invoices; do without_stack "$stack"; done
[[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail 'functions are left'
[[ $(item "$table" "$key" | json 'it.Item.owner.S') == acme ]] || fail 'a table went with its stack'
[[ $(aws dynamodb scan --table-name "$invoices" --query Count) == 1 ]] || fail 'a table went with its stack'
say 'destroyed: the functions are gone, and both tables are left with their keys'
