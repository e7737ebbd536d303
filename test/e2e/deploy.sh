#!/usr/bin/env bash
# Deploys LatchkeyStack with the real CDK to an emulated account, uses its table by the command line, and destroys the stack.
# Usage: deploy.sh EMULATOR_DIRECTORY
set -euo pipefail
emulator=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

suite=deploy
source test/e2e/emulator.sh
start_emulator "$emulator"

cdk() { npx --no-install cdk "$@" --output "$work/cdk.out" --no-notices; }
cdk bootstrap aws://123456789012/us-east-1 > "$work/bootstrap.log" 2>&1 || fail "$(cat "$work/bootstrap.log")"
cdk deploy LatchkeyStack --require-approval never --method=direct --outputs-file "$work/outputs.json" \
  > "$work/deploy.log" 2>&1 || fail "$(cat "$work/deploy.log")"

wanted=$(json 'Object.keys(it.Resources).length' < "$work/cdk.out/LatchkeyStack.template.json")
created=$(aws cloudformation describe-stack-resources --stack-name LatchkeyStack --output json |
  json "it.StackResources.filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE').length")
[[ $created == "$wanted" ]] || fail "$created resources were created, the template has $wanted"
echo "deployed: $created of $wanted resources"

output() { json "it.LatchkeyStack.$1" < "$work/outputs.json"; }
for name in RestApiUrl HttpApiUrl; do
  [[ $(output "$name") == https://*/whoami ]] || fail "the output $name is $(output "$name")"
done
[[ $(output WebSocketApiUrl) == wss://*/prod ]] || fail "the output WebSocketApiUrl is $(output WebSocketApiUrl)"
table=$(output TableName)

npm run --silent latchkey -- create --label deployed --table "$table" --json > "$work/created.json"
secret=$(json 'it.key' < "$work/created.json")
stored=$(item "$table" "$secret")
[[ $(json 'it.Item.label.S' <<< "$stored") == deployed ]] || fail "the table has $stored"
[[ $stored != *"${secret:11}"* ]] || fail 'the table holds the secret'
npm run --silent latchkey -- list --stack LatchkeyStack --json | json 'it.records.map(({ label }) => label).join()' |
  grep -qx deployed || fail 'list does not show the key'
echo 'a key was created in the deployed table, by hash alone'

caller=$(aws sts get-caller-identity --query Arn --output text)
[[ $(json 'it.record.createdBy' < "$work/created.json") == "$caller" ]] || fail "the creator is not $caller"
id=$(json 'it.record.id' < "$work/created.json")
npm run --silent latchkey -- revoke "${id:0:8}" --yes --stack LatchkeyStack --json > "$work/revoked.json"
[[ $(json 'it.record.id' < "$work/revoked.json") == "$id" ]] || fail 'revoke found another key'
[[ $(json 'it.record.revokedBy' < "$work/revoked.json") == "$caller" ]] || fail "the revoker is not $caller"
delay=$(json 'it.revocationDelaySeconds' < "$work/revoked.json")
[[ $delay == "$(output RevocationDelaySeconds)" ]] || fail "revoke tells a delay of $delay"
echo "the key was revoked by its stack and the start of its id, within $delay seconds"

cdk destroy LatchkeyStack --force > "$work/destroy.log" 2>&1 || fail "$(cat "$work/destroy.log")"
without_stack LatchkeyStack
[[ $(item "$table" "$secret" | json 'it.Item.label.S') == deployed ]] || fail 'the table went with the stack'
[[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail 'functions are left'
echo 'destroyed: the functions are gone, and the table is left with its key'
