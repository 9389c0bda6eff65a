#include "training/data/preview.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "training/data/array.h"
#include "training/data/utf8.h"

namespace steelyard::training {
namespace {

template <typename Value>
std::string ShortestText(Value value) {
  // to_chars would write 1e+05.
  constexpr Value kPlain = 1'000'000'000;
  if (value == std::trunc(value) && std::abs(value) < kPlain) {
    return absl::StrCat(static_cast<int64_t>(value));
  }
  std::array<char, 32> text;
  const std::to_chars_result result =
      std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), result.ptr);
}

// Where the file has the value of flattened column `column` of row 0.
int64_t IndexOfColumn(const ArrayHeader& header, int64_t column) {
  if (!header.column_major) return column;
  // The first index runs fastest: the stride of each is what is before it.
  int64_t rest = header.columns();
  int64_t stride = header.rows();
  int64_t index = 0;
  for (size_t k = 1; k < header.shape.size(); ++k) {
    rest /= header.shape[k];
    index += column / rest * stride;
    column %= rest;
    stride *= header.shape[k];
  }
  return index;
}

}  // namespace

std::string PreviewText(absl::string_view text) {
  constexpr char kDots[] = "...";
  // Escapes take more: what is cut off anyway is not looked at.
  absl::string_view shown = text.substr(0, 2 * kPreviewTextBytes);
  while (shown.size() < text.size() && !shown.empty() &&
         (text[shown.size()] & 0xC0) == 0x80) {
    shown.remove_suffix(1);  // not within a character
  }
  std::string result =
      IsPrintableUtf8(shown) ? std::string(shown) : absl::CHexEscape(shown);
  if (result.size() <= kPreviewTextBytes && shown.size() == text.size()) {
    return result;
  }
  size_t end = std::min(result.size(), kPreviewTextBytes - (sizeof(kDots) - 1));
  while (end > 0 && end < result.size() && (result[end] & 0xC0) == 0x80) --end;
  result.resize(end);
  return result.append(kDots);
}

std::string PreviewNumber(double value) { return ShortestText(value); }
std::string PreviewNumber(float value) { return ShortestText(value); }

ArrayPreview::ArrayPreview(const ArrayHeader& header) : header_(header) {
  const int64_t shown = std::min(header.columns(), kPreviewColumns);
  const int64_t row_count = std::min(header.rows(), kPreviewRows);
  const int64_t stride = header.column_major ? 1 : header.columns();
  for (int64_t column = 0; column < shown; ++column) {
    preview_.columns.push_back(absl::StrCat(column));
    const int64_t index = IndexOfColumn(header, column);
    for (int64_t row = 0; row < row_count; ++row) {
      cells_.push_back({index + row * stride, static_cast<size_t>(row),
                        static_cast<size_t>(column)});
    }
  }
  preview_.more_columns = header.columns() - shown;
  preview_.rows.assign(static_cast<size_t>(row_count),
                       std::vector<std::string>(static_cast<size_t>(shown)));
  std::sort(cells_.begin(), cells_.end(),
            [](const Cell& a, const Cell& b) { return a.index < b.index; });
}

void ArrayPreview::Add(std::span<const unsigned char> bytes) {
  const int64_t size = header_.type.size_bytes;
  const int64_t first = next_value_;
  next_value_ += std::ssize(bytes) / size;
  const bool single = size < 8 && absl::StartsWith(header_.type.name, "float");
  for (; next_cell_ < cells_.size(); ++next_cell_) {
    const Cell& cell = cells_[next_cell_];
    if (cell.index >= next_value_) return;
    const double value = header_.type.decode(
        &bytes[static_cast<size_t>((cell.index - first) * size)]);
    preview_.rows[cell.row][cell.column] =
        single ? PreviewNumber(static_cast<float>(value))
               : PreviewNumber(value);
  }
}

}  // namespace steelyard::training
