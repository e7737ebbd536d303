#!/usr/bin/env bash
# Deploys LatchkeyStack with the real CDK to an emulated account, uses its table with the CLI, and destroys the stack.
# Usage: deploy.sh EMULATOR_DIRECTORY
set -euo pipefail
emulator=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

suite=deploy
source test/e2e/emulator.sh
start_emulator "$emulator"

cdk() { npx --no-install cdk "$@" --output "$work/cdk.out" --no-notices; }
bootstrap
logged cdk deploy LatchkeyStack --require-approval never --method=direct --outputs-file "$work/outputs.json"
cp -r "$work/cdk.out" "$work/deployed"

expected=$(json 'Object.keys(it.Resources).length' < "$work/cdk.out/LatchkeyStack.template.json")
created=$(aws cloudformation describe-stack-resources --stack-name LatchkeyStack --output json |
  json "it.StackResources.filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE').length")
[[ $created == "$expected" ]] || fail "expected $expected resources, got $created"
echo "deployed: $created of $expected resources"

output() { json "it.LatchkeyStack.$1" < "$work/outputs.json"; }
for name in RestApiUrl HttpApiUrl; do
  [[ $(output "$name") == https://*/whoami ]] || fail "the output $name is $(output "$name")"
done
[[ $(output WebSocketApiUrl) == wss://*/prod ]] || fail "the output WebSocketApiUrl is $(output WebSocketApiUrl)"
table=$(output TableName)
limits=$(output LimitsTableName)
aws dynamodb describe-time-to-live --table-name "$limits" --output json |
  json 'it.TimeToLiveDescription.AttributeName' | grep -qx purgeAfter || fail "the table of limits, $limits, has no TTL"
[[ $(output Plans | json 'it.demo.quota.limit') == 60 ]] || fail "the output Plans is $(output Plans)"

npm run --silent latchkey -- create --label deployed --table "$table" --json > "$work/created.json"
secret=$(json 'it.key' < "$work/created.json")
stored=$(item "$table" "$secret")
[[ $(json 'it.Item.label.S' <<< "$stored") == deployed ]] || fail "the table has $stored"
[[ $stored != *"${secret:11}"* ]] || fail 'the table contains the secret'
npm run --silent latchkey -- list --stack LatchkeyStack --json | json 'it.records.map(({ label }) => label).join()' |
  grep -qx deployed || fail 'list does not print the key'
echo 'created a key in the deployed table, which stores only its hash'

caller=$(aws sts get-caller-identity --query Arn --output text)
[[ $(json 'it.record.createdBy' < "$work/created.json") == "$caller" ]] || fail "the creator is not $caller"
id=$(json 'it.record.id' < "$work/created.json")
npm run --silent latchkey -- revoke "${id:0:8}" --yes --stack LatchkeyStack --json > "$work/revoked.json"
[[ $(json 'it.record.id' < "$work/revoked.json") == "$id" ]] || fail 'revoke found another key'
[[ $(json 'it.record.revokedBy' < "$work/revoked.json") == "$caller" ]] || fail "the revoker is not $caller"
delay=$(json 'it.revocationDelaySeconds' < "$work/revoked.json")
[[ $delay == "$(output RevocationDelaySeconds)" ]] || fail "revoke prints a delay of $delay seconds"
echo "revoked the key with --stack and the start of its id, with a delay of $delay seconds"

function=$(stack_function LatchkeyStack Events)
download_function "$function"
aws events create-event-bus --name keys > "$work/command.log"
node --import tsx test/e2e/deployedEvents.ts "$work/$function/index.mjs" "$work/$function.json" keys "$work/created.json" "$work/revoked.json" ||
  fail 'the deployed function of the events failed'
npm run --silent latchkey -- history "$id" --stack LatchkeyStack --json |
  json 'it.events.map(({ type, actor }) => `${type} by ${actor}`).join()' |
  grep -qx "KeyCreated by $caller,KeyRevoked by $caller" || fail "history does not print who changed $id"
echo 'the function of the events writes each change of a key once, and history prints who made it'

function=$(management_function LatchkeyStack)
download_function "$function"
managed=$(node --import tsx test/e2e/deployedManagement.ts "$work/$function/index.mjs" "$work/$function.json" operators portal) ||
  fail 'the deployed function that manages keys gave a wrong answer'
# The lines before the id are the function's log.
managed=${managed##*$'\n'}
npm run --silent latchkey -- show "$managed" --stack LatchkeyStack --json | json 'it.record.revokedBy' |
  grep -qx 'arn:aws:iam::123456789012:user/back-office' || fail "show does not print who revoked $managed"
[[ $(output KeyManagementUrl) == https://* ]] || fail "the output KeyManagementUrl is $(output KeyManagementUrl)"
echo 'the management API creates, lists, verifies and revokes a key, and opens a portal session'

# A second deployment of this repository next to the first, with npm run deploy and context values.
scopes='{"orders:read":["GET /orders","GET /whoami"]}'
owners=(-c issuer=https://issuer.example -c audience=orders)
context=(-c name=Orders -c keySources=bearer,header:X-Api-Key -c "scopes=$scopes" "${owners[@]}")
logged npm run --silent deploy -- "${context[@]}" --require-approval never --method=direct --no-notices
npm run --silent latchkey -- create --label by-context --scope orders:read --stack Orders --json > "$work/created.json"
orders=$(aws cloudformation describe-stacks --stack-name Orders --output json |
  json 'it.Stacks[0].Outputs.find(({ OutputKey }) => OutputKey === "TableName").OutputValue')
[[ $orders != "$table" ]] || fail 'two deployments share a table'
[[ $(item "$orders" "$(json 'it.key' < "$work/created.json")" | json 'it.Item.label.S') == by-context ]] ||
  fail 'the key is not in the table of the stack Orders'
variables=$(aws lambda list-functions --query 'Functions[].Environment.Variables' --output json |
  json "JSON.stringify(it.find(({ LATCHKEY_TABLE }) => LATCHKEY_TABLE === '$orders'))")
[[ $(json 'it.LATCHKEY_SCOPES' <<< "$variables") == "$scopes" ]] || fail "the scopes did not reach the function: $variables"
[[ $(json 'it.LATCHKEY_KEY_SOURCES' <<< "$variables") == bearer,header:X-Api-Key ]] ||
  fail "the key sources did not reach the function: $variables"
aws apigatewayv2 get-apis --query 'Items[?Name==`latchkey-key-management`].ApiId' --output json |
  json 'it.length' | grep -qx 2 || fail 'each stack must have a management API'
function=$(management_function Orders)
download_function "$function"
node --import tsx test/e2e/deployedManagement.ts "$work/$function/index.mjs" "$work/$function.json" operators owners portal > /dev/null ||
  fail 'the function with owners gave a wrong answer'
logged cdk diff --fail "${context[@]}"
! cdk diff --fail -c name=Orders > "$work/command.log" 2>&1 || fail 'cdk diff does not report a difference'
echo 'deployed a second stack from the context, with its own table, key sources and scopes; cdk diff finds no difference'

! cdk synth --quiet -c keySources=cookie -c nam=Orders > "$work/refused.log" 2>&1 || fail 'cdk synth accepted an invalid context'
grep -q '^nam: expected one of the options name, keySources, scopes, monitoring, accountLogRole, terminationProtection, issuer, audience, orgClaim, got an unknown option; keySources: expected .*, got "cookie"' "$work/refused.log" ||
  fail "the message about an invalid context is: $(cat "$work/refused.log")"
! grep -q '^ *at ' "$work/refused.log" || fail "the message about an invalid context has a stack trace: $(cat "$work/refused.log")"
echo 'an invalid context is rejected with a one-line message'

# The deployed assemblies, because another synthesis would write the same.
logged npx --no-install cdk destroy LatchkeyStack --force --app "$work/deployed" --no-notices
logged npx --no-install cdk destroy Orders --force --app cdk.out/deploy --no-notices
without_stack LatchkeyStack
without_stack Orders
[[ $(item "$table" "$secret" | json 'it.Item.label.S') == deployed ]] || fail 'destroying the stack deleted the table'
! aws dynamodb describe-table --table-name "$limits" > "$work/command.log" 2>&1 || fail 'destroying the stack left the table of limits'
[[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail 'destroying the stack left functions'
echo 'destroyed the stack: the functions and the table of limits are gone, and the table of keys still has its key'
