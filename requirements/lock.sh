#!/usr/bin/env bash
# Resolve once, export per place where code runs: every export is constrained to the one resolution.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
compile() { "$uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet "$@"; }
compile --extra dev -o requirements/dev.lock
pins=$(mktemp); trap 'rm -f "$pins"' EXIT
grep -E '^[a-zA-Z0-9_.-]+==' requirements/dev.lock | sed 's/ *\\$//' >"$pins"
for layer in runtime lean inference tables images; do
  compile --extra "$layer" -c "$pins" -o "layers/$layer/requirements.txt"
done
compile --extra trainer -c "$pins" -o trainer/requirements.txt
compile --extra cli -c "$pins" -o requirements/cli.lock
"$uv" pip compile requirements/sam.in --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet -o requirements/sam.lock
