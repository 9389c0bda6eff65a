"""Sums up a ctest run: summarize.py RESULTS.xml TESTS_README.md

Prints what failed and what was skipped, each skip with its reason, and last the
line "N passed, N failed, N skipped".  Exit status 1 when a test failed, when none
ran, or when a skip has no reason or is not listed in the README's section
"Skips", where each entry is a table row that begins with the test's name in
backquotes.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def listed_skips(readme):
    """The names in the first column of the table under "## Skips"."""
    with open(readme, encoding="utf-8") as file:
        section = re.search(r"^## Skips$(.*?)(?=^## |\Z)", file.read(),
                            re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `([^`]+)`", section[1], re.MULTILINE)


def skip_reason(output):
    """What GoogleTest or our Python runner printed as the reason, or ""."""
    found = re.search(r": Skipped\n(.+)$|^skipped: (.+)$", output, re.MULTILINE)
    return (found[1] or found[2]).strip() if found else ""


def main(results, readme):
    try:
        cases = ElementTree.parse(results).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as error:
        print(f"no test results: {error}")
        cases = []
    allowed = listed_skips(readme)
    passed, failed, skipped = 0, 0, 0
    for case in cases:
        name, output = case.get("name"), case.findtext("system-out") or ""
        if case.find("failure") is not None:
            print(f"failed: {name}")
            failed += 1
        elif case.get("status") == "run":
            passed += 1
        else:
            reason = skip_reason(output)
            print(f"skipped: {name}: {reason or 'no reason given'}")
            if reason and name in allowed:
                skipped += 1
            else:
                print(f"failed: {name}: a skip that {readme} does not list")
                failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
