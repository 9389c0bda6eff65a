#include "client/cli/command_line.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/command_tree.h"
#include "client/cli/commands.h"
#include "client/cli/dataset_form.h"
#include "client/cli/escape.h"
#include "client/cli/help_text.h"
#include "client/cli/typed_values.h"
#include "support/status_macros.h"
#include "support/version.h"

namespace steelyard::cli {
namespace {

std::string VersionText() {
  const BuildVersion& build = GetBuildVersion();
  return absl::StrCat("steelyard ", build.version, " (commit ", build.commit,
                      ", numerics ", build.numerics_version, ")");
}

// Checks that do not write themselves into --help.
CLI::Validator NotNegative() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        int64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= 0) return "";
        return absl::StrCat("want a whole number >= 0, got ", text);
      },
      "");
}

CLI::Validator DatasetFormName() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        if (FormOfWord(text) != v1::DATASET_FORM_UNSPECIFIED) return "";
        return absl::StrCat("want ", FormWords(), ", got ", text);
      },
      "");
}

}  // namespace

CommandLine::CommandLine(const Patience& patience)
    : program_(
          "Submits training runs to a Steelyard server, follows them, and "
          "reads what they gave. Commands take a run as R, E/R, its full "
          "name, or last.",
          "steelyard") {
  submit_.upload = patience.upload;
  submit_.follow_limits = patience.follow;
  watch_.limits = patience.follow;
  put_.limits = patience.upload;
  get_.stall = patience.download_stall;
  program_.footer(
      "steelyard submit run.yaml --follow\nsteelyard metrics last --plot "
      "--metric train/loss");
  program_.set_help_flag("-h,--help", "This text");
  program_.set_version_flag("--version", VersionText(),
                            "Version, commit, numerics version");
  program_
      .add_option("--server", server_.server,
                  "unix:PATH or HOST:PORT; default: STEELYARD_SERVER, else the "
                  "socket of your own server")
      ->type_name("ADDR");
  program_
      .add_option("--token-file", server_.token_file,
                  "File with the token for TCP; default: "
                  "STEELYARD_TOKEN_FILE, else your own server's")
      ->type_name("FILE");
  program_.require_subcommand(1);
  AddSubmit();
  AddLs();
  AddShow();
  AddWatch();
  AddMetrics();
  AddCancel();
  AddArtifact();
  AddData();
  AddServerCommands();
}

CLI::App* CommandLine::Add(CLI::App& parent, const char* name,
                           const char* description, const char* example,
                           Action action) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer(example);
  command->set_help_flag("-h,--help", "This text");
  // So that --server may stand behind the command too.
  command->fallthrough();
  if (action) {
    command->final_callback(
        [this, action = std::move(action)] { action_ = action; });
  }
  return command;
}

void CommandLine::AddJson(CLI::App* command) {
  command->add_flag("--json", typed_.json,
                    "One JSON object a line, as protobuf writes it");
}

CLI::Option* CommandLine::AddRuns(CLI::App* command, int most) {
  CLI::Option* runs =
      command->add_option("RUN", typed_.runs, "R, E/R, the full name, or last");
  return runs->required()->expected(1, most);
}

void CommandLine::OnCheck(CLI::App* command, Checker check) {
  command->parse_complete_callback(
      [this, check = std::move(check)] { check_ = check; });
}

void CommandLine::AddSubmit() {
  CLI::App* submit =
      Add(program_, "submit", "Submits a run for each spec",
          "steelyard submit run.yaml --follow\n"
          "steelyard submit run.yaml --set weighting.per_class.ratio=64 "
          "--set name=r64",
          [this](Session& session) {
            submit_.json = typed_.json;
            return Submit(session, submit_);
          });
  submit
      ->add_option(
          "FILE", submit_.files,
          "Specs in YAML, - for standard input; all are checked before "
          "the first is submitted")
      ->required();
  submit
      ->add_option("--set", submit_.sets,
                   "Changes a field of every spec, e.g. seed=7; may be given "
                   "several times, and works from left to right")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  CLI::Option* follow = submit->add_flag("--follow", submit_.follow,
                                         "Stays until the runs have ended");
  submit
      ->add_flag(
          "--dry-run", submit_.dry_run,
          "Checks alone, and prints each spec with its defaults filled in")
      ->excludes(follow);
  AddJson(submit);
  OnCheck(submit, [this] { return CheckSubmit(); });
}

void CommandLine::AddLs() {
  constexpr int64_t kDefaultLimit = 50;
  list_.limit = kDefaultLimit;
  CLI::App* ls = Add(program_, "ls", "Lists runs, the newest first",
                     "steelyard ls --mine --state RUNNING\n"
                     "steelyard ls --experiment d8 --label paper=xu2021",
                     [this](Session& session) {
                       list_.json = typed_.json;
                       return ListRuns(session, list_);
                     });
  ls->add_option("--state", typed_.state, "Runs in this state")
      ->type_name("STATE");
  ls->add_option("--label", typed_.labels,
                 "Runs with this label; several: with all of them")
      ->type_name("K=V")
      ->allow_extra_args(false);
  ls->add_option("--experiment", list_.experiment, "Runs of this experiment")
      ->type_name("E");
  ls->add_flag("--mine", list_.mine, "Runs that you submitted");
  ls->add_option("--limit", list_.limit,
                 "How many at most; 0: all. Default: 50")
      ->type_name("N")
      ->check(NotNegative());
  AddJson(ls);
  OnCheck(ls, [this]() -> absl::Status {
    if (!typed_.state.empty()) {
      STEELYARD_ASSIGN_OR_RETURN(list_.filter.state, ParseState(typed_.state));
    }
    STEELYARD_RETURN_IF_ERROR(CheckLabel("--experiment", list_.experiment));
    STEELYARD_RETURN_IF_ERROR(CheckValues("--label", typed_.labels));
    for (const std::string& text : typed_.labels) {
      STEELYARD_ASSIGN_OR_RETURN(auto label, ParseLabel(text));
      list_.filter.labels.push_back(std::move(label));
    }
    return absl::OkStatus();
  });
}

void CommandLine::AddShow() {
  CLI::App* show =
      Add(program_, "show",
          "Shows all that is known of a run: why it waits, its attempts, "
          "result, metrics, spec",
          "steelyard show last", [this](Session& session) {
            return ShowRuns(session, {.runs = runs_, .json = typed_.json});
          });
  AddRuns(show, CLI::detail::expected_max_vector_size);
  AddJson(show);
  OnCheck(show, [this] { return CheckRuns(); });
}

void CommandLine::AddWatch() {
  CLI::App* watch =
      Add(program_, "watch", "Follows a run until it has ended",
          "steelyard watch last\nsteelyard watch 12 --json | jq .values",
          [this](Session& session) {
            watch_.run = runs_.front();
            watch_.json = typed_.json;
            return WatchRun(session, watch_);
          });
  AddRuns(watch, 1);
  watch
      ->add_option("--from-sample", watch_.from_sample,
                   "The first sample wanted. Default: 0, which is all of them")
      ->type_name("N")
      ->check(NotNegative());
  AddJson(watch);
  OnCheck(watch, [this] { return CheckRuns(); });
}

void CommandLine::AddMetrics() {
  CLI::App* metrics =
      Add(program_, "metrics", "Prints what runs measured",
          "steelyard metrics last --csv > run.csv\n"
          "steelyard metrics 12 13 14 --metric test/fraction_positive --plot",
          [this](Session& session) {
            metrics_.runs = runs_;
            return PrintMetrics(session, metrics_);
          });
  AddRuns(metrics, CLI::detail::expected_max_vector_size);
  CLI::Option* csv = metrics->add_flag(
      "--csv", typed_.csv, "Every value, a line each: metric,step,value");
  CLI::Option* plot = metrics->add_flag(
      "--plot", typed_.plot,
      "Draws values over the logarithm of the step; without --metric the "
      "errors, train/loss and direction/gap");
  plot->excludes(csv);
  metrics
      ->add_option("--metric", metrics_.metrics,
                   "This metric alone; may be given several times")
      ->type_name("M")
      ->allow_extra_args(false);
  const CLI::Option* columns =
      metrics
          ->add_option(
              "--columns", typed_.columns,
              "With --csv, among run, metric, step, log10_step, sample, "
              "wall_s, attempt, value")
          ->type_name("A,B")
          ->needs(csv);
  metrics
      ->add_flag("--json", typed_.json, "A line a sample, as watch prints it")
      ->excludes(csv)
      ->excludes(plot);
  OnCheck(metrics,
          [this, columns] { return CheckMetrics(columns->count() > 0); });
}

void CommandLine::AddCancel() {
  CLI::App* cancel =
      Add(program_, "cancel", "Ends runs", "steelyard cancel last",
          [this](Session& session) { return CancelRuns(session, runs_); });
  AddRuns(cancel, CLI::detail::expected_max_vector_size);
  OnCheck(cancel, [this] { return CheckRuns(); });
}

void CommandLine::AddData() {
  CLI::App* data = Add(program_, "data", "Stores and lists datasets",
                       "steelyard data put train.csv --name train", nullptr);
  data->require_subcommand(1);
  AddDataPut(*data);
  AddJson(Add(*data, "ls", "Lists your datasets and the shared ones",
              "steelyard data ls", [this](Session& session) {
                return ListDatasets(session, typed_.json);
              }));
  CLI::App* show =
      Add(*data, "show", "Shows what is known of a dataset",
          "steelyard data show train", [this](Session& session) {
            return ShowDataset(session, typed_.dataset, typed_.json);
          });
  show->add_option("DATASET", typed_.dataset,
                   "Its name, its SHA-256, or the beginning of that")
      ->required();
  AddJson(show);
  OnCheck(show, [this] { return CheckValue("DATASET", typed_.dataset); });
}

void CommandLine::AddDataPut(CLI::App& data) {
  CLI::App* put =
      Add(data, "put", "Stores files, and waits until a worker has read them",
          "steelyard data put train.csv --name train --shared",
          [this](Session& session) {
            put_.json = typed_.json;
            return PutDatasets(session, put_);
          });
  put->add_option("FILE", typed_.files, "CSV, IDX, NPY or CIFAR, gzip too")
      ->required();
  const CLI::Option* name =
      put->add_option("--name", typed_.upload.name,
                      "Your name for it, of one FILE alone")
          ->type_name("NAME");
  put->add_flag("--shared", typed_.upload.shared, "Others may use it");
  put->add_option("--format", typed_.upload.format,
                  FormWords() + "; default: what the file's name shows")
      ->type_name("FORM")
      ->check(DatasetFormName());
  AddJson(put);
  OnCheck(put, [this, name] {
    typed_.upload.has_name = name->count() > 0;
    return CheckSources();
  });
}

void CommandLine::AddServerCommands() {
  AddJson(Add(program_, "experiments", "Lists experiments",
              "steelyard experiments", [this](Session& session) {
                return ListExperiments(session, typed_.json);
              }));
  AddJson(Add(program_, "server",
              "Shows the server: version, who you are to it, its limits",
              "steelyard server", [this](Session& session) {
                return ShowServer(session, typed_.json);
              }));
  AddJson(Add(program_, "workers", "Lists the workers that are connected",
              "steelyard workers", [this](Session& session) {
                return ListWorkers(session, typed_.json);
              }));
}

absl::Status CommandLine::CheckSubmit() {
  if (std::count(submit_.files.begin(), submit_.files.end(), "-") > 1) {
    return absl::InvalidArgumentError(
        "submit: want - at most once, got it twice");
  }
  return CheckValues("--set", submit_.sets);
}

absl::Status CommandLine::CheckRuns() {
  STEELYARD_ASSIGN_OR_RETURN(runs_, ParseRunNames(typed_.runs));
  return absl::OkStatus();
}

absl::Status CommandLine::CheckMetrics(bool has_columns) {
  using Form = MetricsOptions::Form;
  STEELYARD_RETURN_IF_ERROR(CheckRuns());
  STEELYARD_RETURN_IF_ERROR(CheckValues("--metric", metrics_.metrics));
  metrics_.form = typed_.csv    ? Form::kCsv
                  : typed_.plot ? Form::kPlot
                  : typed_.json ? Form::kJson
                                : Form::kTable;
  if (has_columns) {
    STEELYARD_ASSIGN_OR_RETURN(metrics_.columns,
                               ParseCsvColumns(typed_.columns));
  }
  return absl::OkStatus();
}

absl::Status CommandLine::CheckSources() {
  STEELYARD_ASSIGN_OR_RETURN(put_.sources,
                             ParseSources(typed_.files, typed_.upload));
  return absl::OkStatus();
}

absl::Status CommandLine::Check() { return check_(); }

namespace {

// Results that did not reach their file are a fault, not an end.
ExitCode Flushed(Console& console, ExitCode code) {
  console.out.flush();
  if (console.out.good()) return code;
  return std::max(code,
                  Fail(console, absl::UnknownError("standard output: cannot be "
                                                   "written")));
}

}  // namespace

ExitCode RunCommandLine(const std::vector<std::string>& arguments,
                        Console& console, const Patience& patience) {
  CommandLine line(patience);
  if (arguments.empty()) {
    console.err << HelpText(line.program());
    return ExitCode::kUsage;
  }
  try {
    line.program().parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    console.out << HelpText(NamedCommand(line.program()));
    return Flushed(console, ExitCode::kDone);
  } catch (const CLI::CallForVersion&) {
    console.out << VersionText() << '\n';
    return Flushed(console, ExitCode::kDone);
  } catch (const CLI::ParseError& fault) {
    return FailUsage(console, UsageFault(line.program(), fault));
  }
  const absl::Status checked = line.Check();
  if (!checked.ok()) return FailUsage(console, checked.message());
  absl::StatusOr<Session> session =
      MakeSession(console, line.server(), patience.calls);
  if (!session.ok()) return FailUsage(console, session.status().message());
  const absl::Status greeted = Greet(*session);
  if (!greeted.ok()) return Fail(console, greeted);
  return Flushed(console, line.Do(*session));
}

std::vector<std::string> CommandNames() {
  CommandLine line({});
  std::vector<std::string> names;
  for (const CLI::App* command : line.program().get_subcommands({})) {
    const std::vector<const CLI::App*> parts = command->get_subcommands({});
    if (parts.empty()) names.push_back(command->get_name());
    for (const CLI::App* part : parts) {
      names.push_back(absl::StrCat(command->get_name(), " ", part->get_name()));
    }
  }
  return names;
}

}  // namespace steelyard::cli
