#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/dataset_form.h"

namespace steelyard::cli {
namespace {

TEST(DatasetFormTest, AFilesNameShowsItsForm) {
  EXPECT_EQ(FormOfName("/a.npy/train.csv"), v1::DATASET_FORM_CSV);
  EXPECT_EQ(FormOfName("TRAIN.CSV.GZ"), v1::DATASET_FORM_CSV);
  EXPECT_EQ(FormOfName("t10k-images-idx3-ubyte.gz"), v1::DATASET_FORM_IDX);
  EXPECT_EQ(FormOfName("x.idx"), v1::DATASET_FORM_IDX);
  EXPECT_EQ(FormOfName("x.npy"), v1::DATASET_FORM_NPY);
  EXPECT_EQ(FormOfName("x.npy.gz"), v1::DATASET_FORM_NPY);
  EXPECT_EQ(FormOfName("data_batch_1.bin"), v1::DATASET_FORM_CIFAR);
  EXPECT_EQ(FormOfName("test_batch.bin.gz"), v1::DATASET_FORM_CIFAR);
  for (const char* name :
       {"train.bin", "", "npy", "x.npz", "x.gz", "a.csv/x"}) {
    EXPECT_EQ(FormOfName(name), v1::DATASET_FORM_UNSPECIFIED) << name;
  }
}

TEST(DatasetFormTest, EachFormHasItsWord) {
  for (const v1::DatasetForm form :
       {v1::DATASET_FORM_CSV, v1::DATASET_FORM_IDX, v1::DATASET_FORM_NPY,
        v1::DATASET_FORM_CIFAR}) {
    EXPECT_EQ(FormOfWord(FormWord(form)), form);
  }
  EXPECT_EQ(FormWord(v1::DATASET_FORM_NPY), "npy");
  EXPECT_EQ(FormWords(), "csv, idx, npy or cifar");
  for (const char* word : {"", "unspecified", "NPY", "tsv"}) {
    EXPECT_EQ(FormOfWord(word), v1::DATASET_FORM_UNSPECIFIED) << word;
  }
}

}  // namespace
}  // namespace steelyard::cli
