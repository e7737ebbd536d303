#!/usr/bin/env bash
# The worked example and the pre-commit hook of docs/secret-scanning.md, as they stand there, for real.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
page=docs/secret-scanning.md

fail() {
  echo "preCommit: $1" >&2
  exit 1
}

# block START: the first block of the page that begins with such a fence, or has such a first line
block() { awk -v start="$1" '!inside && $0 == start { inside = 1; if (start !~ /^```/) print; next } inside && /^```/ { exit } inside' "$page"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

block '```python' > "$work/example.py"
python3 "$work/example.py" > "$work/printed"
awk '/^It prints$/ { found = 1 } found && /^```/ { if (inside) exit; inside = 1; next } inside' "$page" > "$work/promised"
diff "$work/promised" "$work/printed" || fail 'the worked example prints something else than the page says'

# A key as Latchkey issues it, by the page's own checksum.
key() {
  python3 - "$work/example.py" << 'PYTHON'
import io, secrets, sys, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    exec(open(sys.argv[1]).read())
body = "sk_" + "".join(secrets.choice(DIGITS) for _ in range(43))
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
git commit -q -m 'no key' || fail 'a commit without a key was refused'

secret=$(key)
printf 'first line\ntoken = "%s"\n' "$secret" > app.conf
git add app.conf
if git commit -q -m 'a key' 2> "$work/told" > "$work/found"; then fail 'a commit with a key was let through'; fi
cat "$work/found" "$work/told"
cat "$work/found" "$work/told" | grep -q 'app\.conf:2:10: sk_' || fail 'it did not tell where the key is'
cat "$work/found" "$work/told" | grep -q "${secret:0:20}" && fail 'it told the key'
[[ $(git log --oneline | wc -l) == 1 ]] || fail 'something was committed'

# What git takes for binary, or for nothing to be seen in a diff, holds up a key all the same, there and in files behind it.
python3 -c 'import sys; sys.stdout.buffer.write(b"x" * 8990 + b"\n\0 first\n")' > a-nul.txt
echo '*.hidden -diff' > .gitattributes
git rm -q -f --cached app.conf
git add a-nul.txt .gitattributes
git commit -q -m 'no key, but a NUL' || fail 'a commit of a file with a NUL was refused'

refused() { # refused FILE: the key in it is told with its file, and nothing is committed
  if git commit -q -m 'a key' > "$work/found" 2>&1; then fail "a commit with a key in $1 was let through"; fi
  cat "$work/found"
  grep -q "^$1:[0-9]*:[0-9]*: sk_" "$work/found" || fail "it did not tell that the key is in $1"
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
git commit -q --no-verify -m 'a key, all the same'
echo 'first line' > app.conf
git add app.conf
git commit -q -m 'no key any more' || fail 'a commit that takes a key out was refused'
git log -p | (cd "$root" && node --import tsx cli/main.ts scan -) > "$work/history" && fail 'the key in the history was not found'
cat "$work/history"
grep -q '^app\.conf:2:10: ' "$work/history" || fail 'the history does not tell where the key was'
echo 'the hook let through what has no key, held up what has one, and let a key be taken out'
