#include "server/daemon_options.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "server/limits.h"
#include "support/version.h"

namespace steelyard::server {
namespace {

constexpr char kIntroduction[] =
    R"(Example, with another terminal for `steelyard submit spec.yaml --follow`:

  steelyardd
  steelyardd --data-dir /srv/steelyard --listen 127.0.0.1:7411 --workers 8

The Steelyard server: takes runs, trains them with workers of its own, and
stores and streams what they give.)";

constexpr char kExits[] =
    R"(Prints `listening on ADDR` on stdout for each listener once it serves, and
its log on stderr.  SIGTERM or SIGINT: stops leasing, lets the workers write
checkpoints, and ends within 30 s; a second one ends it at once.

Exit: 0 ended by a signal; 2 wrong command line; 3 wrong address, path or
limit; 5 another server has the data directory, others can write into it, or an
address needs TLS; 7 disk full; 8 address taken; 9 anything else; 70 the disk
failed to sync, so that nothing more may be promised: start again after a look
at the disk.)";

std::string VersionText() {
  const BuildVersion& build = GetBuildVersion();
  return absl::StrCat("steelyardd ", build.version, " (commit ", build.commit,
                      ", numerics ", build.numerics_version, ")");
}

int Cores() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

int ExitStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitDone;
    case absl::StatusCode::kInvalidArgument:
      return 3;
    case absl::StatusCode::kNotFound:
      return 4;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
      return 5;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return 6;
    case absl::StatusCode::kResourceExhausted:
      return 7;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return 8;
    default:
      return kExitOther;
  }
}

DaemonOptions ParseDaemonOptions(int argc, char** argv,
                                 std::optional<int>* exit_status) {
  DaemonOptions options;
  options.workers = Cores();
  options.limits = DefaultLimits();
  std::vector<std::string> lowered;
  CLI::App app(kIntroduction, "steelyardd");
  app.footer(kExits);
  app.set_version_flag("--version", VersionText());
  app.add_option("--data-dir", options.data_dir,
                 "where everything is kept; default $XDG_DATA_HOME/steelyard, "
                 "else ~/.local/share/steelyard")
      ->type_name("DIR");
  app.add_option("--listen", options.listen,
                 "unix:PATH or HOST:PORT (port 0: any); may be repeated; "
                 "default unix:DIR/steelyard.sock")
      ->type_name("ADDR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--workers", options.workers,
                 "processes that train; 0 for none; default one a core")
      ->type_name("N")
      ->check(CLI::Range(0, 1000));
  // For tests, and for who wants less than GetServerInfo.limits shows.
  app.add_option("--limit", lowered, "lower a limit")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_status = app.exit(error, std::cout, std::cerr) == 0
                       ? kExitDone
                       : kExitWrongCommandLine;
    return options;
  }
  for (const std::string& assignment : lowered) {
    if (absl::Status bad = LowerLimit(assignment, &options.limits); !bad.ok()) {
      std::cerr << "steelyardd: --" << bad.message() << "\n";
      *exit_status = ExitStatus(bad);
    }
  }
  return options;
}

}  // namespace steelyard::server
