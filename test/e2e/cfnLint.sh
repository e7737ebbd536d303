#!/usr/bin/env bash
# What users deploy, by cfn-lint: the synthesized template, those of the recipes, and the SAM template of the docs. W3005 is
# about a DependsOn that the CDK writes beside a reference.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent synth
node --import tsx test/integration/docs/synthesizeRecipes.ts lint README.md docs/recipes.md > /dev/null
mapfile -t recipes < <(find dist/lint -name '*.template.json')
((${#recipes[@]} > 5)) || { echo "cfn-lint: ${#recipes[@]} templates of recipes were found" >&2; exit 1; }
cfn-lint --ignore-checks W3005 -- cdk.out/LatchkeyStack.template.json docs/sam/template.yaml "${recipes[@]}"
echo "cfn-lint found nothing in $((${#recipes[@]} + 2)) templates"
