#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "tests/status_matchers.h"
#include "tests/training/data/files.h"
#include "training/data/byte_source.h"
#include "training/data/idx.h"

// The real files, of Debian's package dataset-fashion-mnist.
namespace steelyard::training {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

std::unique_ptr<ByteSource> Open(const std::string& name) {
  return ByteSource::OpenFile("/usr/share/datasets/fashion-mnist/" + name,
                              kAmple)
      .value();
}

TEST(FashionMnistTest, IsDescribed) {
  const auto images = InspectIdx(*Open("train-images-idx3-ubyte.gz"));
  ASSERT_THAT(images, IsOk());
  EXPECT_THAT(images->shape, ElementsAre(60000, 28, 28));
  EXPECT_EQ(images->dtype, "uint8");
  EXPECT_EQ(images->min, 0);
  EXPECT_EQ(images->max, 255);

  const auto labels = InspectIdx(*Open("train-labels-idx1-ubyte.gz"));
  ASSERT_THAT(labels, IsOk());
  EXPECT_THAT(labels->shape, ElementsAre(60000));
  ASSERT_THAT(labels->values, SizeIs(10));
  EXPECT_THAT(labels->values, Each(Field(&ValueCount::count, 6000)));
}

TEST(FashionMnistTest, PulloversAndCoatsBecomeRows) {
  const auto rows = ReadIdx(
      *Open("train-images-idx3-ubyte.gz"), *Open("train-labels-idx1-ubyte.gz"),
      {.positive = {2}, .negative = {4}, .first_per_class = 100});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 200);
  EXPECT_EQ(rows->columns, 784);
  ASSERT_THAT(rows->features, SizeIs(200 * 784));
  double sum = 0;
  for (const double label : rows->labels) sum += label;
  EXPECT_EQ(sum, 0);
  for (const double pixel : rows->features) {
    EXPECT_EQ(pixel, std::round(pixel * 255) / 255);
    EXPECT_TRUE(pixel >= 0 && pixel <= 1);
  }
}

TEST(FashionMnistTest, TheTestSetHasAThousandOfEachClass) {
  const auto rows = ReadIdx(*Open("t10k-images-idx3-ubyte.gz"),
                            *Open("t10k-labels-idx1-ubyte.gz"),
                            {.positive = {2}, .negative = {4}});
  ASSERT_THAT(rows, IsOk());
  EXPECT_EQ(rows->rows, 2000);
}

}  // namespace
}  // namespace steelyard::training
