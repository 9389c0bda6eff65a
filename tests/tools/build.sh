#!/usr/bin/env bash
# Configures and builds one preset, tests included.
#
#   [CMAKE_OPTIONS=-DX=Y] tests/tools/build.sh PRESET [TARGET...]
#
# Compiler output is shown as it comes on a terminal, else only after a failure.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
preset=$1
shift

build() {
  cmake --preset "$preset" -DBUILD_TESTING=ON ${CMAKE_OPTIONS:-} &&
    cmake --build --preset "$preset" --parallel "$(nproc)" \
      ${1:+--target "$@"} -- -k 0
}

echo "Building the preset $preset" >&2
if [ -t 1 ]; then
  build "$@"
else
  mkdir -p build
  log=build/$preset.log
  build "$@" </dev/null >"$log" 2>&1 || { tail -n 200 "$log"; exit 1; }
fi
