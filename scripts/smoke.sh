#!/usr/bin/env bash
# Proves a bare clone: sets up, asks the program for its state, searches the demo, checks that dvc.lock is in sync.
set -euo pipefail
cd "$(dirname "$0")/.."
make setup
export PATH="$PWD/.venv/bin:$PATH"
sunwi --version
sunwi doctor
sunwi search "별은 왜 빛나나요?" --mode bm25 --k 3
planned=$(dvc repro --dry --allow-missing)
if grep "^Running stage" <<<"$planned"; then
  echo "dvc.lock is not in sync with dvc.yaml, params.yaml or the code: run dvc repro and commit dvc.lock" >&2
  exit 1
fi
echo "smoke: ok"
