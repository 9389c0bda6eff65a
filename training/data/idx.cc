#include "training/data/idx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/array.h"
#include "training/data/decode.h"

namespace steelyard::training {
namespace {

// One of the types that the format knows.
struct IdxType {
  uint8_t code;
  NumberType type;
};

template <typename Value>
constexpr NumberType BigEndian(const char* name) {
  return {name, sizeof(Value), Decode<Value, std::endian::big>};
}

constexpr std::array<IdxType, 6> kTypes = {{
    {0x08, BigEndian<uint8_t>("uint8")},
    {0x09, BigEndian<int8_t>("int8")},
    {0x0B, BigEndian<int16_t>("int16")},
    {0x0C, BigEndian<int32_t>("int32")},
    {0x0D, BigEndian<float>("float32")},
    {0x0E, BigEndian<double>("float64")},
}};

absl::StatusOr<NumberType> FindType(uint8_t code) {
  for (const IdxType& type : kTypes) {
    if (type.code == code) return type.type;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "offset 2: want an IDX type (8, 9, 11, 12, 13, 14), got ", code));
}

absl::StatusOr<ArrayHeader> ReadHeader(ByteSource& source) {
  std::array<unsigned char, 4> magic;
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, magic, "the IDX header"));
  if (magic[0] != 0 || magic[1] != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "offset 0: want the two zero bytes that an IDX file begins with, got ",
        magic[0], " and ", magic[1]));
  }
  ArrayHeader header;
  STEELYARD_ASSIGN_OR_RETURN(header.type, FindType(magic[2]));
  if (magic[3] == 0) {
    return absl::InvalidArgumentError(
        "offset 3: want 1 to 255 dimensions, got 0");
  }
  std::vector<unsigned char> dimensions(4 * size_t{magic[3]});
  STEELYARD_RETURN_IF_ERROR(ReadAll(source, dimensions, "dimensions"));
  for (size_t i = 0; i < dimensions.size(); i += 4) {
    const auto dimension =
        DecodeBits<uint32_t, std::endian::big>(&dimensions[i]);
    if (dimension == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "offset ", 4 + i, ": want a dimension of at least 1, got 0"));
    }
    header.shape.push_back(dimension);
  }
  STEELYARD_RETURN_IF_ERROR(CountValues(4, header));
  header.data_offset = source.offset();
  return header;
}

// Reads images one after the other.
class ImageReader {
 public:
  ImageReader(ByteSource& source, const ArrayHeader& header)
      : source_(source),
        header_(header),
        buffer_(static_cast<size_t>(
            std::min(header.columns(), int64_t{256 << 10}))) {}

  // Reads the next image and, when it is wanted, appends its pixels.
  absl::Status Next(bool wanted, std::vector<double>& features) {
    const std::span<unsigned char> buffer(buffer_);
    for (int64_t left = header_.columns(); left > 0;) {
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
  const ArrayHeader& header_;
  std::vector<unsigned char> buffer_;
};

absl::Status CheckImageShape(const ArrayHeader& images) {
  const bool is_uint8 = images.type.name == absl::string_view("uint8");
  if (images.shape.size() >= 2 && is_uint8) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("images: want at least two dimensions of uint8, got ",
                   images.Describe()));
}

}  // namespace

absl::StatusOr<FileSummary> InspectIdx(ByteSource& source) {
  STEELYARD_ASSIGN_OR_RETURN(const ArrayHeader header, ReadHeader(source));
  return InspectArray(source, header);
}

absl::StatusOr<Rows> ReadIdx(ByteSource& images, ByteSource& labels,
                             const RowSelection& selection) {
  absl::StatusOr<ArrayHeader> image_header = ReadHeader(images);
  if (!image_header.ok()) return Within("images", image_header.status());
  absl::StatusOr<ArrayHeader> label_header = ReadHeader(labels);
  if (!label_header.ok()) return Within("labels", label_header.status());
  STEELYARD_RETURN_IF_ERROR(CheckImageShape(*image_header));
  STEELYARD_RETURN_IF_ERROR(
      CheckLabelShape(*label_header, image_header->rows(), "images"));

  // First how many rows there are, so that they get their room at once.
  int64_t wanted = 0;
  const auto count = [&](std::optional<double> label) {
    wanted += label.has_value() ? 1 : 0;
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(
      ForEachLabel(labels, *label_header, selection, count));
  STEELYARD_RETURN_IF_ERROR(RewindToValues(labels, *label_header));

  Rows rows;
  rows.rows = wanted;
  rows.columns = image_header->columns();
  ImageReader reader(images, *image_header);
  const auto read_image = [&](std::optional<double> label) -> absl::Status {
    if (std::ssize(rows.labels) == wanted) return absl::OkStatus();
    STEELYARD_RETURN_IF_ERROR(reader.Next(label.has_value(), rows.features));
    // Not before an image has shown that the header's claim is no empty one.
    rows.features.reserve(static_cast<size_t>(wanted * rows.columns));
    if (label.has_value()) rows.labels.push_back(*label);
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(
      ForEachLabel(labels, *label_header, selection, read_image));
  return rows;
}

}  // namespace steelyard::training
