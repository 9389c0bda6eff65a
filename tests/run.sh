#!/usr/bin/env bash
# Installs what is missing, builds the preset `release`, runs the tests.
#
#   tests/run.sh          every test with the label `quick`
#   tests/run.sh --all    every test
#
# Ends with the line "N passed, N failed, N skipped", and with 0 only when none
# failed.  A skip counts as failed unless tests/README.md lists it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

preset=release
case "${1:-}" in
  "") ;;
  --all) preset=all ;;
  *) echo "usage: $0 [--all]" >&2; exit 2 ;;
esac

deploy/install-dependencies.sh --tests
tests/tools/install.sh
tests/tools/build.sh release
tests/tools/ctest.sh "$preset" build/release
