#!/usr/bin/env bash
# Imports 100,000 keys with the CLI into an embedded table. Stops the import by SIGINT in the middle, resumes it, counts the keys
# and checks that the memory does not grow.
# Usage: importScale.sh [COUNT]
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${1:-100000}

fail() {
  echo "importScale: $1" >&2
  exit 1
}

work=$(mktemp -d)
database=
importing=
stop() {
  for process in $importing $database; do kill "$process" 2> /dev/null || true; done
  rm -rf "$work"
}
trap stop EXIT

export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
node --import tsx test/support/serveTable.ts keys > "$work/endpoint" &
database=$!
for _ in $(seq 300); do
  [[ -s $work/endpoint ]] && break
  kill -0 "$database" 2> /dev/null || fail 'the database ended'
  sleep 0.1
done
export AWS_ENDPOINT_URL_DYNAMODB LATCHKEY_TABLE=keys
AWS_ENDPOINT_URL_DYNAMODB=$(< "$work/endpoint")
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_STS

node -e '
  const { createHash } = require("node:crypto");
  let text = "";
  for (let at = 1; at <= Number(process.argv[1]); at++) {
    const keyHash = createHash("sha256").update(`a key made elsewhere, number ${at}`).digest("hex");
    const lastUsedAt = new Date(1.7e12 + at).toISOString();
    text += JSON.stringify({ keyHash, label: `key ${at}`, owner: `owner ${at % 100}`, createdAt: "2026-01-01T00:00:00.000Z", lastUsedAt }) + "\n";
  }
  process.stdout.write(text);' "$count" > "$work/keys.jsonl"

rss() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$importing/status" 2> /dev/null || true; }
# The number of keys that the run has imported so far. With --json, each id is a line.
imported() { grep -c '^"' "$1" || true; }
start() {
  node --import tsx cli/main.ts import "$work/keys.jsonl" --json > "$work/$1.json" 2> "$work/$1.log" &
  importing=$!
}
# until_imported RUN NUMBER: waits until the run has imported that many keys
until_imported() {
  while (($(imported "$work/$1.json") < $2)); do
    kill -0 "$importing" 2> /dev/null || fail "the import ended: $(< "$work/$1.log")"
    sleep 0.1
  done
}

started=$SECONDS
start first
until_imported first $((count / 10))
early=$(rss)
echo "RSS when $(imported "$work/first.json") keys were imported: $early MiB"
until_imported first $((count / 2))
kill -INT "$importing"
code=0
wait "$importing" || code=$?
importing=
first=$(imported "$work/first.json")
[[ $code == 130 ]] || fail "SIGINT ended the import with $code"
grep -q 'run the same command again' "$work/first.log" || fail 'the import did not print how to resume'
((first < count)) || fail 'the import was not stopped in the middle'
echo "stopped by SIGINT with $first keys imported: $(tail -1 "$work/first.log")"

start second
late=
while kill -0 "$importing" 2> /dev/null; do
  now=$(rss)
  late=${now:-$late}
  sleep 0.1
done
wait "$importing" || fail "the second run failed: $(< "$work/second.log")"
importing=
echo "RSS at the end of $count keys: $late MiB"

total=$(node --import tsx cli/main.ts stats --json | node -pe 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).total')
second=$(imported "$work/second.json")
skipped=$(node -pe 'JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).skipped' "$work/second.json")
echo "the second run imported $second and skipped $skipped; the table contains $total, after $((SECONDS - started)) s"
[[ $total == "$count" ]] || fail "expected $count keys in the table, got $total"
((skipped == first && second == count - first)) || fail 'the two runs do not add up'
# A run of ten times the keys would require some 30 MiB more if it kept them.
((late < early + 60)) || fail 'the memory grew'
