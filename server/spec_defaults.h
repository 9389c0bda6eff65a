#ifndef STEELYARD_SERVER_SPEC_DEFAULTS_H_
#define STEELYARD_SERVER_SPEC_DEFAULTS_H_

#include <string>
#include <vector>

#include "steelyard/v1/dataset.pb.h"
#include "steelyard/v1/spec.pb.h"

// From the spec as submitted to the spec as stored.
namespace steelyard::server {

// Writes every default that the comments of RunSpec name into fields that are
// absent; `classes` of a test set that has none become those of `data`.  What
// is present stays as it is, wrong or not.  Doing it twice changes nothing.
void FillDefaults(v1::RunSpec* spec);

// The bytes that are stored and compared: equal messages give equal bytes (maps
// by key), as long as the program is built with the same protobuf.
std::string SerializeSpec(const v1::RunSpec& spec);

// A field that names a dataset.
struct DatasetUse {
  std::string path;      // data.idx.images.dataset
  v1::DatasetForm form;  // of the key over it
  std::string* dataset;  // within the spec: a label or sha256/HEX, never null
};

// Every field of `spec` that names a dataset, training data first, then the
// test sets by name.  The pointers live as long as `spec` is not changed
// otherwise.
std::vector<DatasetUse> DatasetsOf(v1::RunSpec* spec);

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_SPEC_DEFAULTS_H_
