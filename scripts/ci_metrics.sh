#!/usr/bin/env bash
# What a change did to the metrics, in Markdown, and whether a headline number has really fallen.
# Usage: scripts/ci_metrics.sh [REVISION]; in CI the table goes to the job's summary.
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-HEAD}
summary=${GITHUB_STEP_SUMMARY:-/dev/stdout}
export PATH="$PWD/.venv/bin:$PATH"

if ! git cat-file -e "$base:./metrics/per_query.csv" 2>/dev/null; then
  echo "no metrics in $base to compare with" >>"$summary"
  exit 0
fi
{
  echo "## Metrics against \`$base\`"
  echo
  # The table of all files is long: what did not change is left out, and scores come from one file.
  dvc metrics diff --md "$base" --targets metrics/scores.json metrics/failures.json
  echo
  echo "## Guard"
  echo
} >>"$summary"
status=0
sunwi check --against "$base" >>"$summary" || status=$?
exit "$status"
