#!/usr/bin/env bash
# Runs the CLI on tmux's terminal of 80 columns. Checks the prompt of revoke, the table of list and the progress of seed.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
  echo "terminal: $1" >&2
  exit 1
}

work=$(mktemp -d)
database=
# A separate tmux server, because the test must not affect the user's sessions.
tm() { tmux -S "$work/tmux" "$@"; }
stop() {
  tm kill-server 2> /dev/null || true
  [[ -z $database ]] || kill "$database" 2> /dev/null || true
  rm -rf "$work"
}
trap stop EXIT

AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true node --import tsx test/support/serveTable.ts keys > "$work/endpoint" &
database=$!
for _ in $(seq 300); do
  [[ -s $work/endpoint ]] && break
  kill -0 "$database" 2> /dev/null || fail 'the database ended'
  sleep 0.1
done

export AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE=keys
AWS_ENDPOINT_URL_DYNAMODB=$(< "$work/endpoint")
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_STS

tm -f /dev/null new-session -d -x 80 -y 24 -s cli "$BASH --noprofile --norc"
tm set-option -g remain-on-exit on > /dev/null
tm send-keys -t cli "PS1='\$ '; PS2=; clear; latchkey() { node --import tsx cli/main.ts \"\$@\"; }; clear" Enter

# Prints the screen, with wrapped lines joined.
screen() { tm capture-pane -p -J -t cli; }
# sees PATTERN: waits until the screen matches the pattern
sees() {
  for _ in $(seq 300); do
    screen | grep -Eq -- "$1" && return
    sleep 0.05
  done
  fail "no $1 on the screen: $(screen)"
}
# types TEXT: types the text and presses Enter
types() { tm send-keys -t cli -l "$1" && tm send-keys -t cli Enter; }

id=$(node --import tsx cli/main.ts create --label 'build server' --json |
  node -e "console.log(JSON.parse(require('node:fs').readFileSync(0, 'utf8')).record.id)")

types "latchkey revoke ${id:0:8}"
sees "^Revoke key $id, \"build server\"\\? This cannot be\$"
sees '^undone\. \[y/N\] *$'
types n
sees '^Cancelled, nothing changed\.$'
types clear
types "latchkey revoke ${id:0:8}; echo \"exit \$?\""
sees '\[y/N\] *$'
tm send-keys -t cli C-c
sees 'exit 130$'
types clear
types "latchkey revoke ${id:0:8}"
sees '\[y/N\] *$'
types y
sees '^✓ Revoked “build server”\. Refused once caches expire\.'
echo 'revoke asked for confirmation, stopped at "n" and Ctrl-C, and went ahead at "y"'

types clear
types "latchkey revoke ${id:0:8}"
sees "^error: key $id was revoked already"
types clear
types "latchkey disable 0000; echo \"exit \$?\""
sees '^exit 1$'
types clear
types 'latchkey list'
sees '^ID +LABEL .* EXPIRES$'
[[ $(tm capture-pane -p -t cli | grep -c "${id:0:8}.*build server.*revoked") == 1 ]] || fail "the list wraps its lines: $(screen)"
echo 'list prints a key on one line'

node -e "for (let i = 0; i < 400; i++) console.log(JSON.stringify({ label: 'seeded ' + i }))" > "$work/seed.jsonl"
types clear
types "latchkey seed $work/seed.jsonl --out $work/made.jsonl"
sees '^[1-9][0-9]* of 400'
tm send-keys -t cli C-c
sees 'stopping after the current key'
sees '^Issued [0-9]+ of 400 keys\.'
types clear
types "latchkey seed $work/seed.jsonl --out $work/made.jsonl --skip-existing; echo \"exit \$?\""
sees '^[1-9][0-9]* of [0-9]+'
sees '^exit 0$'
[[ $(wc -l < "$work/made.jsonl") -eq 400 ]] || fail 'the file does not have 400 keys'
echo 'seed showed its progress, stopped at Ctrl-C and resumed to the end'
