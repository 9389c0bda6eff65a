#include "server/worker/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/status_matchers.h"
#include "tests/training/data/files.h"

namespace steelyard::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::InspectLease Lease(v1::DatasetForm form, const std::string& path) {
  v1::InspectLease lease;
  lease.set_inflated_bytes_limit(int64_t{8} << 30);
  lease.mutable_file()->set_dataset("sha256/0123abc");
  lease.mutable_file()->set_form(form);
  lease.mutable_file()->set_path(path);
  return lease;
}

std::string WriteFile(const std::string& name, const std::string& text) {
  std::string path = testing::TempDir() + "inspect_test_" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  EXPECT_EQ(std::fclose(file), 0);
  return path;
}

TEST(InspectTest, DescribesACsvFile) {
  const auto report = Inspect(
      Lease(v1::DATASET_FORM_CSV, WriteFile("good.csv", "x,y\n1,1\nnan,-1\n")));
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->dataset(), "datasets/0123abc");
  EXPECT_EQ(report->rejection(), "");
  const v1::DatasetSummary& summary = report->summary();
  EXPECT_THAT(summary.shape(), ElementsAre(2, 2));
  EXPECT_EQ(summary.columns(0).name(), "x");
  EXPECT_EQ(summary.columns(0).non_finite(), 1);
  EXPECT_EQ(summary.columns(1).values_size(), 2);
  EXPECT_THAT(summary.preview().columns(), ElementsAre("x", "y"));
  ASSERT_EQ(summary.preview().rows_size(), 2);
  EXPECT_THAT(summary.preview().rows(1).values(), ElementsAre("nan", "-1"));
  EXPECT_EQ(summary.preview().more_columns(), 0);
}

TEST(InspectTest, ListsTheTextsOfAColumn) {
  const auto report = Inspect(
      Lease(v1::DATASET_FORM_CSV, WriteFile("g.csv", "g,y\nb,1\na,1\nb,1\n")));
  ASSERT_THAT(report, IsOk());
  const v1::ColumnSummary& column = report->summary().columns(0);
  EXPECT_EQ(column.distinct(), 2);
  ASSERT_EQ(column.texts_size(), 2);
  EXPECT_EQ(column.texts(1).text(), "b");
  EXPECT_EQ(column.texts(1).count(), 2);
}

TEST(InspectTest, SaysWhereAColumnIsNoLongerNumeric) {
  const auto report = Inspect(
      Lease(v1::DATASET_FORM_CSV, WriteFile("late.csv", "x,y\n1,1\n2,one\n")));
  ASSERT_THAT(report, IsOk());
  const v1::ColumnSummary& column = report->summary().columns(1);
  EXPECT_FALSE(column.numeric());
  EXPECT_EQ(column.first_text(), "row 2 (line 3) holds \"one\"");
}

TEST(InspectTest, DescribesRealImages) {
  const auto report = Inspect(Lease(v1::DATASET_FORM_IDX,
                                    "/usr/share/datasets/fashion-mnist/"
                                    "t10k-labels-idx1-ubyte.gz"));
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->summary().shape(), ElementsAre(10000));
  EXPECT_EQ(report->summary().dtype(), "uint8");
  EXPECT_EQ(report->summary().values(2).count(), 1000);
  EXPECT_EQ(report->summary().max(), 9);
}

TEST(InspectTest, DescribesAnNpyFile) {
  const auto report = Inspect(Lease(
      v1::DATASET_FORM_NPY,
      WriteFile("good.npy",
                training::Npy("<f2", "2, 2",
                              std::string("\0\x3c\0\x7c\0\xbc\0\0", 8)))));
  ASSERT_THAT(report, IsOk());
  const v1::DatasetSummary& summary = report->summary();
  EXPECT_THAT(summary.shape(), ElementsAre(2, 2));
  EXPECT_EQ(summary.dtype(), "float16");
  EXPECT_EQ(summary.min(), -1);
  EXPECT_EQ(summary.max(), 1);
  EXPECT_EQ(summary.non_finite(), 1);
}

TEST(InspectTest, DescribesACifarFile) {
  const auto report = Inspect(
      Lease(v1::DATASET_FORM_CIFAR,
            WriteFile("test_batch.bin", std::string(size_t{2} * 3073, '\7'))));
  ASSERT_THAT(report, IsOk());
  const v1::DatasetSummary& summary = report->summary();
  EXPECT_THAT(summary.shape(), ElementsAre(2, 3, 32, 32));
  ASSERT_EQ(summary.columns_size(), 1);
  EXPECT_EQ(summary.columns(0).values(0).value(), 7);
  EXPECT_EQ(summary.columns(0).values(0).count(), 2);
}

TEST(InspectTest, RejectsWithTheRowAndTheColumn) {
  const auto report = Inspect(
      Lease(v1::DATASET_FORM_CSV, WriteFile("bad.csv", "x,y\n1,1\n2,\"1\n")));
  ASSERT_THAT(report, IsOk());
  EXPECT_FALSE(report->has_summary());
  EXPECT_THAT(report->rejection(),
              HasSubstr("row 2 (line 3), column 1 (\"y\"): want a quote"));
}

TEST(InspectTest, RejectsWhatInflatesPastTheLimit) {
  v1::InspectLease lease =
      Lease(v1::DATASET_FORM_IDX,
            "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz");
  lease.set_inflated_bytes_limit(10008);
  EXPECT_TRUE(Inspect(lease)->has_summary());
  lease.set_inflated_bytes_limit(10007);
  EXPECT_THAT(Inspect(lease)->rejection(),
              HasSubstr("at most 10007 bytes of data once inflated"));
}

TEST(InspectTest, RejectsAFormItDoesNotKnow) {
  EXPECT_THAT(Inspect(Lease(v1::DATASET_FORM_UNSPECIFIED,
                            WriteFile("form.csv", "x\n1\n")))
                  ->rejection(),
              HasSubstr("form: want one that this worker reads"));
}

// It may be there the next time: nothing is said of the file.
TEST(InspectTest, AFileThatCannotBeReadIsNotRejected) {
  EXPECT_THAT(Inspect(Lease(v1::DATASET_FORM_CSV, "/nonexistent")),
              StatusIs(absl::StatusCode::kInternal, "cannot open"));
}

}  // namespace
}  // namespace steelyard::worker
