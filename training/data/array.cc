#include "training/data/array.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"
#include "training/data/preview.h"

namespace steelyard::training {
namespace {

constexpr size_t kChunkBytes = 256 << 10;  // a multiple of every type's size

absl::Status CutShort(int64_t offset, int64_t wanted, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("offset ", offset, ": want ", wanted, " more bytes of ",
                   what, ", got the end of the data: it is cut short"));
}

// Types of one byte are counted by their bytes: images are large.
absl::Status CountBytes(ByteSource& source, const ArrayHeader& header,
                        ArrayPreview& preview, ValueCounter& counter) {
  std::array<int64_t, 256> counts = {};
  const auto count = [&](std::span<const unsigned char> bytes) {
    preview.Add(bytes);
    for (const unsigned char byte : bytes) ++counts[byte];
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(ReadValues(source, header, count));
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    if (counts[i] > 0) counter.Add(header.type.decode(&byte), counts[i]);
  }
  return absl::OkStatus();
}

absl::Status CountDistinct(ByteSource& source, const ArrayHeader& header,
                           ArrayPreview& preview, ValueCounter& counter) {
  if (header.type.size_bytes == 1) {
    return CountBytes(source, header, preview, counter);
  }
  const auto size = static_cast<size_t>(header.type.size_bytes);
  return ReadValues(source, header, [&](std::span<const unsigned char> bytes) {
    preview.Add(bytes);
    for (size_t i = 0; i < bytes.size(); i += size) {
      counter.Add(header.type.decode(&bytes[i]));
    }
    return absl::OkStatus();
  });
}

}  // namespace

std::string ArrayHeader::Describe() const {
  return absl::StrCat(absl::StrJoin(shape, " x "), " of ", type.name);
}

absl::Status Within(absl::string_view what, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(what, ": ", status.message()));
}

absl::Status ReadAll(ByteSource& source, std::span<unsigned char> out,
                     absl::string_view what) {
  const int64_t begin = source.offset();
  STEELYARD_ASSIGN_OR_RETURN(
      const size_t count,
      source.Read({reinterpret_cast<char*>(out.data()), out.size()}));
  if (count == out.size()) return absl::OkStatus();
  return CutShort(begin + static_cast<int64_t>(count),
                  static_cast<int64_t>(out.size() - count), what);
}

absl::Status CountValues(int64_t offset, ArrayHeader& header) {
  constexpr int64_t kMaxBytes = std::numeric_limits<int64_t>::max();
  int64_t bytes = header.type.size_bytes;
  for (const int64_t dimension : header.shape) {
    if (bytes > kMaxBytes / dimension) {
      return absl::InvalidArgumentError(
          absl::StrCat("offset ", offset,
                       ": want dimensions with a product that a file can "
                       "hold, got ",
                       header.Describe()));
    }
    bytes *= dimension;
  }
  header.values = bytes / header.type.size_bytes;
  return absl::OkStatus();
}

absl::Status ReadValues(
    ByteSource& source, const ArrayHeader& header,
    absl::FunctionRef<absl::Status(std::span<const unsigned char>)> use) {
  std::vector<unsigned char> chunk(kChunkBytes);
  int64_t left = header.bytes();
  while (left > 0) {
    const int64_t begin = source.offset();
    const auto wanted =
        static_cast<size_t>(std::min(left, static_cast<int64_t>(kChunkBytes)));
    STEELYARD_ASSIGN_OR_RETURN(
        const size_t count,
        source.Read({reinterpret_cast<char*>(chunk.data()), wanted}));
    if (count < wanted) {
      const auto got = static_cast<int64_t>(count);
      return CutShort(begin + got, left - got, header.Describe());
    }
    STEELYARD_RETURN_IF_ERROR(
        use(std::span<const unsigned char>(chunk.data(), wanted)));
    left -= static_cast<int64_t>(wanted);
  }
  return absl::OkStatus();
}

absl::Status CheckEnd(ByteSource& source, const ArrayHeader& header) {
  const int64_t end = source.offset();
  char byte = 0;
  STEELYARD_ASSIGN_OR_RETURN(const size_t count, source.Read({&byte, 1}));
  if (count == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("offset ", end, ": want the end of the data after ",
                   header.Describe(), ", got more bytes"));
}

absl::Status RewindToValues(ByteSource& source, const ArrayHeader& header) {
  STEELYARD_RETURN_IF_ERROR(source.Rewind());
  std::array<unsigned char, 4096> bytes;
  while (source.offset() < header.data_offset) {
    const auto left = static_cast<size_t>(header.data_offset - source.offset());
    STEELYARD_RETURN_IF_ERROR(ReadAll(
        source,
        std::span<unsigned char>(bytes).first(std::min(left, bytes.size())),
        "the header"));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileSummary> InspectArray(ByteSource& source,
                                         const ArrayHeader& header) {
  ValueCounter counter;
  ArrayPreview preview(header);
  STEELYARD_RETURN_IF_ERROR(CountDistinct(source, header, preview, counter));
  STEELYARD_RETURN_IF_ERROR(CheckEnd(source, header));
  FileSummary summary;
  summary.shape = header.shape;
  summary.dtype = header.type.name;
  if (header.shape.size() == 1) summary.values = counter.Values();
  summary.min = counter.min();
  summary.max = counter.max();
  summary.non_finite = counter.non_finite();
  summary.preview = preview.Take();
  return summary;
}

absl::Status CheckLabelShape(const ArrayHeader& labels, int64_t rows,
                             absl::string_view what) {
  if (labels.shape.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("labels: want one dimension, got ", labels.Describe()));
  }
  if (labels.shape[0] != rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("labels: want as many as there are ", what, ", ", rows,
                     ", got ", labels.shape[0]));
  }
  return absl::OkStatus();
}

absl::Status ForEachLabel(
    ByteSource& labels, const ArrayHeader& header,
    const RowSelection& selection,
    absl::FunctionRef<absl::Status(std::optional<double>)> use) {
  RowPicker picker(selection);
  const auto size = static_cast<size_t>(header.type.size_bytes);
  int64_t row = 0;
  const auto pick = [&](std::span<const unsigned char> bytes) {
    for (size_t i = 0; i < bytes.size(); i += size) {
      ++row;
      absl::StatusOr<std::optional<double>> label =
          picker.Pick(header.type.decode(&bytes[i]));
      if (!label.ok()) {
        return Within(absl::StrCat("labels: row ", row), label.status());
      }
      STEELYARD_RETURN_IF_ERROR(use(*label));
    }
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(ReadValues(labels, header, pick));
  return picker.CheckSome();
}

}  // namespace steelyard::training
