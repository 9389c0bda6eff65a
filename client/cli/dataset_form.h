#ifndef STEELYARD_CLIENT_CLI_DATASET_FORM_H_
#define STEELYARD_CLIENT_CLI_DATASET_FORM_H_

#include <string>

#include "absl/strings/string_view.h"
#include "steelyard/v1/dataset.pb.h"

// The words for the forms of datasets: those of the enum, in lower case.
namespace steelyard::cli {

// "csv"
std::string FormWord(v1::DatasetForm form);

// UNSPECIFIED when `word` is none.
v1::DatasetForm FormOfWord(absl::string_view word);

// "csv, idx, npy or cifar": every form that there is.
std::string FormWords();

// The form that a file's name shows: *.csv, *.npy; *-idx3-ubyte, *.idx and the
// like; data_batch_1.bin, test_batch.bin; each with .gz too.  UNSPECIFIED when
// it shows none.
v1::DatasetForm FormOfName(absl::string_view path);

}  // namespace steelyard::cli

#endif  // STEELYARD_CLIENT_CLI_DATASET_FORM_H_
