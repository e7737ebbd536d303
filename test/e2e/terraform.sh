#!/usr/bin/env bash
# Validates the Terraform module and tests its variables. Applies the module and its examples to moto, an emulated
# account, issues a key in the table of each example, and destroys the example.
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
terraform fmt -check -diff -recursive terraform || fail 'terraform/ is not formatted by terraform fmt -recursive'

.ci/zips "$work/zips"
.ci/zips "$work/zips-again"
diff -r "$work/zips" "$work/zips-again" || fail '.ci/zips wrote different files for the same dist'
(cd "$work/zips" && sha256sum --check --quiet SHA256SUMS) || fail 'SHA256SUMS does not match the zip files'
echo 'built the zip files of a release twice, with equal checksums'

moto_server -H 127.0.0.1 -p 0 > "$work/moto.log" 2>&1 &
server=$!
for _ in $(seq 150); do
  endpoint=$(grep -o -m 1 'http://127\.0\.0\.1:[0-9]*' "$work/moto.log") && break
  kill -0 "$server" 2> /dev/null || fail "moto ended: $(cat "$work/moto.log")"
  sleep 0.2
done

export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true
export TF_VAR_authorizer_zip=$work/zips/authorizer.zip TF_VAR_backend_url=https://backend.example/orders
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE

# The provider of the emulated account is in a copy, so the module and its examples stay as users read them.
cp -r terraform "$work/terraform"
for directory in "$work"/terraform "$work"/terraform/examples/*; do
  cat > "$directory/emulated.tf" << 'END'
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
END
done

# tf DIRECTORY COMMAND...: silent unless it fails
tf() {
  local directory=$1
  shift
  terraform -chdir="$directory" "$@" -no-color > "$work/terraform.log" 2>&1 || fail "$directory: $(cat "$work/terraform.log")"
}

module=$work/terraform
tf "$module" init -plugin-dir="$plugins"
tf "$module" validate
tf "$module" test
grep '^Success' "$work/terraform.log"

# moto doesn't return the function's logging configuration, so a second plan would always set it.
cat > "$module/moto_override.tf" << 'END'
resource "aws_lambda_function" "authorizer" {
  lifecycle {
    ignore_changes = [logging_config]
  }
}
END

# check DIRECTORY [ENVIRONMENT_FILE]: compares the function and the outputs of the applied directory with the construct's
check() {
  local directory=$1
  shift
  aws lambda get-function-configuration --function-name latchkey-authorizer --output json > "$work/function.json"
  terraform -chdir="$directory" output -json > "$work/outputs.json"
  node --import tsx test/e2e/terraform/checkSettings.ts "$work/function.json" "$work/outputs.json" "$@"
}

export TF_VAR_deletion_protection=false
tf "$module" apply -auto-approve
tf "$module" plan -detailed-exitcode
check "$module"
echo 'without variables, the function has its own defaults'
every=$PWD/test/e2e/terraform/everySetting
tf "$module" apply -auto-approve -var-file="$every.tfvars.json"
tf "$module" plan -detailed-exitcode -var-file="$every.tfvars.json"
check "$module" "$every.environment.json"
tf "$module" destroy -auto-approve
unset TF_VAR_deletion_protection
echo 'every setting reached the function, which reads them; the gateway responses equal the construct’s'

latchkey() { npm run --silent latchkey -- "$@" --table latchkey-keys; }

# issue NAME: issues a key in the example's table, and finds it by its id and its owner
issue() {
  latchkey create --label "$1" --owner acme --json > "$work/created.json"
  local id
  id=$(node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).record.id' < "$work/created.json")
  latchkey show "$id" | grep -q "$1" || fail "$1: the key was not found by its id"
  latchkey list --owner acme | grep -q "$1" || fail "$1: the key was not found by its owner"
}

# refuses_to_destroy DIRECTORY LABEL: fails unless the protected table and its key outlast a destroy
refuses_to_destroy() {
  ! terraform -chdir="$1" destroy -auto-approve -no-color > "$work/terraform.log" 2>&1 || fail "$2: destroy deleted a protected table"
  grep -qi 'DeletionProtectionEnabled\|protected against deletion' "$work/terraform.log" || fail "$2: destroy failed: $(cat "$work/terraform.log")"
  latchkey list --owner acme | grep -q "$2" || fail "$2: the protected table lost its key"
  tf "$1" apply -auto-approve -var deletion_protection=false
}

for example in "$work"/terraform/examples/*; do
  name=${example##*/}
  # The protection is the module's, so one example suffices for it.
  protection=$([[ $name == http ]] && echo true || echo false)
  tf "$example" init -plugin-dir="$plugins"
  tf "$example" validate
  tf "$example" apply -auto-approve -var "deletion_protection=$protection"
  grep '^Apply complete' "$work/terraform.log"
  tf "$example" plan -detailed-exitcode -var "deletion_protection=$protection"
  issue "$name"
  check "$example"
  [[ $protection == false ]] || refuses_to_destroy "$example" "$name"
  tf "$example" destroy -auto-approve -var deletion_protection=false
  [[ -z $(aws dynamodb list-tables --query TableNames --output text) ]] || fail "$name: destroy left a table"
  [[ -z $(aws lambda list-functions --query 'Functions[].FunctionName' --output text) ]] || fail "$name: destroy left a function"
  echo "$name: applied, with an empty second plan; issued a key; destroyed"
done
