"""The limits on the length of files and functions."""

import re

FILE_LINES = {".h": 300, ".cc": 500, ".py": 500, ".sh": 500}
FUNCTION_LINES = 60
EXCEPTION = "NOLINT(readability-function-size)"
MAX_EXCEPTIONS = 10

# clang-format puts the closing brace of a block under the line it began on.
NOT_A_FUNCTION = re.compile(
    r"^\s*(?:if|else|for|while|switch|do|try|catch|case|namespace|class|struct|"
    r"enum|union|extern|using|return|\}|template)\b|^\s*\}|=\s*\{$")


def extension(path):
    return "." + path.rpartition(".")[2] if "." in path.split("/")[-1] else ""


def functions(text):
    """(first line's number, lines, whether excepted, name) of each C++ function."""
    lines = text.split("\n")
    found = []
    for end, line in enumerate(lines):
        closing = re.match(r"( *)\}[;,)]*$", line)
        if not closing:
            continue
        indent = closing[1]
        start = end - 1
        while start >= 0 and not (
                re.match(re.escape(indent) + r"[^\s#/)]", lines[start])):
            start -= 1
        head = "\n".join(lines[start:end])
        signature = head.split("{\n")[0]
        if (start < 0 or "(" not in signature or "{\n" not in head + "\n" or
                NOT_A_FUNCTION.search(lines[start])):
            continue
        found.append((start + 1, end - start + 1,
                      EXCEPTION in head or EXCEPTION in lines[start - 1],
                      re.split(r"\(", lines[start].strip())[0].split(" ")[-1]))
    return found


def all_functions(texts):
    """(lines, path, line, name, excepted), the longest first."""
    return sorted(((size, path, line, name, excepted)
                   for path, text in texts.items()
                   if extension(path) in (".cc", ".h")
                   for line, size, excepted, name in functions(text)),
                  reverse=True)


def longest(texts):
    """The ten longest files and functions, for people."""
    files = sorted(((text.count("\n"), path) for path, text in texts.items()),
                   reverse=True)
    return "\n".join(
        ["The longest files:"] + [f"{n:5} {path}" for n, path in files[:10]] +
        ["The longest functions:"] +
        [f"{size:5} {path}:{line} {name}"
         for size, path, line, name, _ in all_functions(texts)[:10]])


def faults(texts):
    """One line for each fault in `texts`, which maps paths to contents."""
    found = []
    for path, text in texts.items():
        limit = FILE_LINES.get(extension(path), 500)
        if text.count("\n") > limit:
            found.append(f"{path}: {text.count(chr(10))} lines, at most {limit}")
    found += [f"{path}:{line}: {name}: {size} lines, at most {FUNCTION_LINES}"
              for size, path, line, name, excepted in all_functions(texts)
              if size > FUNCTION_LINES and not excepted]
    marks = [(path, mark) for path, text in texts.items()
             if extension(path) in (".cc", ".h")
             for mark in re.findall(re.escape(EXCEPTION) + "(.*)", text)]
    found += [f"{path}: {EXCEPTION} needs a reason: `: WHY`"
              for path, mark in marks if not re.match(r": \w", mark)]
    if len(marks) > MAX_EXCEPTIONS:
        found.append(f"{len(marks)} functions are excepted from the limit, at "
                     f"most {MAX_EXCEPTIONS}")
    return found
