#!/usr/bin/env bash
# Validates the docs' Terraform files, applies them to moto, an emulated account, and issues a key in their table.
# Usage: terraform.sh PLUGIN_DIRECTORY, a mirror that contains hashicorp/aws. Expects dist/authorizer to be built.
set -euo pipefail
plugins=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
server=
stop() {
  [[ -z $server ]] || kill "$server" 2> /dev/null || true
  rm -rf "$work"
}
trap stop EXIT

fail() {
  echo "terraform: $1" >&2
  exit 1
}

export CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null TF_IN_AUTOMATION=1
terraform fmt -check -diff docs/terraform || fail 'docs/terraform is not formatted by terraform fmt'
cp docs/terraform/* "$work"
python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").write("dist/authorizer/index.mjs", "index.mjs")' "$work/authorizer.zip"
cat > "$work/emulated.tf" << 'END'
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
END

moto_server -H 127.0.0.1 -p 0 > "$work/moto.log" 2>&1 &
server=$!
for _ in $(seq 150); do
  endpoint=$(grep -o -m 1 'http://127\.0\.0\.1:[0-9]*' "$work/moto.log") && break
  kill -0 "$server" 2> /dev/null || fail "moto ended: $(cat "$work/moto.log")"
  sleep 0.2
done

export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true
export TF_VAR_authorizer_zip=authorizer.zip TF_VAR_backend_url=https://backend.example/orders
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE

# tf COMMAND...: silent unless it fails
tf() { terraform -chdir="$work" "$@" -no-color > "$work/terraform.log" 2>&1 || fail "$(cat "$work/terraform.log")"; }
tf init -plugin-dir="$plugins"
tf validate
echo 'validated'
tf apply -auto-approve
grep '^Apply complete' "$work/terraform.log"

latchkey() { npm run --silent latchkey -- "$@" --table latchkey-keys; }
latchkey create --label terraformed --owner acme --json > "$work/created.json"
id=$(node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).record.id' < "$work/created.json")
latchkey show "$id" | grep -q terraformed || fail 'the key was not found by its id'
latchkey list --owner acme | grep -q terraformed || fail 'the key was not found by its owner'
echo 'issued a key in the table, and found it by its id and by its owner'
