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
  local port
  work=$(mktemp -d)
  emulator_process=
  trap stop_emulator EXIT
  port=$(node -e "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
  PYTHONDONTWRITEBYTECODE=1 python3 "$1/serve.py" --port "$port" > "$work/emulator.log" 2>&1 &
  emulator_process=$!
  for _ in $(seq 150); do
    curl --silent --output /dev/null "http://127.0.0.1:$port/" && break
    kill -0 "$emulator_process" 2> /dev/null || fail "the emulator ended: $(cat "$work/emulator.log")"
    sleep 0.2
  done
  # A host name, because the emulator derives S3 buckets from the host.
  export AWS_ENDPOINT_URL="http://localhost:$port"
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_EC2_METADATA_DISABLED=true CDK_DISABLE_CLI_TELEMETRY=true CI=true
  unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE
}

stop_emulator() {
  [[ -z $emulator_process ]] || kill "$emulator_process" 2> /dev/null || true
  rm -rf "$work"
}

# logged COMMAND...: runs a command quietly; if it fails, prints its output and ends the suite
logged() { "$@" > "$work/command.log" 2>&1 || fail "$* failed: $(cat "$work/command.log")"; }

# key_hash KEY: prints the key's hash
key_hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

# item TABLE KEY: prints the key's item as JSON. If the table lacks the item, the output is empty.
item() { aws dynamodb get-item --table-name "$1" --key "{\"keyHash\":{\"S\":\"$(key_hash "$2")\"}}" --output json; }

# without_stack NAME: fails unless the stack is gone
without_stack() {
  local status
  status=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2> /dev/null) || return 0
  [[ $status == DELETE_COMPLETE ]] || fail "the stack $1 is $status after destroy"
}
