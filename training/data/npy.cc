#include "training/data/npy.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "support/status_macros.h"
#include "training/data/array.h"
#include "training/data/npy_header.h"

namespace steelyard::training {
namespace {

// Where in the array a value stands that the file holds as number `index`.
struct Place {
  int64_t row = 0;
  int64_t column = 0;  // of the flattened row
};

// Goes through the values in the order of the file.
class PlaceWalk {
 public:
  explicit PlaceWalk(const ArrayHeader& header)
      : header_(header), rows_(header.rows()), columns_(header.columns()) {}

  const Place& place() const { return place_; }

  void Next() {
    if (!header_.column_major) {
      if (++place_.column < columns_) return;
      place_.column = 0;
      ++place_.row;
      return;
    }
    if (++place_.row < rows_) return;
    place_.row = 0;
    place_.column = ColumnOf(++stored_column_);
  }

 private:
  // The flattened column that stands as number `stored` in Fortran order, where
  // the first of the remaining indices runs fastest.
  int64_t ColumnOf(int64_t stored) const {
    int64_t column = 0;
    int64_t stride = columns_;
    for (size_t k = 1; k < header_.shape.size(); ++k) {
      stride /= header_.shape[k];
      column += stored % header_.shape[k] * stride;
      stored /= header_.shape[k];
    }
    return column;
  }

  const ArrayHeader& header_;
  const int64_t rows_;
  const int64_t columns_;
  Place place_;
  int64_t stored_column_ = 0;
};

// Calls `use` with each value and its place, in the order of the file.
template <typename Use>
absl::Status ForEachValue(ByteSource& source, const ArrayHeader& header,
                          Use use) {
  const auto size = static_cast<size_t>(header.type.size_bytes);
  PlaceWalk walk(header);
  return ReadValues(source, header, [&](std::span<const unsigned char> bytes) {
    for (size_t i = 0; i < bytes.size(); i += size, walk.Next()) {
      STEELYARD_RETURN_IF_ERROR(
          use(header.type.decode(&bytes[i]), walk.place()));
    }
    return absl::OkStatus();
  });
}

// Reads the features to their end.
absl::Status CheckFeatures(ByteSource& source, const ArrayHeader& header) {
  STEELYARD_RETURN_IF_ERROR(ForEachValue(
      source, header, [](double value, const Place& place) -> absl::Status {
        if (std::isfinite(value)) return absl::OkStatus();
        return absl::InvalidArgumentError(
            absl::StrCat("row ", place.row + 1, ", feature ", place.column,
                         ": want a finite number, got ", value));
      }));
  return CheckEnd(source, header);
}

// Puts the rows wanted into `rows`, which has room.
absl::Status FillFeatures(ByteSource& source, const ArrayHeader& header,
                          const std::vector<bool>& wanted, Rows& rows) {
  std::vector<int64_t> slots;  // where each row begins; -1: left out
  slots.reserve(wanted.size());
  int64_t next = 0;
  for (const bool is_wanted : wanted) {
    slots.push_back(is_wanted ? next : -1);
    if (is_wanted) next += rows.columns;
  }
  return ForEachValue(source, header, [&](double value, const Place& place) {
    const int64_t begin = slots[static_cast<size_t>(place.row)];
    if (begin >= 0) {
      rows.features[static_cast<size_t>(begin + place.column)] = value;
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<FileSummary> InspectNpy(ByteSource& source) {
  STEELYARD_ASSIGN_OR_RETURN(const ArrayHeader header, ReadNpyHeader(source));
  return InspectArray(source, header);
}

absl::StatusOr<Rows> ReadNpy(ByteSource& features, ByteSource& labels,
                             const RowSelection& selection) {
  absl::StatusOr<ArrayHeader> header = ReadNpyHeader(features);
  if (!header.ok()) return Within("features", header.status());
  absl::StatusOr<ArrayHeader> label_header = ReadNpyHeader(labels);
  if (!label_header.ok()) return Within("labels", label_header.status());
  STEELYARD_RETURN_IF_ERROR(
      CheckLabelShape(*label_header, header->rows(), "rows of features"));

  Rows rows;
  rows.columns = header->columns();
  std::vector<bool> wanted;
  const auto add_label = [&](std::optional<double> label) {
    wanted.push_back(label.has_value());
    if (label.has_value()) rows.labels.push_back(*label);
    return absl::OkStatus();
  };
  STEELYARD_RETURN_IF_ERROR(
      ForEachLabel(labels, *label_header, selection, add_label));
  if (absl::Status end = CheckEnd(labels, *label_header); !end.ok()) {
    return Within("labels", end);
  }
  rows.rows = std::ssize(rows.labels);

  absl::Status read = CheckFeatures(features, *header);
  if (read.ok()) read = RewindToValues(features, *header);
  if (read.ok()) {
    rows.features.resize(static_cast<size_t>(rows.rows * rows.columns));
    read = FillFeatures(features, *header, wanted, rows);
  }
  if (!read.ok()) return Within("features", read);
  return rows;
}

}  // namespace steelyard::training
