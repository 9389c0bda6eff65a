#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/client/command_run.h"
#include "tests/client/sample_batches.h"
#include "tests/client/scripted_server.h"

namespace steelyard::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A server whose runs all have the same state, name and samples.
class MetricsCommandTest : public testing::Test {
 protected:
  MetricsCommandTest() {
    server_.get_run = [this](const v1::GetRunRequest& request,
                             v1::GetRunResponse& response) {
      response.mutable_run()->set_name(request.name());
      response.mutable_run()->set_state(state_);
      response.mutable_run()->mutable_spec()->set_name("r64");
      return grpc::Status::OK;
    };
    server_.query_metrics = [this](const v1::QueryMetricsRequest& request,
                                   v1::QueryMetricsResponse& response) {
      for (const std::string& run : request.runs()) {
        if (samples_.empty()) continue;
        v1::RunSamples& series = *response.add_series();
        series.set_run(run);
        *series.mutable_samples() = MakeBatch(0, samples_);
      }
      return grpc::Status::OK;
    };
    run_.environment["STEELYARD_SERVER"] = server_.address();
  }

  // The metrics of nearly every run, and more than a plot holds.
  void HasManyMetrics() {
    std::map<std::string, double> values;
    for (const char* metric :
         {"train/loss", "train/log_loss", "train/error", "test/error",
          "test/loss", "direction/gap", "margin/ratio"}) {
      values[metric] = 0.5;
    }
    for (int k = 0; k < 8; ++k) values[absl::StrCat("parameters/", k)] = 9;
    samples_ = {{0, values}, {1, values}, {10, values}};
  }

  ScriptedServer server_;
  v1::RunState state_ = v1::RUN_STATE_SUCCEEDED;
  std::vector<TestSample> samples_;
  CommandRun run_;
};

TEST_F(MetricsCommandTest, APlotWithoutAMetricDrawsWhatPeopleLookAtFirst) {
  HasManyMetrics();
  EXPECT_EQ(run_({"metrics", "d/1", "--plot"}), 0);
  EXPECT_THAT(run_.out.str(),
              AllOf(StartsWith("d/1 r64\n"), HasSubstr(" train/error "),
                    HasSubstr(" test/error "), HasSubstr(" train/loss "),
                    HasSubstr(" direction/gap\n"), Not(HasSubstr("margin"))));
  EXPECT_EQ(run_.err.str(),
            "drawn: train/error, test/error, train/loss, direction/gap; "
            "others: --metric M, several times; all there are: steelyard "
            "metrics d/1\n");
}

TEST_F(MetricsCommandTest, APlotOfSeveralRunsKeepsWhatItsLinesHold) {
  HasManyMetrics();
  EXPECT_EQ(run_({"metrics", "d/1", "d/2", "d/3", "--plot"}), 0);
  EXPECT_THAT(run_.err.str(), StartsWith("drawn: train/error, test/error; "));
  EXPECT_THAT(run_.out.str(),
              AllOf(HasSubstr("d/3 r64 train/error"), HasSubstr("step\n")));
  EXPECT_EQ(
      run_({"metrics", "1", "2", "3", "4", "5", "6", "7", "8", "9", "--plot"}),
      2)
      << "one metric gives nine lines";
  EXPECT_THAT(run_.err.str(), HasSubstr("at most 8 lines, got 9: name fewer"));
}

TEST_F(MetricsCommandTest, ARunWithNoneOfThoseIsPlottedAllTheSame) {
  samples_ = {{1, {{"b", 1}, {"a", 2}}}, {10, {{"b", 2}, {"a", 1}}}};
  EXPECT_EQ(run_({"metrics", "d/1", "--plot"}), 0);
  EXPECT_THAT(run_.err.str(), StartsWith("drawn: a, b; "));
}

TEST_F(MetricsCommandTest, AMetricThatWasNamedIsTheOneThatIsDrawn) {
  HasManyMetrics();
  EXPECT_EQ(run_({"metrics", "d/1", "--plot", "--metric", "margin/ratio"}), 0);
  EXPECT_THAT(run_.out.str(), StartsWith("margin/ratio\n"));
  EXPECT_THAT(run_.err.str(), IsEmpty());
}

TEST_F(MetricsCommandTest, ARunThatHasNotBegunIsSaidToWait) {
  state_ = v1::RUN_STATE_QUEUED;
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{
           {}, {"--plot"}, {"--metric", "train/loss"}}) {
    run_.err.str("");
    std::vector<std::string> arguments = {"metrics", "d/1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    EXPECT_EQ(run_(arguments), 0);
    EXPECT_EQ(run_.err.str(), "no samples yet: d/1 is QUEUED\n");
    EXPECT_THAT(run_.out.str(), IsEmpty());
  }
  EXPECT_EQ(run_({"metrics", "d/1", "--csv"}), 0);
  EXPECT_EQ(run_.out.str(), "metric,step,value\n");
}

TEST_F(MetricsCommandTest, ARunThatEndedBeforeItsFirstSampleIsSaidToHave) {
  state_ = v1::RUN_STATE_CANCELLED;
  EXPECT_EQ(run_({"metrics", "d/1"}), 0);
  EXPECT_EQ(run_.err.str(), "no samples: d/1 is CANCELLED\n");
  EXPECT_EQ(run_({"metrics", "d/1", "--metric", "train/loss"}), 4);
}

TEST_F(MetricsCommandTest, AMetricThatARunWithSamplesLacksIsNotFound) {
  state_ = v1::RUN_STATE_RUNNING;
  HasManyMetrics();
  for (const char* form : {"--csv", "--plot", "--json"}) {
    EXPECT_EQ(run_({"metrics", "d/1", form, "--metric", "tran/loss"}), 4);
  }
  EXPECT_THAT(run_.err.str(), Not(HasSubstr("no samples")));
}

}  // namespace
}  // namespace steelyard::cli
