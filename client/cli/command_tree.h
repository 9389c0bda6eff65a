#ifndef STEELYARD_CLIENT_CLI_COMMAND_TREE_H_
#define STEELYARD_CLIENT_CLI_COMMAND_TREE_H_

#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "client/cli/command_line.h"
#include "client/cli/commands.h"
#include "client/cli/run_name.h"
#include "client/cli/session.h"
#include "client/cli/typed_values.h"

// The program's commands as CLI11 knows them: command_line.cc, and
// artifact_options.cc for those of artifacts.
namespace steelyard::cli {

// What was typed, as far as the commands' own options do not take it.
struct Typed {
  std::vector<std::string> runs;
  std::string run;  // of commands that take one and then something else
  std::vector<std::string> labels;
  std::string state;
  std::string columns;
  bool csv = false;
  bool plot = false;
  std::vector<std::string> files;
  TypedUpload upload;
  std::string dataset;
  bool json = false;
};

// The program's commands with their options.  Parsing fills `action_` with what
// is to be done.
class CommandLine {
 public:
  explicit CommandLine(const Patience& patience);

  CLI::App& program() { return program_; }
  const CLI::App& program() const { return program_; }
  const ServerFlags& server() const { return server_; }

  // Looks at what was typed once more, then does it.
  absl::Status Check();
  ExitCode Do(Session& session) { return action_(session); }

 private:
  using Action = std::function<ExitCode(Session&)>;
  using Checker = std::function<absl::Status()>;

  CLI::App* Add(CLI::App& parent, const char* name, const char* description,
                const char* example, Action action);
  void AddJson(CLI::App* command);
  CLI::Option* AddRuns(CLI::App* command, int most);
  void OnCheck(CLI::App* command, Checker check);

  void AddSubmit();
  void AddLs();
  void AddShow();
  void AddWatch();
  void AddMetrics();
  void AddCancel();
  void AddArtifact();
  void AddArtifactGet(CLI::App& artifact);
  void AddData();
  void AddDataPut(CLI::App& data);
  void AddServerCommands();

  absl::Status CheckSubmit();
  absl::Status CheckRuns();
  absl::Status CheckMetrics(bool has_columns);
  absl::Status CheckSources();

  CLI::App program_;
  ServerFlags server_;
  Typed typed_;
  std::vector<RunName> runs_;
  SubmitOptions submit_;
  ListRunsOptions list_;
  WatchOptions watch_;
  MetricsOptions metrics_;
  PutDatasetsOptions put_;
  GetArtifactOptions get_;
  Action action_;
  Checker check_ = [] { return absl::OkStatus(); };
};

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_COMMAND_TREE_H_
