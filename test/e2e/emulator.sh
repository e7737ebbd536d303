# Sourced by the suites. Runs an emulated AWS account on the loopback interface until the sourcing script ends.

# fail TEXT: end the suite
fail() {
  echo "${suite:?}: $1" >&2
  exit 1
}

# json EXPRESSION: evaluates it with the JSON on stdin as `it`
json() { node -e "const it = JSON.parse(require('node:fs').readFileSync(0, 'utf8')); console.log($1)"; }

# start_emulator DIRECTORY: starts the emulator, creates the directory $work, and configures the CDK and the AWS tools
# for it
start_emulator() {
  work=$(mktemp -d)
  emulator_process=
  trap stop_emulator EXIT
  PYTHONDONTWRITEBYTECODE=1 python3 "$1/serve.py" --port 0 > "$work/emulator.log" 2>&1 &
  emulator_process=$!
  # The emulator prints a URL with a host name, because it derives S3 buckets from the host.
  for _ in $(seq 600); do
    AWS_ENDPOINT_URL=$(grep -o 'http://localhost:[0-9]*$' "$work/emulator.log") && break
    kill -0 "$emulator_process" 2> /dev/null || fail "the emulator ended: $(cat "$work/emulator.log")"
    sleep 0.2
  done
  export AWS_ENDPOINT_URL
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_EC2_METADATA_DISABLED=true CDK_DISABLE_CLI_TELEMETRY=true CI=true
  # The CDK's validation takes most of a synthesis, and only prints warnings. cfnLint.sh checks templates.
  export CDK_VALIDATION=false
  unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE
}

stop_emulator() {
  [[ -z $emulator_process ]] || kill "$emulator_process" 2> /dev/null || true
  wait
  rm -rf "$work"
}

# bootstrap: prepares the emulated account for the CDK. It runs in a directory without an app, because it needs none.
bootstrap() {
  local cdk=$PWD/node_modules/.bin/cdk
  (cd "$work" && logged "$cdk" bootstrap aws://123456789012/us-east-1 --no-notices)
}

# logged COMMAND...: runs a command quietly; if it fails, prints its output and ends the suite
logged() { "$@" > "$work/command.log" 2>&1 || fail "$* failed: $(cat "$work/command.log")"; }

# key_hash KEY: prints the key's hash
key_hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

# item TABLE KEY: prints the key's item as JSON. If the table lacks the item, the output is empty.
item() { aws dynamodb get-item --table-name "$1" --key "{\"keyHash\":{\"S\":\"$(key_hash "$2")\"}}" --output json; }

# download_function NAME: writes its configuration to $work/NAME.json, and its code to $work/NAME. The emulator's download
# URL doesn't work, so the code comes from the CDK's bucket.
download_function() {
  local location
  aws lambda get-function-configuration --function-name "$1" --output json > "$work/$1.json"
  location=$(aws lambda get-function --function-name "$1" --query Code.Location --output text)
  aws s3 cp --quiet "s3://cdk-hnb659fds-assets-123456789012-us-east-1/${location##*/}" "$work/$1.zip"
  [[ $(openssl dgst -sha256 -binary "$work/$1.zip" | base64) == $(json 'it.CodeSha256' < "$work/$1.json") ]] ||
    fail 'the downloaded file is not the deployed code'
  python3 -m zipfile -e "$work/$1.zip" "$work/$1"
}

# management_function STACK: prints the name of the stack's function that manages keys
management_function() {
  aws cloudformation list-stack-resources --stack-name "$1" --output json |
    json "it.StackResourceSummaries.find((one) => one.ResourceType === 'AWS::Lambda::Function' && one.LogicalResourceId.startsWith('Management')).PhysicalResourceId"
}

# without_stack NAME: fails unless the stack is gone
without_stack() {
  local status
  status=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2> /dev/null) || return 0
  [[ $status == DELETE_COMPLETE ]] || fail "the stack $1 is $status after destroy"
}
