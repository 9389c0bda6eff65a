#!/usr/bin/env bash
# Installs the npm programs that tests run into build/tools, as package-lock.json
# pins them; quiet when they are there.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
target=../../build/tools

cmp -s package-lock.json "$target/installed.json" && exit 0
echo "Installing the npm programs of tests/tools/package.json" >&2
mkdir -p "$target"
cp package.json package-lock.json .npmrc "$target"
log=$(mktemp -t steelyard-npm.XXXXXX)
# No package here needs its install script; what does not run can do no harm.
(cd "$target" && npm ci --ignore-scripts --no-fund --no-audit) \
  </dev/null >"$log" 2>&1 || {
  echo "tests/tools: missing: @bufbuild/buf; npm can't get it" \
    "(is there a network?): $log" >&2
  exit 1
}
rm -f "$log"
cp package-lock.json "$target/installed.json"
