#include "server/worker/artifact.h"

#include <openssl/evp.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "support/check.h"

namespace steelyard::worker {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

absl::Status NoRoom(int64_t limit_bytes, int64_t size_bytes) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "want at most ", limit_bytes,
      " bytes, which is what the run's artifacts have left, got at least ",
      size_bytes));
}

absl::StatusOr<Artifact> IfRoom(int64_t limit_bytes, Artifact artifact) {
  if (std::ssize(artifact.bytes) <= limit_bytes) return artifact;
  return NoRoom(limit_bytes, std::ssize(artifact.bytes));
}

std::string Sha256Hex(absl::string_view bytes) {
  std::array<char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(),
                              reinterpret_cast<unsigned char*>(digest.data()),
                              &size, EVP_sha256(), nullptr);
  STEELYARD_CHECK(done == 1);
  return absl::BytesToHexString(absl::string_view(digest.data(), size));
}

v1::ArtifactPiece PieceOf(const Artifact& artifact, const std::string& sha256,
                          int64_t offset) {
  v1::ArtifactPiece piece;
  piece.set_name(artifact.name);
  piece.set_media_type(artifact.media_type);
  piece.set_sha256(sha256);
  piece.set_size_bytes(std::ssize(artifact.bytes));
  piece.set_offset(offset);
  piece.set_content(
      artifact.bytes.substr(static_cast<size_t>(offset), kPieceBytes));
  return piece;
}

}  // namespace steelyard::worker
