#!/usr/bin/env bash
# Runs `npm start` and the README's commands word for word. Checks the responses, the CLI's output and that all
# processes end.
set -euo pipefail
cd "$(dirname "$0")/../.."
NODE_OPTIONS=--experimental-vm-modules exec npx jest --selectProjects e2e --testPathPatterns 'test/e2e/(start|operator).test.ts'
