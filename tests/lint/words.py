"""Words that must not stand in the sources."""

import re

SOURCES = (".cc", ".h", ".in", ".proto", ".py", ".sh", ".cmake", ".txt", ".yaml")

# In every text: what is only true on one machine, and what is left undone.
EVERYWHERE = [
    (re.compile(r"(?<![\w.$}])/(?:work|farm|root)/"),
     "a path of one machine"),
    (re.compile(r"\.\./shared\b"), "a path outside the repository"),
]
# In sources.
IN_SOURCES = [
    (re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"), "finish it, or leave it out"),
    (re.compile(r"^(?!\s*//).*\babsl::Mutex\b"), "steelyard::Mutex instead"),
]
# In tests: they wait for conditions, not for time, and run.
IN_TESTS = [
    (re.compile(r"sleep_for|SleepFor\(|\bsleep\("), "a test waits for a condition"),
    (re.compile(r"\bDISABLED_|EXPECT_TRUE\(true\)|\bSUCCEED\(\)"),
     "a test that can't fail"),
]
# Types: the words of CONTRIBUTING.md, "Names".
IN_CODE = [
    (re.compile(r"\b(?:class|struct|enum class)\s+(?:\w*[a-z])?"
                r"(?:Job|Task|Trial|Study|Manager|Helper|Utils?|Common|Base)"
                r"(?:[A-Z]\w*)?\s*(?:final\s*)?[:{;]"),
     "a name outside the vocabulary"),
]
FILE_NAME = re.compile(r"(?:^|[/_])(?:job|task|trial|study|manager|helper|utils?|"
                       r"common|base)s?(?:_|\.|/)")


def rules_for(path):
    rules = list(EVERYWHERE)
    if path.endswith(SOURCES):
        rules += IN_SOURCES
    if path.startswith("tests/"):
        rules += IN_TESTS
    if path.endswith((".cc", ".h")):
        rules += IN_CODE
    return rules


def faults(path, file):
    """One line for each fault in `file`, which git knows as `path`."""
    if path.startswith("tests/lint/") or path.endswith("package-lock.json"):
        return []  # they name the words
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        return []  # not a text
    found = [f"{path}:{number}: {match[0].strip()}: {why}"
             for number, line in enumerate(lines, 1)
             for pattern, why in rules_for(path)
             for match in pattern.finditer(line)]
    if FILE_NAME.search(path):
        found.append(f"{path}: a name outside the vocabulary")
    return found
