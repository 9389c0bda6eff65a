#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/client/command_run.h"
#include "tests/client/sample_batches.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// A server with one run, whose samples 0 to 9 are there from the start.
class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    run_message_.set_name("experiments/d/runs/1");
    run_message_.set_state(v1::RUN_STATE_RUNNING);
    run_message_.mutable_spec()->mutable_stop()->set_steps(9);
    server_.get_run = [this](const v1::GetRunRequest& request,
                             v1::GetRunResponse& response) {
      if (request.name() != "experiments/d/runs/1" &&
          request.name() != "experiments/-/runs/1") {
        return grpc::Status(grpc::StatusCode::NOT_FOUND,
                            request.name() + ": no such run");
      }
      *response.mutable_run() = run_message_;
      return grpc::Status::OK;
    };
    server_.watch_run = [this](const v1::WatchRunRequest& request,
                               ScriptedServer::WatchWriter& writer) {
      Send(writer, request.from_sample(), 10);
      End(writer, v1::RUN_STATE_SUCCEEDED);
      return grpc::Status::OK;
    };
    run_.environment["STEELYARD_SERVER"] = server_.address();
  }

  // Samples `from` to `to` - 1.
  static void Send(ScriptedServer::WatchWriter& writer, int64_t from,
                   int64_t to) {
    std::vector<TestSample> samples;
    for (int64_t k = from; k < to; ++k) {
      samples.push_back({k, {{"train/loss", 1. / double(k + 1)}}});
    }
    v1::WatchRunResponse response;
    *response.mutable_samples() = MakeBatch(from, samples);
    response.set_state(v1::RUN_STATE_RUNNING);
    writer.Write(response);
  }

  void End(ScriptedServer::WatchWriter& writer, v1::RunState state) {
    v1::WatchRunResponse response;
    run_message_.set_state(state);
    *response.mutable_run() = run_message_;
    writer.Write(response);
  }

  // The ordinals of the lines that `watch --json` printed.
  std::vector<std::string> PrintedSamples() {
    std::vector<std::string> ordinals;
    for (const absl::string_view line :
         absl::StrSplit(run_.out.str(), '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, '"');
      if (parts[1] == "sample") ordinals.push_back(parts[3]);
    }
    return ordinals;
  }

  ScriptedServer server_;
  v1::Run run_message_;
  CommandRun run_;
};

const auto kAllSamples =
    ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

TEST_F(WatchTest, JsonIsALineASampleAndTheRunAsTheLast) {
  EXPECT_EQ(run_({"watch", "1", "--json"}), 0);
  EXPECT_THAT(PrintedSamples(), kAllSamples);
  EXPECT_THAT(run_.out.str(),
              testing::StartsWith(
                  R"({"sample":"0","step":"0","values":{"train/loss":1}})"));
  EXPECT_THAT(run_.out.str(),
              testing::EndsWith("\n{\"name\":\"experiments/d/runs/1\",\"spec\":"
                                "{\"stop\":{\"steps\":\"9\"}},"
                                "\"state\":\"RUN_STATE_SUCCEEDED\"}\n"));
}

TEST_F(WatchTest, ForPeopleTheResultIsOnStdoutAndProgressOnStderr) {
  EXPECT_EQ(run_({"watch", "1"}), 0);
  EXPECT_EQ(run_.out.str(), "experiments/d/runs/1  SUCCEEDED\n");
  EXPECT_THAT(run_.err.str(), HasSubstr("d/1  SUCCEEDED"));
  EXPECT_THAT(run_.err.str(), Not(HasSubstr("\x1b")));
}

TEST_F(WatchTest, TheFirstSampleMayBeChosen) {
  EXPECT_EQ(run_({"watch", "1", "--json", "--from-sample", "7"}), 0);
  EXPECT_THAT(PrintedSamples(), ElementsAre("7", "8", "9"));
}

TEST_F(WatchTest, ABrokenStreamIsTakenUpAndEachSampleSeenOnce) {
  std::vector<int64_t> asked;
  server_.watch_run = [&](const v1::WatchRunRequest& request,
                          ScriptedServer::WatchWriter& writer) {
    asked.push_back(request.from_sample());
    const int64_t from = request.from_sample();
    switch (asked.size()) {
      case 1:
        Send(writer, from, 3);
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
      case 2:  // broken before the first sample
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "still down");
      case 3:
        Send(writer, from, 6);
        return grpc::Status::OK;  // an end without the run is none
      default:
        // A server that sends again what was seen already.
        Send(writer, from - 2, 10);
        End(writer, v1::RUN_STATE_SUCCEEDED);
        return grpc::Status::OK;
    }
  };
  EXPECT_EQ(run_({"watch", "1", "--json"}), 0);
  EXPECT_THAT(asked, ElementsAre(0, 3, 3, 6));
  EXPECT_THAT(PrintedSamples(), kAllSamples);
  EXPECT_THAT(run_.err.str(), AllOf(HasSubstr("connection lost (going down"),
                                    HasSubstr("connected again")));
}

TEST_F(WatchTest, ARestartOfTheServerIsLivedThrough) {
  Mutex mu;
  CondVar changed;
  bool sent = false;
  std::atomic<int> streams = 0;
  server_.watch_run = [&](const v1::WatchRunRequest& request,
                          ScriptedServer::WatchWriter& writer) {
    if (++streams == 1) {
      Send(writer, 0, 4);
      MutexLock lock(mu);
      sent = true;
      changed.NotifyAll();
      return grpc::Status(grpc::StatusCode::CANCELLED, "shut down");
    }
    Send(writer, request.from_sample(), 10);
    End(writer, v1::RUN_STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  std::thread restart([&] {
    {
      MutexLock lock(mu);
      while (!sent) changed.Wait(mu);
    }
    server_.Stop();
    server_.Start();
  });
  EXPECT_EQ(run_({"watch", "1", "--json"}), 0);
  restart.join();
  EXPECT_THAT(PrintedSamples(), kAllSamples);
}

TEST_F(WatchTest, AServerThatStaysAwayIsGivenUp) {
  server_.watch_run = [](const v1::WatchRunRequest&,
                         ScriptedServer::WatchWriter&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  };
  run_.patience.follow.give_up = absl::Milliseconds(50);
  EXPECT_EQ(run_({"watch", "1"}), 8);
  EXPECT_THAT(run_.err.str(), HasSubstr("error: draining"));
}

TEST_F(WatchTest, ASilentStreamIsABrokenOne) {
  Mutex mu;
  CondVar changed;
  int streams = 0;
  server_.watch_run = [&](const v1::WatchRunRequest& request,
                          ScriptedServer::WatchWriter& writer) {
    MutexLock lock(mu);
    if (++streams == 1) {
      Send(writer, 0, 5);
      // Says nothing more until the client has come again.
      while (streams == 1) changed.Wait(mu);
      return grpc::Status::OK;
    }
    changed.NotifyAll();
    Send(writer, request.from_sample(), 10);
    End(writer, v1::RUN_STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  run_.patience.follow.silence = absl::Milliseconds(100);
  EXPECT_EQ(run_({"watch", "1", "--json"}), 0);
  EXPECT_EQ(streams, 2);
  EXPECT_THAT(PrintedSamples(), kAllSamples);
  server_.Stop();  // before what its answer uses is gone
  EXPECT_THAT(run_.err.str(), HasSubstr("no sign of life"));
}

TEST_F(WatchTest, AMissingSampleIsAFaultAndNotAGap) {
  server_.watch_run = [](const v1::WatchRunRequest&,
                         ScriptedServer::WatchWriter& writer) {
    Send(writer, 0, 3);
    Send(writer, 4, 6);
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"watch", "1", "--json"}), 9);
  EXPECT_THAT(run_.err.str(), HasSubstr("want 3 as the next one, got 4"));
}

TEST_F(WatchTest, TheEndOfTheRunIsTheExitCode) {
  for (const v1::RunState state :
       {v1::RUN_STATE_FAILED, v1::RUN_STATE_CANCELLED}) {
    server_.watch_run = [this, state](const v1::WatchRunRequest&,
                                      ScriptedServer::WatchWriter& writer) {
      run_message_.mutable_result()->set_failure_reason(
          v1::FAILURE_REASON_DIVERGED);
      run_message_.mutable_result()->set_message("loss is inf at step 12");
      End(writer, state);
      return grpc::Status::OK;
    };
    EXPECT_EQ(run_({"watch", "1"}), 1);
    EXPECT_THAT(run_.out.str(), HasSubstr("DIVERGED: loss is inf at step 12"));
  }
}

TEST_F(WatchTest, ARunThatFailedIsSaidOnceAndWithItsReason) {
  server_.watch_run = [this](const v1::WatchRunRequest&,
                             ScriptedServer::WatchWriter& writer) {
    Send(writer, 0, 3);
    v1::WatchRunResponse state;
    state.set_state(v1::RUN_STATE_FAILED);
    writer.Write(state);
    run_message_.mutable_result()->set_failure_reason(
        v1::FAILURE_REASON_DIVERGED);
    End(writer, v1::RUN_STATE_FAILED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"watch", "1"}), 1);
  const std::vector<std::string> parts =
      absl::StrSplit(run_.err.str(), "  FAILED  ");
  EXPECT_EQ(parts.size(), 2) << run_.err.str();
  EXPECT_THAT(parts.back(), testing::StartsWith("DIVERGED"));
}

TEST_F(WatchTest, TheLastStepIsNotShownBesideOlderMetrics) {
  server_.watch_run = [this](const v1::WatchRunRequest&,
                             ScriptedServer::WatchWriter& writer) {
    v1::WatchRunResponse ahead;
    ahead.set_state(v1::RUN_STATE_RUNNING);
    ahead.mutable_progress()->set_step(9);
    writer.Write(ahead);
    Send(writer, 0, 10);
    End(writer, v1::RUN_STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  run_message_.set_state(v1::RUN_STATE_QUEUED);
  EXPECT_EQ(run_({"watch", "1"}), 0);
  EXPECT_THAT(
      run_.err.str(),
      AllOf(HasSubstr("RUNNING  0%"), Not(HasSubstr("100%")),
            HasSubstr("SUCCEEDED  9 steps"), HasSubstr("train/loss 0.1\n")));
}

TEST_F(WatchTest, ARunThatHadEndedKeepsItsLastMetrics) {
  run_message_.set_state(v1::RUN_STATE_SUCCEEDED);
  v1::MetricValue& metric = *run_message_.add_final_metrics();
  metric.set_metric("train/loss");
  metric.set_value(0.1);
  server_.watch_run = [this](const v1::WatchRunRequest&,
                             ScriptedServer::WatchWriter& writer) {
    Send(writer, 0, 5);
    Send(writer, 5, 10);
    End(writer, v1::RUN_STATE_SUCCEEDED);
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"watch", "1"}), 0);
  EXPECT_THAT(run_.err.str(), AllOf(HasSubstr("train/loss 0.1\n"),
                                    Not(HasSubstr("train/loss 0.2\n"))));
}

TEST_F(WatchTest, AnUnknownRunIsNotFound) {
  EXPECT_EQ(run_({"watch", "4711"}), 4);
  EXPECT_EQ(run_({"watch", "d/4711"}), 4);
  EXPECT_EQ(run_({"watch", "1x"}), 2);
}

TEST_F(WatchTest, CtrlCSaysHowToTakeItUpAgain) {
  server_.watch_run = [this](const v1::WatchRunRequest&,
                             ScriptedServer::WatchWriter& writer) {
    Send(writer, 0, 4);
    // As soon as it was sent somebody presses the key.
    run_.interrupt.Raise();
    const v1::WatchRunResponse nothing;
    while (writer.Write(nothing)) {
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(run_({"watch", "1"}), 130);
  EXPECT_THAT(run_.err.str(),
              testing::ContainsRegex(
                  "interrupted.*goes on.*\n  steelyard watch d/1 --from-sample "
                  "[04]\n"));
}

// Two specs, one command: both are followed at once.
TEST_F(WatchTest, SubmittedRunsAreFollowedTogether) {
  server_.parse_spec = [](const v1::ParseSpecRequest&,
                          v1::ParseSpecResponse& response) {
    response.mutable_spec()->set_name("x");
    return grpc::Status::OK;
  };
  std::atomic<int> runs = 0;
  server_.submit_run = [&](const v1::SubmitRunRequest&,
                           v1::SubmitRunResponse& response) {
    response.mutable_run()->set_name(
        absl::StrCat("experiments/d/runs/", ++runs));
    return grpc::Status::OK;
  };
  // The second run ends first; the first one waits for that.
  Mutex mu;
  CondVar changed;
  bool second_ended = false;
  server_.watch_run = [&](const v1::WatchRunRequest& request,
                          ScriptedServer::WatchWriter& writer) {
    v1::WatchRunResponse response;
    response.mutable_run()->set_name(request.name());
    response.mutable_run()->set_state(v1::RUN_STATE_SUCCEEDED);
    MutexLock lock(mu);
    if (absl::EndsWith(request.name(), "1")) {
      while (!second_ended) changed.Wait(mu);
      response.mutable_run()->set_state(v1::RUN_STATE_FAILED);
    }
    writer.Write(response);
    second_ended = true;
    changed.NotifyAll();
    return grpc::Status::OK;
  };
  run_.in.str("seed: 1\n");
  EXPECT_EQ(run_({"submit", "--follow", "--json", "-", "/dev/null"}), 1)
      << "the worst end counts";
  const std::vector<std::string> lines =
      absl::StrSplit(run_.out.str(), '\n', absl::SkipEmpty());
  EXPECT_THAT(
      lines,
      testing::UnorderedElementsAre(
          R"({"name":"experiments/d/runs/1"})",
          R"({"name":"experiments/d/runs/2"})",
          R"({"name":"experiments/d/runs/2","state":"RUN_STATE_SUCCEEDED"})",
          R"({"name":"experiments/d/runs/1","state":"RUN_STATE_FAILED"})"));
}

}  // namespace
}  // namespace steelyard::cli
