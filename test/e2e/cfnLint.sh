#!/usr/bin/env bash
# Checks the templates that users deploy with cfn-lint: the synthesized one, those of the recipes, and the docs' SAM
# template. W3005 is ignored, because the CDK writes a DependsOn in addition to a reference.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The CDK's own validation takes most of a synthesis, and cfn-lint follows.
export CDK_VALIDATION=false
npm run --silent synth -- --output "$work/cdk.out"
node --import tsx test/integration/docs/synthesizeRecipes.ts lint README.md docs/recipes.md > /dev/null
mapfile -t recipes < <(find dist/lint -name '*.template.json')
((${#recipes[@]} > 5)) || { echo "cfn-lint: expected more than 5 templates of recipes, got ${#recipes[@]}" >&2; exit 1; }
cfn-lint --ignore-checks W3005 -- "$work/cdk.out/LatchkeyStack.template.json" docs/sam/template.yaml "${recipes[@]}"
echo "cfn-lint found nothing in $((${#recipes[@]} + 2)) templates"
