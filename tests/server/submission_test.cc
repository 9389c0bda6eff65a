// From a request to what is stored, or to everything that is wrong in it: in
// the text, in the message, and against the datasets.
#include "server/submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/limits.h"
#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
const Caller kAnn = {.user = "ann", .role = v1::ROLE_SUBMITTER};

// Ann's `good`, of two features and a label y that is 0 or 1; her `bad`, which
// is rejected; and her `new`, which no worker has read yet.
class SubmissionTest : public ::testing::Test {
 protected:
  SubmissionTest() {
    v1::DatasetSummary summary;
    summary.set_dtype("float64");
    summary.add_shape(10);
    summary.add_shape(3);
    for (const char* name : {"a", "b", "y"}) {
      summary.add_columns()->set_name(name);
      summary.mutable_columns()->rbegin()->set_numeric(true);
    }
    for (const int label : {0, 1}) {
      v1::ValueCount* count = summary.mutable_columns()->rbegin()->add_values();
      count->set_value(label);
      count->set_count(5);
    }
    Add("good", {.sha256 = {},
                 .summary = summary.SerializeAsString(),
                 .rejection = "",
                 .time = storage::At(600)});
    Add("bad", {.sha256 = {},
                .summary = "",
                .rejection = "row 3, column 2: want a number, got \"x\"",
                .time = storage::At(600)});
    storage::AddDataset pending = storage::NewDataset(store_, "new", "ann");
    pending.label = "new";
    EXPECT_THAT(store_.Apply(pending), IsOk());
  }

  void Add(const std::string& label, storage::FinishInspection inspection) {
    storage::AddDataset data = storage::NewDataset(store_, label, "ann");
    data.label = label;
    EXPECT_THAT(store_.Apply(data), IsOk());
    inspection.sha256 = data.sha256;
    EXPECT_THAT(store_.Apply(inspection), IsOk());
  }

  // The faults of a text as "path: message".
  std::vector<std::string> Faults(const std::string& text) {
    v1::ParseSpecRequest request;
    request.set_text(text);
    const auto response =
        CheckText(store_.reader(), kAnn, DefaultLimits(), request);
    EXPECT_THAT(response, IsOk());
    std::vector<std::string> faults;
    if (!response.ok()) return faults;
    for (const v1::SpecFault& fault : response->faults()) {
      faults.push_back(absl::StrCat(fault.path(), ": ", fault.message()));
    }
    EXPECT_EQ(response->has_normalized_spec(),
              faults.empty() && response->unresolved_files().empty());
    return faults;
  }

  storage::TestStore store_;
};

constexpr char kRest[] = R"(
optimizer: {gradient_descent: {learning_rate: 1}}
stop: {steps: 1}
)";
constexpr char kClasses[] = "classes: {positive: [1], negative: [0]}";

TEST_F(SubmissionTest, WhatIsRightHasNoFault) {
  for (const char* name : {"good", "new"}) {
    EXPECT_THAT(Faults(absl::StrCat("data: {csv: {dataset: ", name, "}, ",
                                    kClasses, "}", kRest)),
                IsEmpty());
  }
}

TEST_F(SubmissionTest, ARejectedDatasetIsAFaultOfItsField) {
  EXPECT_THAT(Faults(absl::StrCat("data: {csv: {dataset: bad}}", kRest)),
              ElementsAre("data.csv.dataset: want a dataset that workers can "
                          "read, got \"bad\", which was rejected: row 3, "
                          "column 2: want a number, got \"x\""));
}

// The message's faults and those against a summary, in one answer.
TEST_F(SubmissionTest, EveryCheckSpeaksAtOnce) {
  const std::string data =
      "data: {csv: {dataset: good, label: z}}\n"
      "test_sets: {t: {csv: {dataset: bad}}, u: {csv: {dataset: none}}}\n";
  EXPECT_THAT(
      Faults(absl::StrCat(data,
                          "optimizer: {gradient_descent: {learning_rate: -1}}\n"
                          "stop: {stps: 1}\n")),
      ElementsAre(HasSubstr("data.csv.label: want the name of a column"),
                  HasSubstr("test_sets.t.csv.dataset: want a dataset that "
                            "workers can read"),
                  HasSubstr("test_sets.u.csv.dataset: want a dataset of your "
                            "own"),
                  HasSubstr("learning_rate: want a finite value > 0, got -1"),
                  HasSubstr("stop.stps: no such field")));
  v1::ParseSpecRequest text;
  text.set_text(absl::StrCat(data, kRest));
  v1::SubmitRunRequest request;
  *request.mutable_spec() =
      CheckText(store_.reader(), kAnn, DefaultLimits(), text)->spec();
  request.mutable_spec()->mutable_stop()->set_steps(0);
  const auto submitted =
      CheckSubmission(store_.reader(), kAnn, DefaultLimits(), request);
  EXPECT_THAT(submitted, StatusIs(kInvalid, "spec.stop.steps: want"));
  EXPECT_THAT(
      std::string(submitted.status().message()),
      AllOf(HasSubstr("spec.data.csv.label: want the name of a column"),
            HasSubstr("spec.test_sets.t.csv.dataset: want a dataset that"),
            HasSubstr("spec.test_sets.u.csv.dataset: want a dataset of")));
}

// Labels of 0 and 1 may be right once the loss is.
TEST_F(SubmissionTest, WhatMayFollowFromAFaultIsNotSaid) {
  const std::string good = "data: {csv: {dataset: good}}";
  EXPECT_THAT(Faults(absl::StrCat(good, kRest)),
              ElementsAre(HasSubstr("labels must be -1 and +1")));
  EXPECT_THAT(Faults(absl::StrCat(good, "\nloss: {softmax: {}}", kRest)),
              ElementsAre(HasSubstr("loss.softmax: no such field")));
  EXPECT_THAT(
      Faults(absl::StrCat("data: {csv: {dataset: good}, clases: {}}", kRest)),
      ElementsAre(HasSubstr("data.clases: no such field")));
  EXPECT_THAT(
      Faults(absl::StrCat("data: {csv: {dataset: good}, ", kClasses, "}\n",
                          "test_sets: {t: {csv: {dataset: good, lbel: a}}}\n",
                          "weighting: {per_example: [1, -1]}", kRest)),
      ElementsAre(HasSubstr("test_sets.t.csv.lbel: no such field"),
                  HasSubstr("weighting.per_example.weights[1]: want a")));
}

}  // namespace
}  // namespace steelyard::server
