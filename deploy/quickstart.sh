#!/usr/bin/env bash
# From a clone to trained, streamed, stored runs: installs what is missing, builds,
# starts a server in a new directory, trains, and shows what came out.
#
#   deploy/quickstart.sh           leaves nothing behind but the build
#   deploy/quickstart.sh --keep    leaves the server running
#
# Works from any directory, as root or as a user with sudo.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

keep=false
case "${1:-}" in
  "") ;;
  --keep) keep=true ;;
  *) echo "usage: $0 [--keep]" >&2; exit 2 ;;
esac

say() { printf '\n== %s\n' "$*" >&2; }
die() { echo "quickstart: $*" >&2; exit 1; }

# The programs alone, without the tests.  Output is shown on a terminal, else only
# after a failure.
build() {
  cmake --preset release -DBUILD_TESTING=OFF >build/quickstart.log 2>&1 &&
    if [ -t 2 ]; then
      cmake --build --preset release --parallel "$(nproc)" --target \
        steelyardd steelyard-worker steelyard >&2
    else
      cmake --build --preset release --parallel "$(nproc)" --target \
        steelyardd steelyard-worker steelyard >>build/quickstart.log 2>&1
    fi
}

say "Installing what is missing and building"
deploy/install-dependencies.sh
mkdir -p build
build || { tail -n 40 build/quickstart.log >&2; die "the build failed"; }
bin=$PWD/build/release/bin

# A socket's path has at most 107 bytes: not under a long TMPDIR.
home=$(mktemp -d /tmp/steelyard.XXXXXX)
server=
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT TERM

say "Starting a server in $home"
"$bin/steelyardd" --data-dir "$home/data" </dev/null \
  >"$home/listening" 2>"$home/log" &
server=$!
until grep -q '^listening on ' "$home/listening"; do
  kill -0 "$server" 2>/dev/null || { cat "$home/log" >&2; die "no server"; }
  sleep 0.1
done
STEELYARD_SERVER=$(sed -n 's/^listening on //p;q' "$home/listening")
export STEELYARD_SERVER

# submit FILE RATIO [CHANGE...]: prints the run's name.
submit() {
  local example=$1 ratio=$2 change changes=()
  shift 2
  for change in "$@"; do changes+=(--set "$change"); done
  "$bin/steelyard" submit "client/examples/$example.yaml" \
    --set "weighting.per_class.ratio=$ratio" \
    --set "name=${example%-weights}-ratio-$ratio" "${changes[@]}"
}

say "Submitting: three weightings each of eight points, of real images and a linear" \
  "model, of more images and a network"
ratios=(64 1 0.015625)
d8_ratios=(10 1 0.1)
images=() points=() networks=()
for ratio in "${d8_ratios[@]}"; do points+=("$(submit d8 "$ratio")"); done
for ratio in "${ratios[@]}"; do
  images+=("$(submit fashion-weights "$ratio")")
done
for ratio in "${ratios[@]}"; do
  networks+=("$(submit fashion-mlp "$ratio" stop.steps=15500)")
done
for run in "${points[@]}" "${images[@]}" "${networks[@]}"; do
  "$bin/steelyard" watch "$run"
done

# table METRIC STEPS RUN...: a row a step, a column a run.
table() {
  local metric=$1 steps=$2 run
  shift 2
  for run in "$@"; do
    "$bin/steelyard" metrics "$run" --csv |
      awk -F, -v run="$run" -v metric="$metric" \
        '$1 == metric { print run "," $2 "," $3 }'
  done | awk -F, -v steps="$steps" -v runs="$*" '
    { value[$1, $2] = $3 }
    END {
      rows = split(steps, step, " "); columns = split(runs, name, " ")
      for (i = 1; i <= rows; i++) {
        printf "%10d", step[i]
        for (j = 1; j <= columns; j++) printf "%16.5f", value[name[j], step[i]]
        print ""
      }
    }'
}

# heading TITLE RATIO...
heading() {
  printf '\n%s\n%10s' "$1" step
  shift
  local ratio
  for ratio in "$@"; do printf '%16s' "ratio $ratio"; done
  echo
}

heading "Eight points: distance from the direction of the largest margin" \
  "${d8_ratios[@]}"
table direction/gap "1000 10000 100000 1000000 10000000" "${points[@]}"
heading "Pullover against coat: share of the test images called pullover" \
  "${ratios[@]}"
steps="1 10 100 1000 10000 100000 316228"
table test/fraction_positive "$steps" "${images[@]}"
heading "... and of those that are called wrongly" "${ratios[@]}"
table test/error "$steps" "${images[@]}"
heading "A network, 1,000 images of each: share of the test images called pullover" \
  "${ratios[@]}"
table test/fraction_positive "1 10 100 316 1000 10000 15500" "${networks[@]}"
echo
"$bin/steelyard" metrics "${images[@]}" --metric test/fraction_positive --plot
cat <<TEXT

Weights rule at first; once the images are separated their effect fades.
TEXT

say "Next"
if $keep; then
  trap - EXIT
  disown "$server"
  cat <<TEXT
The server runs on, its data in $home.  Type
  export STEELYARD_SERVER=$STEELYARD_SERVER
  $bin/steelyard ls
  $bin/steelyard show last
  $bin/steelyard submit $PWD/client/examples/toy-a.yaml --follow
and, when you have seen enough,
  kill $server && rm -r $home
TEXT
else
  cat <<TEXT
That server is gone.  For one that stays, type
  $bin/steelyardd
and in another terminal
  $bin/steelyard submit $PWD/client/examples/d8.yaml --follow
  $bin/steelyard ls
or run $0 --keep.  README.md goes on from here.
TEXT
fi
