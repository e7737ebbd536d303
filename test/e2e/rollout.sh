#!/usr/bin/env bash
# Deploys an HTTP API to an emulated account, and puts its authorizer's function behind an alias and back while a client calls.
# `rollout` and `provisionedConcurrentExecutions` create the alias in turn. CodeDeploy isn't emulated, so it doesn't
# shift traffic.
# Usage: rollout.sh EMULATOR_DIRECTORY
set -euo pipefail
emulator=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

suite=rollout
source test/e2e/emulator.sh
start_emulator "$emulator"
logged node build/build.js --if-changed

# deploy ALIAS: deploys the app with an alias that `rollout` or `provisioned` concurrency creates, or without one for
# `none`
deploy() {
  logged npx --no-install cdk deploy Rollout --app 'node --import tsx test/e2e/rollout/app.ts' -c "alias=$1" \
    --output "$work/cdk.out" --require-approval never --method=direct --no-notices --outputs-file "$work/outputs.json"
}

bootstrap
deploy none
api=$(json 'it.Rollout.ApiId' < "$work/outputs.json")

for alias in rollout none provisioned none; do
  node test/e2e/rollout/client.mjs "$api" > "$work/seen.json" &
  client=$!
  deploy "$alias"
  kill "$client" && wait "$client" || true
  calls=$(json 'it.calls' < "$work/seen.json")
  [[ $(json 'it.targets.length' < "$work/seen.json") == 2 ]] || fail "the client saw no change: $(cat "$work/seen.json")"
  [[ $(json 'it.refused.length' < "$work/seen.json") == 0 ]] || fail "calls without a permission: $(cat "$work/seen.json")"
  echo "alias=$alias: $calls calls, each with a permission for what the authorizer invokes"
done
