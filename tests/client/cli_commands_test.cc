#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/client/command_run.h"
#include "tests/client/sample_batches.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

int64_t Lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

class CommandTest : public testing::Test {
 protected:
  CommandTest() { run_.environment["STEELYARD_SERVER"] = server_.address(); }

  // GetRun answers with this run, whatever it is called.
  void HasRun(const std::string& text) {
    server_.get_run = [text](const v1::GetRunRequest&,
                             v1::GetRunResponse& response) {
      *response.mutable_run() = Parsed<v1::Run>(text);
      return grpc::Status::OK;
    };
  }

  // ListRuns has `total` runs, and keeps the requests.
  void HasRuns(int total) {
    server_.list_runs = [this, total](const v1::ListRunsRequest& request,
                                      v1::ListRunsResponse& response) {
      listed_.push_back(request);
      int next = 0;
      if (!request.page_token().empty()) next = std::stoi(request.page_token());
      for (int i = 0; i < request.page_size() && next < total; ++i, ++next) {
        response.add_runs()->set_name(
            absl::StrCat("experiments/d/runs/", total - next));
      }
      if (next < total) response.set_next_page_token(std::to_string(next));
      return grpc::Status::OK;
    };
  }

  ScriptedServer server_;
  std::vector<v1::ListRunsRequest> listed_;
  CommandRun run_;
};

TEST_F(CommandTest, ListingWritesTheFilter) {
  HasRuns(0);
  EXPECT_EQ(run_({"ls", "--state", "failed", "--label", "a=b", "--label", "c=d",
                  "--experiment", "d8", "--mine"}),
            0);
  EXPECT_EQ(listed_[0].parent(), "experiments/d8");
  EXPECT_EQ(listed_[0].filter(),
            "state = FAILED AND labels.a = \"b\" AND labels.c = \"d\" AND "
            "user = \"ann\"");
  EXPECT_EQ(run_.err.str(), "no such runs; all there are: steelyard ls\n");
  run_.err.str("");
  EXPECT_EQ(run_({"ls"}), 0);
  EXPECT_EQ(run_.err.str(),
            "no runs; submit one: steelyard submit SPEC.yaml\n");
  EXPECT_EQ(listed_[1].parent(), "experiments/-");
  EXPECT_EQ(listed_[1].filter(), "");
}

TEST_F(CommandTest, ListingStopsAtItsLimitAndSaysSo) {
  HasRuns(2500);
  EXPECT_EQ(run_({"ls", "--json"}), 0);
  EXPECT_EQ(Lines(run_.out.str()), 50);
  EXPECT_THAT(run_.err.str(), HasSubstr("--limit 0"));
  run_.out.str("");
  run_.err.str("");
  EXPECT_EQ(run_({"ls", "--json", "--limit", "0"}), 0);
  EXPECT_EQ(Lines(run_.out.str()), 2500);
  EXPECT_THAT(run_.err.str(), IsEmpty());
}

TEST_F(CommandTest, LabelsInAListCanBeToldApart) {
  server_.list_runs = [](const v1::ListRunsRequest&,
                         v1::ListRunsResponse& response) {
    *response.add_runs() = Parsed<v1::Run>(
        "name: 'experiments/d/runs/1' spec { "
        "labels { key: 'a' value: 'x, y=z' } labels { key: 'b' value: '' } "
        "labels { key: 'c' value: 'say \"hi\"' } "
        "labels { key: 'paper' value: 'xu2021' } }");
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"ls"}), 0);
  EXPECT_THAT(run_.out.str(),
              HasSubstr(R"(a="x, y=z" b="" c="say \"hi\"" paper=xu2021)"));
}

TEST_F(CommandTest, ListingClaimsNoStepsThatItDoesNotKnow) {
  server_.list_runs = [](const v1::ListRunsRequest&,
                         v1::ListRunsResponse& response) {
    *response.add_runs() = Parsed<v1::Run>(
        "name: 'experiments/d/runs/3' state: RUN_STATE_RUNNING "
        "spec { stop { steps: 1000 } }");
    *response.add_runs() = Parsed<v1::Run>(
        "name: 'experiments/d/runs/2' state: RUN_STATE_RUNNING "
        "spec { stop { steps: 1000 } } progress { step: 250 }");
    *response.add_runs() = Parsed<v1::Run>(
        "name: 'experiments/d/runs/1' state: RUN_STATE_SUCCEEDED "
        "spec { stop { steps: 1000 } } result { steps: 1000 }");
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"ls"}), 0);
  EXPECT_THAT(run_.out.str(),
              AllOf(HasSubstr(" -/1,000 "), HasSubstr(" 250/1,000 "),
                    HasSubstr("SUCCEEDED      1,000 ")));
}

TEST_F(CommandTest, ShowTellsStateReasonsAttemptsMetricsAndSpec) {
  HasRun(R"pb(
    name: "experiments/d8/runs/7"
    spec {
      name: "ratio-10"
      labels { key: "paper" value: "xu2021" }
      stop { steps: 1000 }
    }
    state: RUN_STATE_QUEUED
    submitter { user: "ann" host: "lap\x1b" program: "steelyard" }
    create_time { seconds: 1767225600 }
    waiting { code: WAITING_CODE_NO_FREE_WORKER message: "2 of 2 are busy" }
    waiting { code: WAITING_CODE_PLACE_IN_QUEUE message: "3 are before it" }
    attempts {
      number: 1
      worker: "workers/local-1"
      host: "lab"
      numerics_id: "1/x86-64"
      start_time { seconds: 1767225600 }
      end_time { seconds: 1767225604 }
      end: ATTEMPT_END_WORKER_LOST
    }
    absent_metrics { metric: "margin/ratio" reason: "not separable" }
    final_metrics { metric: "train/loss" value: 0.25 }
    sample_count: 12
  )pb");
  EXPECT_EQ(run_({"show", "7"}), 0);
  EXPECT_THAT(
      run_.out.str(),
      AllOf(testing::StartsWith("experiments/d8/runs/7  ratio-10\n"),
            HasSubstr("state      QUEUED\n"),
            HasSubstr("waits      2 of 2 are busy\n"),
            HasSubstr("waits      3 are before it\n"),
            HasSubstr("2026-01-01 00:00:00 +00:00"),
            HasSubstr("by ann from lap\\x1b with steelyard"),
            HasSubstr("paper=xu2021"), HasSubstr("worker lost"),
            HasSubstr("train/loss  0.25\n"),
            HasSubstr("margin/ratio  not separable\n"),
            HasSubstr("stop: {steps: 1000}\n"), Not(HasSubstr("\x1b"))));
}

TEST_F(CommandTest, ShowTellsWhyARunFailed) {
  HasRun(R"pb(
    name: "experiments/d8/runs/7"
    state: RUN_STATE_FAILED
    result {
      ended_by: ENDED_BY_FAILURE
      steps: 12
      training_time { nanos: 500000000 }
      failure_reason: FAILURE_REASON_WORKER_LOST
      message: "three attempts in a row\nlog: a\nlog: b\n"
    }
    unequal_repeats: 2
  )pb");
  EXPECT_EQ(run_({"show", "7"}), 0);
  EXPECT_THAT(run_.out.str(),
              AllOf(HasSubstr("failure: WORKER_LOST\n  three attempts in a "
                              "row\n  log: a\n  log: b\n"),
                    HasSubstr("ended by failure"), HasSubstr("24 steps/s"),
                    HasSubstr("fault of Steelyard")));
}

TEST_F(CommandTest, LastIsTheNewestRunOfTheCaller) {
  HasRuns(9);
  server_.get_run = [](const v1::GetRunRequest& request,
                       v1::GetRunResponse& response) {
    response.mutable_run()->set_name(request.name());
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"show", "last", "--json"}), 0);
  EXPECT_EQ(run_.out.str(), "{\"name\":\"experiments/d/runs/9\"}\n");
  EXPECT_EQ(listed_[0].filter(), "user = \"ann\"");
  HasRuns(0);
  EXPECT_EQ(run_({"show", "last"}), 4);
}

TEST_F(CommandTest, WhatIsNotThereIsNamedAsItWasTyped) {
  grpc::Status not_found(grpc::StatusCode::NOT_FOUND,
                         "no experiments/-/runs/99; ListRuns shows all");
  server_.get_run = [&](const v1::GetRunRequest&, v1::GetRunResponse&) {
    return not_found;
  };
  server_.cancel_run = [&](const v1::CancelRunRequest&,
                           v1::CancelRunResponse&) { return not_found; };
  server_.get_dataset = [&](const v1::GetDatasetRequest&,
                            v1::GetDatasetResponse&) { return not_found; };
  for (const char* command : {"show", "watch", "metrics", "cancel"}) {
    for (const char* run : {"99", "d/99"}) {
      run_.err.str("");
      EXPECT_EQ(run_({command, run}), 4);
      EXPECT_EQ(run_.err.str(),
                absl::StrCat("error: run: want one that the server has, got ",
                             run, "; see them: steelyard ls\n"));
    }
  }
  run_.err.str("");
  EXPECT_EQ(run_({"data", "show", "train"}), 4);
  EXPECT_THAT(run_.err.str(), AllOf(HasSubstr("got train; see them: steelyard "
                                              "data ls\n"),
                                    Not(HasSubstr("ListRuns"))));
}

TEST_F(CommandTest, MetricsOfSeveralRunsAndPagesComeTogether) {
  server_.get_run = [](const v1::GetRunRequest& request,
                       v1::GetRunResponse& response) {
    response.mutable_run()->set_name(request.name());
    return grpc::Status::OK;
  };
  // Run 1 goes on on the second page.
  server_.query_metrics = [](const v1::QueryMetricsRequest& request,
                             v1::QueryMetricsResponse& response) {
    EXPECT_THAT(request.runs(),
                ElementsAre("experiments/d/runs/1", "experiments/d/runs/2"));
    EXPECT_THAT(request.metrics(), ElementsAre("m"));
    const bool first = request.page_token().empty();
    v1::RunSamples& one = *response.add_series();
    one.set_run("experiments/d/runs/1");
    *one.mutable_samples() =
        MakeBatch(first ? 0 : 1, {{first ? 0 : 1, {{"m", 1}}}});
    if (first) {
      response.set_next_page_token("more");
      return grpc::Status::OK;
    }
    v1::RunSamples& two = *response.add_series();
    two.set_run("experiments/d/runs/2");
    *two.mutable_samples() =
        MakeBatch(0, {{0, {{"m", std::numeric_limits<double>::infinity()}}}});
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"metrics", "d/1", "d/2", "d/1", "--csv", "--metric", "m"}),
            0);
  EXPECT_EQ(run_.out.str(),
            "run,metric,step,value\n"
            "experiments/d/runs/1,m,0,1\n"
            "experiments/d/runs/1,m,1,1\n"
            "experiments/d/runs/2,m,0,inf\n");
  run_.out.str("");
  EXPECT_EQ(run_({"metrics", "d/1", "d/2", "--plot", "--metric", "m"}), 0);
  EXPECT_THAT(run_.out.str(), AllOf(testing::StartsWith("m\n"),
                                    HasSubstr("d/1"), HasSubstr("step\n")));
}

TEST_F(CommandTest, AMetricThatNoRunHasIsNotFound) {
  HasRun("name: 'experiments/d/runs/1' state: RUN_STATE_SUCCEEDED");
  server_.query_metrics = [](const v1::QueryMetricsRequest&,
                             v1::QueryMetricsResponse&) {
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"metrics", "1", "--csv", "--metric", "tran/loss"}), 4);
  EXPECT_THAT(run_.err.str(), HasSubstr("tran/loss: want a metric"));
  EXPECT_THAT(run_.out.str(), IsEmpty());
  EXPECT_EQ(run_({"metrics", "1", "--csv"}), 0);
  EXPECT_EQ(run_.out.str(), "metric,step,value\n");
}

TEST_F(CommandTest, MetricsTakesOneFormAtATime) {
  EXPECT_EQ(run_({"metrics", "1", "--csv", "--plot"}), 2);
  EXPECT_EQ(run_({"metrics", "1", "--csv", "--json"}), 2);
  EXPECT_EQ(run_({"metrics", "1", "--columns", "value"}), 2);
  EXPECT_EQ(run_({"metrics", "1", "--csv", "--columns", "loss"}), 2);
  EXPECT_EQ(run_({"metrics", "1", "--csv", "--columns", ""}), 2);
  EXPECT_EQ(run_({"metrics"}), 2);
}

TEST_F(CommandTest, CancellingGoesOnAfterAFault) {
  server_.cancel_run = [](const v1::CancelRunRequest& request,
                          v1::CancelRunResponse& response) {
    if (request.name() == "experiments/d/runs/1") {
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                          "want a run that has not ended, got SUCCEEDED");
    }
    response.mutable_run()->set_name(request.name());
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"cancel", "d/1", "d/2"}), 5);
  EXPECT_EQ(run_.out.str(), "experiments/d/runs/2\n");
  EXPECT_THAT(run_.err.str(),
              HasSubstr("error: want a run that has not ended"));
}

TEST_F(CommandTest, WhatTheServerSaysIsEscapedAndItsFaultsAreListed) {
  server_.get_run = [](const v1::GetRunRequest&, v1::GetRunResponse&) {
    google::rpc::BadRequest bad;
    google::rpc::BadRequest::FieldViolation& one = *bad.add_field_violations();
    one.set_field("name");
    one.set_description("want a run, got \x1b[2J");
    google::rpc::BadRequest::FieldViolation& two = *bad.add_field_violations();
    two.set_field("other");
    two.set_description("other: want more");
    google::rpc::Status details;
    details.add_details()->PackFrom(bad);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "2 faults\x1b",
                        details.SerializeAsString());
  };
  EXPECT_EQ(run_({"show", "1"}), 3);
  EXPECT_EQ(run_.err.str(),
            "error: 2 faults\\x1b\n"
            "  name: want a run, got \\x1b[2J\n"
            "  other: want more\n");
}

TEST_F(CommandTest, AnErrorWithoutATextIsGivenOne) {
  grpc::StatusCode code = grpc::StatusCode::UNIMPLEMENTED;
  server_.get_run = [&](const v1::GetRunRequest&, v1::GetRunResponse&) {
    return grpc::Status(code, "");
  };
  server_.info.set_version("0.0.7");
  EXPECT_EQ(run_({"show", "1"}), 9);
  EXPECT_THAT(run_.err.str(),
              HasSubstr("error: server " + server_.address() +
                        ": UNIMPLEMENTED: it does not know this call; its "
                        "version is 0.0.7, this program's "));
  code = grpc::StatusCode::INTERNAL;
  EXPECT_EQ(run_({"show", "1"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr(": INTERNAL, and no word of why"));
}

TEST_F(CommandTest, EveryCodeOfTheServerBecomesAnExitCode) {
  grpc::StatusCode code = grpc::StatusCode::OK;
  server_.get_run = [&](const v1::GetRunRequest&, v1::GetRunResponse&) {
    return grpc::Status(code, "x");
  };
  const std::vector<std::pair<grpc::StatusCode, int>> expected = {
      {grpc::StatusCode::INVALID_ARGUMENT, 3},
      {grpc::StatusCode::NOT_FOUND, 4},
      {grpc::StatusCode::FAILED_PRECONDITION, 5},
      {grpc::StatusCode::ALREADY_EXISTS, 5},
      {grpc::StatusCode::UNAUTHENTICATED, 6},
      {grpc::StatusCode::PERMISSION_DENIED, 6},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, 7},
      {grpc::StatusCode::UNAVAILABLE, 8},
      {grpc::StatusCode::DEADLINE_EXCEEDED, 8},
      {grpc::StatusCode::INTERNAL, 9},
      {grpc::StatusCode::UNIMPLEMENTED, 9}};
  for (const auto& [server_code, exit_code] : expected) {
    code = server_code;
    EXPECT_EQ(run_({"show", "1"}), exit_code) << server_code;
  }
}

TEST_F(CommandTest, AnotherVersionIsWarnedOf) {
  HasRuns(0);
  EXPECT_EQ(run_({"ls"}), 0);
  EXPECT_THAT(run_.err.str(), Not(HasSubstr("warning")));
  server_.info.set_version("9.9.9");
  server_.info.set_numerics_version(77);
  EXPECT_EQ(run_({"ls"}), 0);
  EXPECT_THAT(run_.err.str(),
              AllOf(HasSubstr("warning: the server is version 9.9.9"),
                    HasSubstr("warning: the server's numerics version is 77")));
}

TEST_F(CommandTest, AServerThatIsNotThereIsSaidWithTheCure) {
  server_.Stop();
  EXPECT_EQ(run_({"ls"}), 8);
  EXPECT_THAT(run_.err.str(),
              AllOf(HasSubstr("server " + server_.address() +
                              " (STEELYARD_SERVER): nobody answers"),
                    HasSubstr("start it with: steelyardd")));
}

TEST_F(CommandTest, AServerThatDoesNotAnswerIsGivenUp) {
  Mutex mu;
  CondVar changed;
  bool release = false;
  server_.list_runs = [&](const v1::ListRunsRequest&, v1::ListRunsResponse&) {
    MutexLock lock(mu);
    while (!release) changed.Wait(mu);
    return grpc::Status::OK;
  };
  run_.patience.calls.read = absl::Milliseconds(200);
  EXPECT_EQ(run_({"ls"}), 8);
  EXPECT_THAT(run_.err.str(), AllOf(HasSubstr("no answer in time"),
                                    Not(HasSubstr("is it running?"))));
  {
    MutexLock lock(mu);
    release = true;
    changed.NotifyAll();
  }
  server_.Stop();  // before what its answer uses is gone
}

TEST_F(CommandTest, ServerWorkersAndExperimentsAreShown) {
  server_.list_workers = [](const v1::ListWorkersRequest&,
                            v1::ListWorkersResponse& response) {
    *response.add_workers() = Parsed<v1::Worker>(
        "name: 'workers/local-1' host: 'lab' pid: 7 lease: "
        "'experiments/d/runs/3'");
    return grpc::Status::OK;
  };
  server_.list_experiments = [](const v1::ListExperimentsRequest&,
                                v1::ListExperimentsResponse& response) {
    *response.add_experiments() = Parsed<v1::Experiment>(
        "name: 'experiments/d8' owner: 'ann' run_count: 1200");
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"server"}), 0);
  EXPECT_THAT(run_.out.str(),
              AllOf(HasSubstr(server_.address()), HasSubstr("ann, submitter")));
  EXPECT_EQ(run_({"workers"}), 0);
  EXPECT_THAT(run_.out.str(), AllOf(HasSubstr("local-1"), HasSubstr("d/3")));
  EXPECT_EQ(run_({"experiments"}), 0);
  EXPECT_THAT(run_.out.str(), AllOf(HasSubstr("d8"), HasSubstr("1,200")));
  run_.out.str("");
  EXPECT_EQ(run_({"server", "--json"}), 0);
  EXPECT_THAT(run_.out.str(), HasSubstr("\"role\":\"ROLE_SUBMITTER\""));
}

TEST_F(CommandTest, AServerWithoutExperimentsSaysHowTheyAreMade) {
  server_.list_experiments = [](const v1::ListExperimentsRequest&,
                                v1::ListExperimentsResponse&) {
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"experiments"}), 0);
  EXPECT_THAT(run_.out.str(), IsEmpty());
  EXPECT_THAT(run_.err.str(), HasSubstr("no experiments; a run makes its own"));
}

TEST_F(CommandTest, ADatasetIsFoundByTheBeginningOfItsHash) {
  const std::string hex = "0123abcd" + std::string(56, '0');
  server_.get_dataset = [&hex](const v1::GetDatasetRequest& request,
                               v1::GetDatasetResponse& response) {
    if (request.name() == "datasets/" + hex) {
      response.mutable_dataset()->set_name(request.name());
      return grpc::Status::OK;
    }
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        request.name() + ": no such dataset");
  };
  server_.list_datasets = [&hex](const v1::ListDatasetsRequest&,
                                 v1::ListDatasetsResponse& response) {
    response.add_datasets()->set_name("datasets/" + hex);
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"data", "show", "0123ab", "--json"}), 0);
  EXPECT_EQ(run_.out.str(), "{\"name\":\"datasets/" + hex + "\"}\n");
  EXPECT_EQ(run_({"data", "show", "ffffff"}), 4);
  EXPECT_EQ(run_({"data", "show", "train"}), 4);
}

TEST_F(CommandTest, AFullDiskUnderStandardOutputIsAFault) {
  HasRuns(3);
  run_.out.setstate(std::ios::badbit);
  EXPECT_EQ(run_({"ls", "--json"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr("standard output"));
}

}  // namespace
}  // namespace steelyard::cli
