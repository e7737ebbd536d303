#!/usr/bin/env bash
# Runs the bundle under Lambda's own runtime client on Lambda's Node version, against a Runtime API on the loopback interface.
set -euo pipefail
cd "$(dirname "$0")/../.."
source test/e2e/runtimeClientCache.sh
npm run --silent test:runtime-client
