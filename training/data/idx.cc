#include "training/data/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"

namespace steelyard::training {
namespace {

// One of the types that the format knows.
struct Type {
  uint8_t code;
  const char* name;
  int64_t size_bytes;
  // The value at `bytes`, big-endian.
  double (*decode)(const unsigned char* bytes);
};

template <typename Bits>
Bits BigEndian(const unsigned char* bytes) {
  Bits bits = 0;
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    bits = static_cast<Bits>(static_cast<uint64_t>(bits) << 8 | bytes[i]);
  }
  return bits;
}

template <typename Value, typename Bits>
double Decode(const unsigned char* bytes) {
  return static_cast<double>(std::bit_cast<Value>(BigEndian<Bits>(bytes)));
}

constexpr std::array<Type, 6> kTypes = {{
    {0x08, "uint8", 1, Decode<uint8_t, uint8_t>},
    {0x09, "int8", 1, Decode<int8_t, uint8_t>},
    {0x0B, "int16", 2, Decode<int16_t, uint16_t>},
    {0x0C, "int32", 4, Decode<int32_t, uint32_t>},
    {0x0D, "float32", 4, Decode<float, uint32_t>},
    {0x0E, "float64", 8, Decode<double, uint64_t>},
}};

struct Header {
  const Type* type = nullptr;
  std::vector<int64_t> shape;
  int64_t values = 0;  // the product of the shape
  int64_t bytes() const { return values * type->size_bytes; }
  // As in `60000 x 28 x 28 of uint8`.
  std::string Describe() const {
    return absl::StrCat(absl::StrJoin(shape, " x "), " of ", type->name);
  }
};

constexpr size_t kChunkBytes = 256 << 10;  // a multiple of every type's size

absl::Status CutShort(int64_t offset, int64_t wanted, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("offset ", offset, ": want ", wanted, " more bytes of ",
                   what, ", got the end of the data: it is cut short"));
}

// Fills `out`, or says what was wanted there.
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

// The product of the shape and the size of a value, if that is a length that a
// file can have.
absl::Status CountValues(Header& header) {
  constexpr int64_t kMaxBytes = std::numeric_limits<int64_t>::max();
  int64_t bytes = header.type->size_bytes;
  for (size_t i = 0; i < header.shape.size(); ++i) {
    if (header.shape[i] == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "offset ", 4 + 4 * i, ": want a dimension of at least 1, got 0"));
    }
    if (bytes > kMaxBytes / header.shape[i]) {
      return absl::InvalidArgumentError(absl::StrCat(
          "offset 4: want dimensions with a product that a file can hold, got ",
          header.Describe()));
    }
    bytes *= header.shape[i];
  }
  header.values = bytes / header.type->size_bytes;
  return absl::OkStatus();
}

absl::StatusOr<Header> ReadHeader(ByteSource& source) {
  std::array<unsigned char, 4> magic;
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, magic, "the IDX header"));
  if (magic[0] != 0 || magic[1] != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "offset 0: want the two zero bytes that an IDX file begins with, got ",
        magic[0], " and ", magic[1]));
  }
  Header header;
  for (const Type& type : kTypes) {
    if (type.code == magic[2]) header.type = &type;
  }
  if (header.type == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "offset 2: want an IDX type (8, 9, 11, 12, 13, 14), got ", magic[2]));
  }
  if (magic[3] == 0) {
    return absl::InvalidArgumentError(
        "offset 3: want 1 to 255 dimensions, got 0");
  }
  std::vector<unsigned char> dimensions(4 * size_t{magic[3]});
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, dimensions, "dimensions"));
  for (size_t i = 0; i < magic[3]; ++i) {
    header.shape.push_back(BigEndian<uint32_t>(&dimensions[4 * i]));
  }
  STEELYARD_RETURN_IF_ERROR(CountValues(header));
  return header;
}

// Hands the values' bytes to `use`, in chunks that hold whole values.
template <typename Use>
absl::Status ReadValues(ByteSource& source, const Header& header, Use use) {
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

absl::Status CheckEnd(ByteSource& source, const Header& header) {
  const int64_t end = source.offset();
  char byte = 0;
  STEELYARD_ASSIGN_OR_RETURN(const size_t count, source.Read({&byte, 1}));
  if (count == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("offset ", end, ": want the end of the data after ",
                   header.Describe(), ", got more bytes"));
}

// Types of one byte are counted by their bytes: images are large.
absl::Status CountBytes(ByteSource& source, const Header& header,
                        ValueCounter& counter) {
  std::array<int64_t, 256> counts = {};
  const auto count = [&](std::span<const unsigned char> bytes) {
    for (const unsigned char byte : bytes) ++counts[byte];
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(ReadValues(source, header, count));
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto byte = static_cast<unsigned char>(i);
    if (counts[i] > 0) counter.Add(header.type->decode(&byte), counts[i]);
  }
  return absl::OkStatus();
}

absl::Status CountValues(ByteSource& source, const Header& header,
                         ValueCounter& counter) {
  if (header.type->size_bytes == 1) return CountBytes(source, header, counter);
  const auto size = static_cast<size_t>(header.type->size_bytes);
  return ReadValues(source, header, [&](std::span<const unsigned char> bytes) {
    for (size_t i = 0; i < bytes.size(); i += size) {
      counter.Add(header.type->decode(&bytes[i]));
    }
    return absl::OkStatus();
  });
}

absl::Status Within(absl::string_view what, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(what, ": ", status.message()));
}

// Calls `use` with the sign of each row, 0 for one left out.
template <typename Use>
absl::Status ForEachLabel(ByteSource& labels, const Header& header,
                          const RowSelection& selection, Use use) {
  RowPicker picker(selection);
  const auto size = static_cast<size_t>(header.type->size_bytes);
  int64_t row = 0;
  const auto pick = [&](std::span<const unsigned char> bytes) {
    for (size_t i = 0; i < bytes.size(); i += size) {
      ++row;
      absl::StatusOr<int> sign = picker.Pick(header.type->decode(&bytes[i]));
      if (!sign.ok()) {
        return Within(absl::StrCat("labels: row ", row), sign.status());
      }
      STEELYARD_RETURN_IF_ERROR(use(*sign));
    }
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(ReadValues(labels, header, pick));
  return picker.CheckSome();
}

// Reads images one after the other.
class ImageReader {
 public:
  ImageReader(ByteSource& source, const Header& header)
      : source_(source),
        header_(header),
        columns_(header.values / header.shape[0]),
        buffer_(static_cast<size_t>(
            std::min(columns_, static_cast<int64_t>(kChunkBytes)))) {}

  // Reads the next image and, when it is wanted, appends its pixels.
  absl::Status Next(bool wanted, std::vector<double>& features) {
    const std::span<unsigned char> buffer(buffer_);
    for (int64_t left = columns_; left > 0;) {
      const std::span<unsigned char> part =
          buffer.first(std::min(buffer.size(), static_cast<size_t>(left)));
      absl::Status read = ReadAll(source_, part, header_.Describe());
      if (!read.ok()) return Within("images", read);
      left -= static_cast<int64_t>(part.size());
      if (!wanted) continue;
      for (const unsigned char pixel : part) features.push_back(pixel / 255.0);
    }
    return absl::OkStatus();
  }

 private:
  ByteSource& source_;
  const Header& header_;
  const int64_t columns_;
  std::vector<unsigned char> buffer_;
};

absl::Status CheckShapes(const Header& images, const Header& labels) {
  if (images.shape.size() < 2 || images.type->code != 0x08) {
    return absl::InvalidArgumentError(
        absl::StrCat("images: want at least two dimensions of uint8, got ",
                     images.Describe()));
  }
  if (labels.shape.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("labels: want one dimension, got ", labels.Describe()));
  }
  if (labels.shape[0] != images.shape[0]) {
    return absl::InvalidArgumentError(
        absl::StrCat("labels: want as many as there are images, ",
                     images.shape[0], ", got ", labels.shape[0]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FileSummary> InspectIdx(ByteSource& source) {
  STEELYARD_ASSIGN_OR_RETURN(const Header header, ReadHeader(source));
  ValueCounter counter;
  STEELYARD_RETURN_IF_ERROR(CountValues(source, header, counter));
  STEELYARD_RETURN_IF_ERROR(CheckEnd(source, header));
  FileSummary summary;
  summary.shape = header.shape;
  summary.dtype = header.type->name;
  if (header.shape.size() == 1) summary.values = counter.Values();
  summary.min = counter.min();
  summary.max = counter.max();
  summary.non_finite = counter.non_finite();
  return summary;
}

absl::StatusOr<Rows> ReadIdx(ByteSource& images, ByteSource& labels,
                             const RowSelection& selection) {
  absl::StatusOr<Header> image_header = ReadHeader(images);
  if (!image_header.ok()) return Within("images", image_header.status());
  absl::StatusOr<Header> label_header = ReadHeader(labels);
  if (!label_header.ok()) return Within("labels", label_header.status());
  STEELYARD_RETURN_IF_ERROR(CheckShapes(*image_header, *label_header));

  // First how many rows there are, so that they get their room at once.
  int64_t wanted = 0;
  const auto count = [&](int sign) {
    wanted += sign == 0 ? 0 : 1;
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(
      ForEachLabel(labels, *label_header, selection, count));
  STEELYARD_RETURN_IF_ERROR(labels.Rewind());
  STEELYARD_RETURN_IF_ERROR(ReadHeader(labels).status());

  Rows rows;
  rows.rows = wanted;
  rows.columns = image_header->values / image_header->shape[0];
  ImageReader reader(images, *image_header);
  const auto read_image = [&](int sign) -> absl::Status {
    if (std::ssize(rows.labels) == wanted) return absl::OkStatus();
    STEELYARD_RETURN_IF_ERROR(reader.Next(sign != 0, rows.features));
    // Not before an image has shown that the header's claim is no empty one.
    rows.features.reserve(static_cast<size_t>(wanted * rows.columns));
    if (sign != 0) rows.labels.push_back(sign);
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(
      ForEachLabel(labels, *label_header, selection, read_image));
  return rows;
}

}  // namespace steelyard::training
