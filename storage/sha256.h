#ifndef STEELYARD_STORAGE_SHA256_H_
#define STEELYARD_STORAGE_SHA256_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "storage/types.h"

struct evp_md_ctx_st;

namespace steelyard::storage {

// The SHA-256 of bytes that come in pieces.
class Sha256Hasher {
 public:
  Sha256Hasher();

  void Add(absl::string_view bytes);
  // The hash of all that was added.  Called once, last.
  Sha256 Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace steelyard::storage

#endif  // STEELYARD_STORAGE_SHA256_H_
