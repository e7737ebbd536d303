#!/usr/bin/env bash
# Runs the worked example and the pre-commit hook of docs/secret-scanning.md, word for word.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
page=docs/secret-scanning.md

fail() {
  echo "preCommit: $1" >&2
  exit 1
}

# block START: prints the page's first block that begins with this fence or this first line
block() { awk -v start="$1" '!inside && $0 == start { inside = 1; if (start !~ /^```/) print; next } inside && /^```/ { exit } inside' "$page"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

block '```python' > "$work/example.py"
python3 "$work/example.py" > "$work/printed"
awk '/^It prints$/ { found = 1 } found && /^```/ { if (inside) exit; inside = 1; next } inside' "$page" > "$work/promised"
diff "$work/promised" "$work/printed" || fail 'the output of the worked example differs from the page'

# Prints a key of Latchkey's format, with the page's own checksum.
key() {
  python3 - "$work/example.py" << 'PYTHON'
import io, secrets, sys, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    exec(open(sys.argv[1]).read())
body = "sk_live_" + "".join(secrets.choice(DIGITS) for _ in range(43))
print(body + checksum(body))
PYTHON
}

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q "$work/repository"
cd "$work/repository"
git config user.name tests
git config user.email tests@example.invalid
(cd "$root" && block '#!/bin/sh') > .git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
export LATCHKEY="node --import $root/node_modules/tsx/dist/loader.mjs $root/cli/main.ts"

echo 'a bare prefix: sk_' > notes.txt
git add notes.txt
git commit -q -m 'no key' || fail 'the hook stopped a commit without a key'

secret=$(key)
printf 'first line\ntoken = "%s"\n' "$secret" > app.conf
git add app.conf
if git commit -q -m 'a key' 2> "$work/errors" > "$work/found"; then fail 'the hook let a commit with a key through'; fi
cat "$work/found" "$work/errors"
cat "$work/found" "$work/errors" | grep -q 'app\.conf:2:10: sk_live_' || fail 'the hook did not print the place of the key'
cat "$work/found" "$work/errors" | grep -q "${secret:0:20}" && fail 'the hook printed the key'
[[ $(git log --oneline | wc -l) == 1 ]] || fail 'the commit was made'

# The hook also finds keys in and after files that git treats as binary or leaves out of diffs.
python3 -c 'import sys; sys.stdout.buffer.write(b"x" * 8990 + b"\n\0 first\n")' > a-nul.txt
echo '*.hidden -diff' > .gitattributes
git rm -q -f --cached app.conf
git add a-nul.txt .gitattributes
git commit -q -m 'no key, but a NUL' || fail 'the hook stopped a commit of a file with a NUL'

refused() { # refused FILE: fails unless the hook stops the commit and prints the file of the key
  if git commit -q -m 'a key' > "$work/found" 2>&1; then fail "the hook let a commit with a key in $1 through"; fi
  cat "$work/found"
  grep -q "^$1:[0-9]*:[0-9]*: sk_" "$work/found" || fail "the hook did not print that the key is in $1"
  git reset -q && git checkout -q -- .
}
python3 -c 'import sys; sys.stdout.buffer.write(b"x" * 8990 + b"\n\0 second\n")' > a-nul.txt
echo "$secret" > b-leak.txt
git add a-nul.txt b-leak.txt
refused b-leak.txt
printf 'one\n%s\n' "$secret" > c.hidden
git add c.hidden
refused c.hidden
printf '\0\1\2\n%s\n' "$secret" > d.bin
git add d.bin
refused d.bin
rm b-leak.txt c.hidden d.bin

printf 'first line\ntoken = "%s"\n' "$secret" > app.conf
git add app.conf
git commit -q --no-verify -m 'a key, without the hook'
echo 'first line' > app.conf
git add app.conf
git commit -q -m 'no key any more' || fail 'the hook stopped a commit that removes a key'
git log -p | (cd "$root" && node --import tsx cli/main.ts scan -) > "$work/history" && fail 'scan did not find the key in the history'
cat "$work/history"
grep -q '^app\.conf:2:10: ' "$work/history" || fail 'scan did not print the place of the key in the history'
echo 'the hook stopped commits with a key, and allowed commits without one and the removal of a key'
