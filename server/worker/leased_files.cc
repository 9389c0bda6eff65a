#include "server/worker/leased_files.h"

#include "absl/strings/str_cat.h"

namespace steelyard::worker {

LeasedFiles::LeasedFiles(const v1::TrainLease& lease)
    : inflated_bytes_limit_(lease.inflated_bytes_limit()) {
  for (const v1::DatasetFile& file : lease.files()) {
    files_[file.dataset()] = &file;
  }
}

absl::StatusOr<const v1::DatasetFile*> LeasedFiles::Find(
    absl::string_view dataset, v1::DatasetForm form) const {
  if (dataset.empty()) {
    return absl::InvalidArgumentError("dataset: want sha256/HEX, got nothing");
  }
  const auto found = files_.find(std::string(dataset));
  if (found == files_.end()) {
    return absl::InternalError(
        absl::StrCat("dataset: want one of the lease's files, got ", dataset));
  }
  if (found->second->form() != form) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset: want a file of the form ", v1::DatasetForm_Name(form),
        ", got ", v1::DatasetForm_Name(found->second->form())));
  }
  return found->second;
}

absl::StatusOr<std::unique_ptr<training::ByteSource>> LeasedFiles::Open(
    const v1::DatasetFile& file) const {
  return training::ByteSource::OpenFile(file.path(), inflated_bytes_limit_);
}

}  // namespace steelyard::worker
