"""Runs clang-tidy, and so clang with all its warnings, on the sources of a build:

    tidy.py BUILD_DIR BUILT_DIR BASE LIMIT_S

BUILD_DIR is configured for clang, BUILT_DIR any build of the same sources.  First
the sources that the change since the commit BASE touches, then those that include a
header that it touches, as BUILT_DIR recorded it, then others, in an order that each
commit draws anew: so all come to be checked again.  Ends when LIMIT_S seconds have
passed, and says what was left out.  `cmake --build --preset clang` checks them all.

Exit status 1 when clang-tidy has something to say of what the change touches.  What
it says of others is shown: a change should not wait for what it did not do.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIDY = "clang-tidy-14"


def git(*arguments):
    return subprocess.run(["git", "-c", "safe.directory=*", *arguments], cwd=ROOT,
                          capture_output=True, text=True).stdout


def sources(build):
    """The sources of ours that `build` compiles, as paths from the root."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {pathlib.Path(it["directory"], it["file"]).resolve()
             for it in entries}
    return sorted(str(path.relative_to(ROOT)) for path in paths
                  if path.is_relative_to(ROOT) and
                  not path.is_relative_to(ROOT / "build"))


def dependencies(build):
    """{source: all that it includes of ours}, as the last build recorded it."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for block in text.split("\n\n"):
        paths = [os.path.relpath(build / line.strip(), ROOT)
                 for line in block.split("\n")[1:] if line.startswith("    ")]
        if paths:
            found[paths[0]] = set(paths)
    return found


def in_order(build, built, base):
    """(the sources that the change touches, directly or not; the others)."""
    head = git("rev-parse", "HEAD")
    changed = set(git("diff", "--name-only", base, "HEAD").split())
    if ".clang-tidy" in changed:
        changed.update(sources(build))
    includes = dependencies(built)
    touched, others = [], []
    for path in sources(build):
        mine = includes.get(path, {path}) | {path}
        (touched if mine & changed else others).append(path)
    touched.sort(key=lambda path: path not in changed)
    others.sort(key=lambda path: hashlib.sha256((head + path).encode()).digest())
    return touched, others


def check(build, path):
    """What clang-tidy says of one source; empty when nothing."""
    result = subprocess.run([TIDY, "--quiet", "-p", build, ROOT / path],
                            capture_output=True, text=True)
    return "" if result.returncode == 0 else (
        f"{path}\n{result.stdout}{result.stderr}")


def main(build, built, base, limit_s):
    build, end = ROOT / build, time.monotonic() + float(limit_s)
    touched, others = in_order(build, ROOT / built, base)
    waiting = touched + others
    faults = checked = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def next_check(path):
            return None if time.monotonic() > end else check(build, path)
        for said in pool.map(next_check, waiting):
            if said is None:
                continue
            checked += 1
            if said:
                print(said, flush=True)
                faults += checked <= len(touched)
    left = max(0, len(touched) - checked)
    print(f"clang-tidy: {checked} of {len(waiting)} sources, {len(touched)} of "
          f"them touched by the change"
          + (f", {left} of these left out for lack of time" if left else ""))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
