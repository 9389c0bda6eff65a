#ifndef STEELYARD_TESTS_SERVER_WORKER_STORED_LEASES_H_
#define STEELYARD_TESTS_SERVER_WORKER_STORED_LEASES_H_

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/worker/inspect.h"
#include "tests/server/worker/leases.h"

// Leases of stored files.
namespace steelyard::worker {

// Adds an inspected file to the lease and returns its name.
inline std::string AddFile(v1::TrainLease& lease, const std::string& path,
                           v1::DatasetForm form) {
  v1::InspectLease inspect;
  inspect.set_inflated_bytes_limit(lease.inflated_bytes_limit());
  inspect.mutable_file()->set_path(path);
  inspect.mutable_file()->set_form(form);
  v1::DatasetFile& file = *lease.add_files();
  file.set_dataset(absl::StrCat("sha256/", lease.files_size()));
  file.set_path(path);
  file.set_form(form);
  *file.mutable_summary() = Inspect(inspect)->summary();
  return file.dataset();
}

// Writes a file of this test's own.
inline std::string WriteFile(const std::string& name, const std::string& text) {
  const testing::TestInfo& test =
      *testing::UnitTest::GetInstance()->current_test_info();
  std::string path = absl::StrCat(testing::TempDir(), test.test_suite_name(),
                                  test.name(), name);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  EXPECT_EQ(std::fclose(file), 0);
  return path;
}

inline v1::TrainLease CsvLease(const std::string& name,
                               const std::string& text) {
  v1::TrainLease lease = D8Lease(10);
  const std::string dataset =
      AddFile(lease, WriteFile(name, text), v1::DATASET_FORM_CSV);
  lease.mutable_spec()->mutable_data()->mutable_csv()->set_dataset(dataset);
  return lease;
}

}  // namespace steelyard::worker

#endif  // STEELYARD_TESTS_SERVER_WORKER_STORED_LEASES_H_
