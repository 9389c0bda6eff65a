// A spec from any client, as bytes of a message, is checked without harm.
#include <cstddef>
#include <cstdint>
#include <string>

#include "server/spec_check.h"
#include "server/spec_defaults.h"
#include "support/check.h"

namespace steelyard::server {
namespace {

// Every dataset that the spec names is known, by the same small table.
std::map<std::string, KnownDataset> KnownOf(v1::RunSpec* spec) {
  std::map<std::string, KnownDataset> known;
  for (const DatasetUse& use : DatasetsOf(spec)) {
    KnownDataset dataset{.form = use.form, .summary = {}};
    dataset.summary.set_dtype("uint8");
    dataset.summary.add_shape(2);
    for (const double label : {-1.0, 1.0}) {
      v1::ValueCount* value = dataset.summary.add_values();
      value->set_value(label);
      value->set_count(1);
    }
    for (const char* name : {"x", "y"}) {
      v1::ColumnSummary* column = dataset.summary.add_columns();
      column->set_name(name);
      column->set_numeric(true);
      *column->mutable_values() = dataset.summary.values();
    }
    known.emplace(*use.dataset, dataset);
  }
  return known;
}

void TrySpec(v1::RunSpec spec) {
  const SpecLimits limits;
  const bool accepted = CheckSpec(spec, limits).empty();
  if (accepted) {
    FillDefaults(&spec);
    STEELYARD_CHECK(CheckSpec(spec, limits).empty());
    STEELYARD_CHECK(!SerializeSpec(spec).empty());
  }
  CheckAgainstSummaries(spec, KnownOf(&spec));
}

}  // namespace
}  // namespace steelyard::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  steelyard::v1::RunSpec spec;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (spec.ParseFromString(bytes)) steelyard::server::TrySpec(std::move(spec));
  return 0;
}
