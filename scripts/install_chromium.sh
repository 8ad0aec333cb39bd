#!/usr/bin/env bash
# Installs Chromium, which the report page's tests drive, unless a browser they know is there. Works on Debian and its derivatives only.
set -euo pipefail
names=(chromium chromium-browser google-chrome chrome) # as in tests/report/conftest.py

found() {
  local name
  for name in "${names[@]}"; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}
fail() {
  echo "install_chromium: $1; without Chromium the report page's tests are skipped, and fail where CI=true" >&2
  exit 1
}

if found; then exit 0; fi
command -v apt-get >/dev/null || fail "no apt-get here: install Chromium by other means (one of ${names[*]} on PATH)"
root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null || fail "not root, and no sudo without a password"
  root=(sudo -n)
fi
apt() { ${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@"; }
# A list that could not be refreshed may still serve: the installation says whether it did.
apt update || echo "install_chromium: apt-get update ended with $?" >&2
apt install -y --no-install-recommends chromium >/dev/null || fail "apt-get install chromium ended with $?"
found || fail "apt-get installed chromium, but none of ${names[*]} is on PATH"
