"""Who may include whom: the table of CONTRIBUTING.md, "Layers"."""

import re

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)

# What each layer may include of ours.
OURS = {
    "support": ["support"],
    "training": ["training", "support"],
    "storage": ["storage", "support"],
    "server": ["server", "steelyard/v1", "storage", "support"],
    "server/worker": ["server/worker", "steelyard/v1", "training", "support"],
    "client": ["client", "steelyard/v1", "support"],
}
# What other layers see of training/: these, training/data/ and training/shift/ show
# no Eigen type.
BORDER = ["training/export.h", "training/rows.h", "training/schedule.h",
          "training/trainer.h", "training/network_problem.h",
          "training/objective.h", "training/data", "training/shift"]
FOLDERS = ["support", "training", "storage", "server", "client", "tests",
           "proto", "steelyard/v1"]

# What each layer must not include of others.  The worker's programs alone know
# training's arithmetic, the server alone YAML, and so on.
RPC = ["google/protobuf", "google/rpc", "grpc", "grpcpp"]
THEIRS = {
    "support": [*RPC, "sqlite3.h", "Eigen", "yaml-cpp", "CLI"],
    "training": [*RPC, "sqlite3.h", "yaml-cpp", "CLI", "chrono", "thread",
                 "future", "absl/time", "absl/synchronization"],
    "storage": [*RPC, "Eigen", "yaml-cpp", "CLI"],
    "server": ["sqlite3.h", "Eigen", "zlib.h"],
    "server/worker": ["sqlite3.h", "yaml-cpp", "Eigen"],
    "client": ["sqlite3.h", "Eigen", "yaml-cpp", "zlib.h"],
}


def under(path, folder):
    return path == folder or path.startswith(folder + "/")


def layer_of(path):
    """The longest layer that `path` is in, or None (tests may do all)."""
    return max((layer for layer in OURS if under(path, layer)), key=len,
               default=None)


def faults(path, text):
    """One line for each include of `text`, the file `path`, that is not allowed."""
    layer = layer_of(path)
    if layer is None:
        return []
    found = []
    for header in INCLUDE.findall(text):
        if any(under(header, folder) for folder in FOLDERS):
            allowed = any(under(header, mine) for mine in OURS[layer])
            # server/worker lies in server and is not a part of it.
            if under(header, "server/worker") and layer != "server/worker":
                allowed = False
        else:
            allowed = not any(under(header, it) for it in THEIRS[layer])
            if any(under(path, it) for it in BORDER) and path.endswith(".h"):
                allowed = allowed and not under(header, "Eigen")
        if not allowed:
            found.append(f"{path}: {layer} must not include {header}")
    return found
