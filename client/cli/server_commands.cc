#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/number_text.h"
#include "client/cli/run_name.h"
#include "client/cli/table.h"
#include "client/cli/time_text.h"

// experiments, server, workers.
namespace steelyard::cli {
namespace {

std::string ServerText(const Session& session, const Viewer& viewer) {
  const v1::ServerInfo& server = session.server;
  Table facts({{""}, {""}});
  const auto add = [&facts](const char* name, std::string value) {
    facts.AddRow({{name, Colour::kDim}, std::move(value)});
  };
  add("address", absl::StrCat(session.connection->address().text, " (",
                              session.connection->address().source, ")"));
  add("version", absl::StrCat(server.version(), " (commit ", server.commit(),
                              ", numerics ", server.numerics_version(), ")"));
  const absl::Time start = FromProto(server.start_time());
  add("started", absl::StrCat(LocalTimeText(start, viewer.zone), " (",
                              AgoText(start, viewer.now, viewer.zone), ")"));
  add("you", absl::StrCat(server.user(), ", ",
                          absl::AsciiStrToLower(absl::StripPrefix(
                              v1::Role_Name(server.role()), "ROLE_"))));
  add("runs", absl::StrCat(CountText(server.queued_runs()), " wait, ",
                           CountText(server.active_runs()), " train"));
  if (server.draining()) add("state", "stopping: it leases nothing more");
  const v1::Limits& limits = server.limits();
  add("limits",
      absl::StrCat("spec ", BytesText(limits.spec_text_bytes()),
                   ", inline data ", BytesText(limits.inline_data_bytes()),
                   ", upload ", BytesText(limits.upload_bytes()), ", ",
                   CountText(limits.samples_per_run()), " samples a run, ",
                   CountText(limits.queued_runs()), " runs in the queue"));
  return facts.Text(viewer.terminal);
}

}  // namespace

ExitCode ListExperiments(Session& session, bool json) {
  Console& console = session.console;
  std::vector<v1::Experiment> experiments;
  v1::ListExperimentsRequest request;
  request.set_page_size(1000);
  do {
    v1::ListExperimentsResponse response;
    const absl::Status status = session.connection->Call(
        session.connection->experiments(),
        &v1::ExperimentService::Stub::ListExperiments, request, response);
    if (!status.ok()) return Fail(console, status);
    for (v1::Experiment& experiment : *response.mutable_experiments()) {
      experiments.push_back(std::move(experiment));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  if (experiments.empty()) {
    Hint(console, absl::StrCat("no experiments; a run makes its own: ",
                               NextCommand(session, "submit SPEC.yaml")));
    return ExitCode::kDone;
  }
  if (json) {
    for (const v1::Experiment& experiment : experiments) {
      console.out << MessageJson(experiment) << '\n';
    }
    return ExitCode::kDone;
  }
  const Viewer viewer = ViewerOf(console);
  Table table({{"experiment"},
               {"owner"},
               {"shared"},
               {"runs", Table::Align::kRight},
               {"made"}});
  for (const v1::Experiment& experiment : experiments) {
    table.AddRow(
        {std::string(absl::StripPrefix(experiment.name(), "experiments/")),
         experiment.owner(), std::string(experiment.shared() ? "yes" : "no"),
         CountText(experiment.run_count()),
         AgoText(FromProto(experiment.create_time()), viewer.now,
                 viewer.zone)});
  }
  console.out << table.Text(viewer.terminal);
  return ExitCode::kDone;
}

ExitCode ShowServer(Session& session, bool json) {
  Console& console = session.console;
  if (json) {
    console.out << MessageJson(session.server) << '\n';
  } else {
    console.out << ServerText(session, ViewerOf(console));
  }
  return ExitCode::kDone;
}

ExitCode ListWorkers(Session& session, bool json) {
  Console& console = session.console;
  v1::ListWorkersResponse response;
  const absl::Status status = session.connection->Call(
      session.connection->admin(), &v1::AdminService::Stub::ListWorkers,
      v1::ListWorkersRequest(), response);
  if (!status.ok()) return Fail(console, status);
  const Viewer viewer = ViewerOf(console);
  Table table({{"worker"},
               {"host"},
               {"pid", Table::Align::kRight},
               {"level"},
               {"numerics"},
               {"connected"},
               {"heard of"},
               {"has"}});
  for (const v1::Worker& worker : response.workers()) {
    if (json) {
      console.out << MessageJson(worker) << '\n';
      continue;
    }
    table.AddRow(
        {std::string(absl::StripPrefix(worker.name(), "workers/")),
         worker.host(), absl::StrCat(worker.pid()), worker.level(),
         worker.numerics_id(),
         AgoText(FromProto(worker.connect_time()), viewer.now, viewer.zone),
         AgoText(FromProto(worker.contact_time()), viewer.now, viewer.zone),
         worker.lease().empty() ? "nothing" : ShortRunName(worker.lease())});
  }
  if (!json && !response.workers().empty()) {
    console.out << table.Text(viewer.terminal);
  }
  if (response.workers().empty()) Hint(console, "no worker is connected");
  return ExitCode::kDone;
}

}  // namespace steelyard::cli
