#!/usr/bin/env bash
# Runs the tests of a test preset and sums them up.
#
#   tests/tools/ctest.sh TEST_PRESET BUILD_DIR [CTEST_OPTION...]
#
# The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
preset=$1
results=$PWD/$2/tests-$preset.xml
shift 2

rm -f "$results"
ctest --preset "$preset" --parallel "$(nproc)" --output-junit "$results" \
  --test-output-size-passed 100000 "$@" </dev/null || true
python3 tests/tools/summarize.py "$results" tests/README.md
