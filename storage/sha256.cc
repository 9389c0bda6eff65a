#include "storage/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"
#include "storage/file_store.h"
#include "support/check.h"

namespace steelyard::storage {

void Sha256Hasher::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

// libcrypto's calls fail only without memory.
Sha256Hasher::Sha256Hasher() : context_(EVP_MD_CTX_new()) {
  STEELYARD_CHECK(context_ != nullptr);
  STEELYARD_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) ==
                  1);
}

void Sha256Hasher::Add(absl::string_view bytes) {
  STEELYARD_CHECK(
      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Hasher::Finish() {
  std::string digest(32, '\0');
  STEELYARD_CHECK(
      EVP_DigestFinal_ex(context_.get(),
                         reinterpret_cast<unsigned char*>(digest.data()),
                         nullptr) == 1);
  return Sha256{absl::BytesToHexString(digest)};
}

bool IsSha256(const Sha256& sha256) {
  return sha256.hex.size() == 64 &&
         std::all_of(sha256.hex.begin(), sha256.hex.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Sha256 HashOf(absl::string_view bytes) {
  Sha256Hasher hasher;
  hasher.Add(bytes);
  return hasher.Finish();
}

}  // namespace steelyard::storage
