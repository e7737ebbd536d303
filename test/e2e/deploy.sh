#!/usr/bin/env bash
# Deploys LatchkeyStack with the real CDK to an emulated account, uses its table by the command line, and destroys the stack.
# Usage: deploy.sh EMULATOR_DIRECTORY
set -euo pipefail
emulator=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

fail() {
  echo "deploy: $1" >&2
  exit 1
}

work=$(mktemp -d)
server=
stop() {
  [[ -z $server ]] || kill "$server" 2> /dev/null || true
  rm -rf "$work"
}
trap stop EXIT

port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
PYTHONDONTWRITEBYTECODE=1 python3 "$emulator/serve.py" --port "$port" > "$work/emulator.log" 2>&1 &
server=$!
for _ in $(seq 150); do
  curl --silent --output /dev/null "http://127.0.0.1:$port/" && break
  kill -0 "$server" 2> /dev/null || fail "the emulator ended: $(cat "$work/emulator.log")"
  sleep 0.2
done

# By name and not by number: the emulator finds templates in its S3 by host.
export AWS_ENDPOINT_URL="http://localhost:$port"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true CDK_DISABLE_CLI_TELEMETRY=true CI=true
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE

cdk() { npx --no-install cdk "$@" --output "$work/cdk.out" --no-notices; }
# json EXPRESSION: evaluates it with the JSON on stdin as `it`
json() { node -e "const it = JSON.parse(require('node:fs').readFileSync(0, 'utf8')); console.log($1)"; }

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
hash=$(printf %s "$secret" | sha256sum | cut -d ' ' -f 1)
stored=$(aws dynamodb get-item --table-name "$table" --key "{\"keyHash\":{\"S\":\"$hash\"}}" --output json)
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
if aws cloudformation describe-stacks --stack-name LatchkeyStack > /dev/null 2>&1; then
  status=$(aws cloudformation describe-stacks --stack-name LatchkeyStack --output json | json 'it.Stacks[0].StackStatus')
  [[ $status == DELETE_COMPLETE ]] || fail "the stack is $status after destroy"
fi
aws dynamodb get-item --table-name "$table" --key "{\"keyHash\":{\"S\":\"$hash\"}}" --output json |
  json 'it.Item.label.S' | grep -qx deployed || fail 'the table went with the stack'
[[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail 'functions are left'
echo 'destroyed: the functions are gone, and the table is left with its key'
