#include "client/cli/command_tree.h"
#include "support/status_macros.h"

// artifact ls, artifact get.
namespace steelyard::cli {

void CommandLine::AddArtifact() {
  CLI::App* artifact =
      Add(program_, "artifact", "Lists and fetches the files that runs gave",
          "steelyard artifact get last parameters.npy", nullptr);
  artifact->require_subcommand(1);
  CLI::App* ls = Add(*artifact, "ls", "Lists the artifacts of a run",
                     "steelyard artifact ls last", [this](Session& session) {
                       return ListArtifacts(session, {.run = runs_.front(),
                                                      .json = typed_.json});
                     });
  AddRuns(ls, 1);
  AddJson(ls);
  OnCheck(ls, [this] { return CheckRuns(); });
  AddArtifactGet(*artifact);
}

void CommandLine::AddArtifactGet(CLI::App& artifact) {
  CLI::App* get =
      Add(artifact, "get", "Fetches an artifact, and checks its SHA-256",
          "steelyard artifact get last parameters.npy\n"
          "steelyard artifact get 12 predictions-test.csv -o - | head",
          [this](Session& session) {
            get_.run = runs_.front();
            return GetArtifact(session, get_);
          });
  // One word: a list would take NAME too.
  get->add_option("RUN", typed_.run, "R, E/R, the full name, or last")
      ->required();
  get->add_option("NAME", get_.artifact, "As artifact ls shows it")->required();
  const CLI::Option* file =
      get->add_option(
             "-o,--output", get_.file,
             "Where to: FILE, which is overwritten, or - for standard output. "
             "Default: NAME in the current directory, unless it is there")
          ->type_name("FILE");
  OnCheck(get, [this, file]() -> absl::Status {
    typed_.runs = {typed_.run};
    STEELYARD_RETURN_IF_ERROR(CheckRuns());
    STEELYARD_RETURN_IF_ERROR(CheckArtifactId("NAME", get_.artifact));
    if (file->count() == 0 || !get_.file.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("--output: want a file, got nothing");
  });
}

}  // namespace steelyard::cli
