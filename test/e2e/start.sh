#!/usr/bin/env bash
# `npm start` for real: what it serves, what the command line says of it, and that it leaves no process behind; and the
# README's commands, as they stand there.
set -euo pipefail
cd "$(dirname "$0")/../.."
NODE_OPTIONS=--experimental-vm-modules exec npx jest --selectProjects e2e --testPathPatterns 'test/e2e/(start|operator).test.ts'
