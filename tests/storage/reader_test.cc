// Lists, pages, samples: what readers see.

#include "storage/reader.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/status_matchers.h"
#include "tests/storage/test_store.h"

namespace steelyard::storage {
namespace {

using absl::StatusCode;

std::vector<int64_t> Ids(const RunPage& page) {
  std::vector<int64_t> ids;
  for (const RunRow& run : page.runs) ids.push_back(run.id.value);
  return ids;
}

// Runs 1 to 12: odd ones ann's, even ones bob's; by threes in experiment e0,
// e1, e2 (shared); with labels; the first four started, the first two ended.
class ReaderTest : public testing::Test {
 protected:
  ReaderTest() {
    for (int64_t id = 1; id <= 12; ++id) {
      AddRun change = NewRun(id);
      change.user = id % 2 == 1 ? "ann" : "bob";
      change.experiment = "e" + std::to_string(id % 3);
      change.new_experiment_shared = true;
      change.labels = {{"size", id > 6 ? "large" : "small"},
                       {"half", std::to_string(id % 2)}};
      EXPECT_THAT(store_.Apply(change), IsOk());
      if (id > 4) continue;
      EXPECT_THAT(store_.Apply(Start(id, 1)), IsOk());
      if (id > 2) continue;
      EXPECT_THAT(store_.Apply(LastReport(id, 1)), IsOk());
    }
  }

  std::vector<int64_t> List(const RunFilter& filter, int64_t before = 0) {
    return Ids(store_.reader().ListRuns(filter, RunId{before}, 100).value());
  }

  TestStore store_;
};

TEST_F(ReaderTest, RunsAreListedNewestFirstInPages) {
  const RunPage first = store_.reader().ListRuns({}, {}, 5).value();
  EXPECT_EQ(Ids(first), (std::vector<int64_t>{12, 11, 10, 9, 8}));
  EXPECT_TRUE(first.more);
  EXPECT_EQ(first.runs[0].spec, "spec");
  EXPECT_EQ(first.runs[0].submitted_spec, "");
  const RunPage last = store_.reader().ListRuns({}, RunId{3}, 2).value();
  EXPECT_EQ(Ids(last), (std::vector<int64_t>{2, 1}));
  EXPECT_FALSE(last.more);
}

TEST_F(ReaderTest, EveryConditionOfAFilterMustHold) {
  RunFilter filter;
  filter.experiment = "e1";
  EXPECT_EQ(List(filter), (std::vector<int64_t>{10, 7, 4, 1}));
  filter.user = "bob";
  EXPECT_EQ(List(filter), (std::vector<int64_t>{10, 4}));
  filter.state = RunState::kStarting;
  EXPECT_EQ(List(filter), (std::vector<int64_t>{4}));
  filter.labels = {{"size", "small"}};
  EXPECT_EQ(List(filter), (std::vector<int64_t>{4}));
  filter.labels = {{"size", "large"}};
  EXPECT_EQ(List(filter), (std::vector<int64_t>{}));

  EXPECT_EQ(List({.experiment = "none", .state = {}, .user = "", .labels = {}}),
            (std::vector<int64_t>{}));
}

// All combinations against a walk over all runs.
TEST_F(ReaderTest, AnyFilterFindsWhatAWalkOverAllRunsFinds) {
  for (int bits = 0; bits < 64; ++bits) {
    RunFilter filter;
    if ((bits & 1) != 0) filter.experiment = "e2";
    if ((bits & 2) != 0) filter.user = "ann";
    if ((bits & 4) != 0) filter.state = RunState::kQueued;
    if ((bits & 8) != 0) filter.labels.emplace_back("size", "large");
    if ((bits & 16) != 0) filter.labels.emplace_back("half", "1");
    const int64_t before = (bits & 32) != 0 ? 11 : 0;
    std::vector<int64_t> wanted;
    for (int64_t id = 12; id >= 1; --id) {
      if ((bits & 1) != 0 && id % 3 != 2) continue;
      if ((bits & 2) != 0 && id % 2 != 1) continue;
      if ((bits & 4) != 0 && id <= 4) continue;
      if ((bits & 8) != 0 && id <= 6) continue;
      if ((bits & 16) != 0 && id % 2 != 1) continue;
      if ((bits & 32) != 0 && id >= 11) continue;
      wanted.push_back(id);
    }
    EXPECT_EQ(List(filter, before), wanted) << "filter " << bits;
  }
}

TEST_F(ReaderTest, APageHoldsAtMost16MibOfSpecsButAtLeastOne) {
  for (int64_t id = 21; id <= 24; ++id) {
    AddRun change = NewRun(id);
    change.spec = std::string(id == 22 ? 17 << 20 : 6 << 20, 'x');
    ASSERT_THAT(store_.Apply(change), IsOk());
  }
  const RunPage first = store_.reader().ListRuns({}, {}, 100).value();
  EXPECT_EQ(Ids(first), (std::vector<int64_t>{24, 23}));
  EXPECT_TRUE(first.more);
  const RunPage second = store_.reader().ListRuns({}, RunId{23}, 100).value();
  EXPECT_EQ(Ids(second), (std::vector<int64_t>{22}));
  EXPECT_TRUE(second.more);
  EXPECT_FALSE(store_.reader().ListRuns({}, RunId{22}, 100)->more);
}

TEST_F(ReaderTest, UnendedRunsAreAllTheOthersOldestFirst) {
  std::vector<int64_t> ids;
  const auto runs = store_.reader().UnendedRuns().value();
  ids.reserve(runs.size());
  for (const RunRow& run : runs) ids.push_back(run.id.value);
  EXPECT_EQ(ids, (std::vector<int64_t>{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(runs[0].state, RunState::kStarting);
  EXPECT_EQ(runs[0].newest_attempt, AttemptNumber{1});
  EXPECT_EQ(runs[0].spec, "");
}

TEST_F(ReaderTest, ExperimentsAreListedByNameInPages) {
  const auto first = store_.reader().ListExperiments("", 2).value();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].name, "e0");
  EXPECT_EQ(first[1].name, "e1");
  EXPECT_EQ(first[1].run_count, 4);
  const auto rest = store_.reader().ListExperiments("e1", 2).value();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].name, "e2");
}

TEST_F(ReaderTest, SamplesComeWholeAndAsManyAsFit) {
  ASSERT_THAT(store_.Apply(Report(3, 1, Series(0, 10))), IsOk());
  Reader& reader = store_.reader();
  const Samples five = reader.ReadSamples(RunId{3}, 4, 5).value();
  EXPECT_EQ(five.first_ordinal, 4);
  EXPECT_EQ(five.size(), 2);
  EXPECT_EQ(five.value.size(), 4u);
  EXPECT_EQ(five.step, (std::vector<int64_t>{40, 50}));
  EXPECT_EQ(ValueOf(five, 1, "train/loss"), 1.0 / 6);
  EXPECT_EQ(reader.ReadSamples(RunId{3}, 4, 6)->size(), 3);
  EXPECT_EQ(reader.ReadSamples(RunId{3}, 4, 1)->size(), 1);
  EXPECT_EQ(reader.ReadSamples(RunId{3}, 4, 100)->size(), 6);
  EXPECT_EQ(reader.ReadSamples(RunId{3}, 10, 100)->size(), 0);
  EXPECT_EQ(reader.ReadSamples(RunId{4}, 0, 100)->size(), 0);
  EXPECT_THAT(reader.ReadSamples(RunId{99}, 0, 100),
              StatusIs(StatusCode::kNotFound, "99"));
}

TEST_F(ReaderTest, SamplesOfChosenMetricsKeepTheirPlace) {
  ASSERT_THAT(store_.Apply(Report(
                  3, 1,
                  Batch(0, {{.step = 0, .values = {{"a", 1}, {"b", 2}}},
                            {.step = 1, .values = {{"b", 3}}},
                            {.step = 2, .values = {}},
                            {.step = 3, .values = {{"c", 5}, {"a", 4}}}}))),
              IsOk());
  Reader& reader = store_.reader();
  const Samples only_a = reader.ReadSamples(RunId{3}, 0, 100, {"a"}).value();
  EXPECT_EQ(only_a.step, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(only_a.value_count, (std::vector<uint32_t>{1, 0, 0, 1}));
  EXPECT_EQ(only_a.value, (std::vector<double>{1, 4}));
  EXPECT_EQ(only_a.metrics, std::vector<std::string>{"a"});
  // A sample without a value counts as one.
  EXPECT_EQ(reader.ReadSamples(RunId{3}, 0, 3, {"a"})->size(), 3);
  const Samples none = reader.ReadSamples(RunId{3}, 0, 9, {"never"}).value();
  EXPECT_EQ(none.size(), 4);
  EXPECT_TRUE(none.value.empty());
  const Samples two = reader.ReadSamples(RunId{3}, 0, 9, {"c", "b"}).value();
  EXPECT_EQ(two.value_count, (std::vector<uint32_t>{1, 1, 0, 1}));
  EXPECT_EQ(ValueOf(two, 3, "c"), 5);
}

TEST_F(ReaderTest, PagesOfAnySizeMakeUpTheWholeRun) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<OneSample> samples;
  for (int64_t i = 0; i < 200; ++i) {
    OneSample sample = {.step = i, .values = {}};
    for (const std::string metric : {"a", "b", "c", "d"}) {
      if (random() % 2 == 0) sample.values.emplace_back(metric, i);
    }
    samples.push_back(sample);
  }
  ASSERT_THAT(store_.Apply(Report(3, 1, Batch(0, samples))), IsOk());
  int64_t next = 0;
  while (next < 200) {
    const auto max_values = static_cast<int64_t>(1 + random() % 12);
    const Samples page =
        store_.reader().ReadSamples(RunId{3}, next, max_values).value();
    ASSERT_GE(page.size(), 1);
    ASSERT_EQ(page.first_ordinal, next);
    int64_t used = 0;
    for (const uint32_t count : page.value_count) {
      used += std::max<int64_t>(count, 1);
    }
    EXPECT_TRUE(used <= max_values || page.size() == 1);
    for (int64_t k = 0; k < page.size(); ++k) {
      const OneSample& wanted = samples[static_cast<size_t>(next + k)];
      ASSERT_EQ(page.step[static_cast<size_t>(k)], wanted.step);
      ASSERT_EQ(page.value_count[static_cast<size_t>(k)], wanted.values.size());
      for (const auto& [metric, value] : wanted.values) {
        EXPECT_EQ(ValueOf(page, k, metric), value);
      }
    }
    next = page.next_ordinal();
  }
}

TEST_F(ReaderTest, AQueryEndsAfterItsLimit) {
  ASSERT_THAT(store_.Apply(Report(3, 1, Series(0, 20000))), IsOk());
  auto hurried =
      Reader::Open(store_.folder().path(), absl::ZeroDuration()).value();
  EXPECT_THAT(hurried->ReadSamples(RunId{3}, 0, 1 << 20),
              StatusIs(StatusCode::kDeadlineExceeded, "ask for less"));
  // What a server starts from must come, however long it takes.
  for (int64_t run = 101; run <= 300; ++run) {
    ASSERT_THAT(store_.Apply(NewRun(run)), IsOk());
  }
  EXPECT_EQ(hurried->UnendedRuns()->size(), 210u);
  // What is short enough still comes, on the same connection.
  EXPECT_THAT(hurried->GetRun(RunId{3}), IsOk());
}

// A transaction left open would keep the WAL from being cut.
TEST_F(ReaderTest, NoReaderKeepsTheWalFromBeingCut) {
  const std::string wal = store_.folder().database() + "-wal";
  auto other = Reader::Open(store_.folder().path()).value();
  EXPECT_THAT(other->ReadSamples(RunId{99}, 0, 1),
              StatusIs(StatusCode::kNotFound, "99"));
  int64_t next = 0;
  uintmax_t longest = 0;
  uintmax_t written = 0;
  for (int i = 0; i < 18; ++i) {
    ASSERT_THAT(store_.Apply(Report(3, 1, Series(next, 10000))), IsOk());
    next += 10000;
    EXPECT_EQ(other->GetRun(RunId{3})->sample_count, next);
    EXPECT_EQ(other->ReadSamples(RunId{3}, next - 1, 10)->size(), 1);
    longest = std::max(longest, std::filesystem::file_size(wal));
    written = std::filesystem::file_size(store_.folder().database());
  }
  EXPECT_LT(longest, written / 2) << "of " << written;
}

TEST(ReaderOpenTest, WithoutAStoreThereIsNothingToRead) {
  const TempFolder folder;
  EXPECT_THAT(Reader::Open(folder.path()),
              StatusIs(StatusCode::kInternal, "steelyard.db"));
}

}  // namespace
}  // namespace steelyard::storage
