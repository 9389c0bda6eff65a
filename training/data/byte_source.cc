#include "training/data/byte_source.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "support/status_macros.h"

namespace steelyard::training {
namespace {

// The bytes as they lie on disk or in memory.
class StoredBytes {
 public:
  explicit StoredBytes(absl::string_view bytes) : bytes_(bytes) {}
  explicit StoredBytes(int fd) : fd_(fd) {}
  StoredBytes(StoredBytes&& other) noexcept
      : bytes_(other.bytes_), fd_(std::exchange(other.fd_, -1)) {}
  StoredBytes& operator=(StoredBytes&&) = delete;
  ~StoredBytes() {
    if (fd_ >= 0) close(fd_);
  }

  // Returns 0 only at the end.
  absl::StatusOr<size_t> Read(std::span<char> out) {
    if (fd_ < 0) {
      const size_t count = std::min(out.size(), bytes_.size() - position_);
      std::copy_n(bytes_.data() + position_, count, out.data());
      position_ += count;
      return count;
    }
    for (;;) {
      const ssize_t count = read(fd_, out.data(), out.size());
      if (count >= 0) return static_cast<size_t>(count);
      if (errno != EINTR) {
        return absl::InternalError(
            absl::StrCat("cannot read the file: ", std::strerror(errno)));
      }
    }
  }

  absl::Status Rewind() {
    position_ = 0;
    if (fd_ >= 0 && lseek(fd_, 0, SEEK_SET) != 0) {
      return absl::InternalError(
          absl::StrCat("cannot rewind the file: ", std::strerror(errno)));
    }
    return absl::OkStatus();
  }

 private:
  absl::string_view bytes_;
  size_t position_ = 0;
  int fd_ = -1;
};

class Source final : public ByteSource {
 public:
  Source(StoredBytes stored, int64_t limit_bytes)
      : stored_(std::move(stored)), limit_bytes_(limit_bytes) {}
  ~Source() override {
    if (gzip_) inflateEnd(&inflater_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Looks at the first bytes.  Comes first.
  absl::Status Start();

  absl::StatusOr<size_t> Read(std::span<char> out) override;
  absl::Status Rewind() override;
  int64_t offset() const override { return offset_; }

 private:
  absl::StatusOr<size_t> ReadPlain(std::span<char> out);
  absl::StatusOr<size_t> ReadGzip(std::span<char> out);
  // Puts more stored bytes behind those that wait in `input_`; false at the
  // end.
  absl::StatusOr<bool> Refill();
  // After the end of a gzip member: true when another one follows.
  absl::StatusOr<bool> StartNextMember();
  // Where the inflater stands in the stored file.
  int64_t StoredOffset() const { return stored_read_ - waiting_; }

  static constexpr size_t kInputBytes = 64 << 10;

  StoredBytes stored_;
  const int64_t limit_bytes_;
  std::array<char, kInputBytes> input_;
  size_t begin_ = 0;         // of the bytes that wait in input_
  int64_t waiting_ = 0;      // how many
  int64_t stored_read_ = 0;  // from stored_
  int64_t offset_ = 0;
  bool gzip_ = false;
  bool member_open_ = false;  // within a gzip member
  z_stream inflater_ = {};
};

bool BeginsAsGzip(const char* bytes) {
  return bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

absl::Status Source::Start() {
  while (waiting_ < 2) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, Refill());
    if (!more) break;
  }
  const bool gzip = waiting_ >= 2 && BeginsAsGzip(input_.data() + begin_);
  if (gzip && !gzip_) {
    constexpr int kGzipAlone = 15 + 16;  // zlib's window bits, and gzip's frame
    if (inflateInit2(&inflater_, kGzipAlone) != Z_OK) {
      return absl::InternalError("cannot start zlib");
    }
  }
  gzip_ = gzip;
  member_open_ = gzip;
  return absl::OkStatus();
}

absl::Status Source::Rewind() {
  STEELYARD_RETURN_IF_ERROR(stored_.Rewind());
  begin_ = 0;
  waiting_ = 0;
  stored_read_ = 0;
  offset_ = 0;
  if (gzip_) inflateReset(&inflater_);
  return Start();
}

absl::StatusOr<bool> Source::Refill() {
  std::copy_n(input_.data() + begin_, waiting_, input_.data());
  begin_ = 0;
  const size_t kept = static_cast<size_t>(waiting_);
  STEELYARD_ASSIGN_OR_RETURN(
      const size_t count, stored_.Read(std::span<char>(input_).subspan(kept)));
  waiting_ += static_cast<int64_t>(count);
  stored_read_ += static_cast<int64_t>(count);
  return count > 0;
}

absl::StatusOr<size_t> Source::Read(std::span<char> out) {
  // One byte past the limit is asked for, so that it is seen.
  const int64_t room = limit_bytes_ - offset_;
  if (static_cast<int64_t>(out.size()) > room + 1) {
    out = out.first(static_cast<size_t>(room + 1));
  }
  STEELYARD_ASSIGN_OR_RETURN(const size_t count,
                             gzip_ ? ReadGzip(out) : ReadPlain(out));
  if (static_cast<int64_t>(count) > room) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "want at most ", limit_bytes_, " bytes of data",
        gzip_ ? " once inflated" : "", ", got more; give a smaller file"));
  }
  offset_ += static_cast<int64_t>(count);
  return count;
}

absl::StatusOr<size_t> Source::ReadPlain(std::span<char> out) {
  size_t filled = std::min(out.size(), static_cast<size_t>(waiting_));
  std::copy_n(input_.data() + begin_, filled, out.data());
  begin_ += filled;
  waiting_ -= static_cast<int64_t>(filled);
  while (filled < out.size()) {
    STEELYARD_ASSIGN_OR_RETURN(const size_t count,
                               stored_.Read(out.subspan(filled)));
    if (count == 0) break;
    stored_read_ += static_cast<int64_t>(count);
    filled += count;
  }
  return filled;
}

absl::StatusOr<bool> Source::StartNextMember() {
  while (waiting_ < 2) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, Refill());
    if (!more) break;
  }
  if (waiting_ == 0) return false;
  if (waiting_ < 2 || !BeginsAsGzip(input_.data() + begin_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("offset ", StoredOffset(),
                     " of the gzip file: want its end, got more bytes"));
  }
  inflateReset(&inflater_);
  member_open_ = true;
  return true;
}

absl::StatusOr<size_t> Source::ReadGzip(std::span<char> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (!member_open_) {
      STEELYARD_ASSIGN_OR_RETURN(const bool more, StartNextMember());
      if (!more) break;
    }
    if (waiting_ == 0) {
      STEELYARD_ASSIGN_OR_RETURN(const bool more, Refill());
      if (!more) {
        return absl::InvalidArgumentError(absl::StrCat(
            "offset ", StoredOffset(),
            " of the gzip file: want more compressed data, got the end of the "
            "file: it is cut short"));
      }
    }
    constexpr size_t kMaxChunk = 1 << 30;  // zlib counts in 32 bits
    const size_t room = std::min(out.size() - filled, kMaxChunk);
    // zlib takes its input as unsigned bytes, and does not write to it.
    inflater_.next_in = reinterpret_cast<Bytef*>(input_.data() + begin_);
    inflater_.avail_in = static_cast<uInt>(waiting_);
    inflater_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    inflater_.avail_out = static_cast<uInt>(room);
    const int result = inflate(&inflater_, Z_NO_FLUSH);
    begin_ += static_cast<size_t>(waiting_) - inflater_.avail_in;
    waiting_ = inflater_.avail_in;
    filled += room - inflater_.avail_out;
    if (result == Z_STREAM_END) {
      member_open_ = false;
    } else if (result == Z_MEM_ERROR) {
      return absl::InternalError("no memory for zlib");
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return absl::InvalidArgumentError(absl::StrCat(
          "offset ", StoredOffset(),
          " of the gzip file: want gzip data, got damaged bytes (",
          inflater_.msg == nullptr ? "no details" : inflater_.msg, ")"));
    }
  }
  return filled;
}

absl::StatusOr<std::unique_ptr<ByteSource>> Open(StoredBytes stored,
                                                 int64_t limit_bytes) {
  auto source = std::make_unique<Source>(std::move(stored), limit_bytes);
  STEELYARD_RETURN_IF_ERROR(source->Start());
  return source;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::OpenFile(
    const std::string& path, int64_t limit_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::InternalError(
        absl::StrCat("cannot open the file: ", std::strerror(errno)));
  }
  return Open(StoredBytes(fd), limit_bytes);
}

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::OpenMemory(
    absl::string_view bytes, int64_t limit_bytes) {
  return Open(StoredBytes(bytes), limit_bytes);
}

}  // namespace steelyard::training
