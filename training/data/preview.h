#ifndef STEELYARD_TRAINING_DATA_PREVIEW_H_
#define STEELYARD_TRAINING_DATA_PREVIEW_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// The first rows of a file, for people.
namespace steelyard::training {

struct ArrayHeader;

// What a preview shows at most.
inline constexpr int64_t kPreviewRows = 10;
inline constexpr int64_t kPreviewColumns = 20;
inline constexpr size_t kPreviewTextBytes = 64;

struct Preview {
  std::vector<std::string> columns;            // their names
  int64_t more_columns = 0;                    // that are not shown
  std::vector<std::vector<std::string>> rows;  // a text for each column
};

// Text of a file as a preview shows it: printable UTF-8, escaped where it is
// not; cut to kPreviewTextBytes, the last three of which are then dots.
std::string PreviewText(absl::string_view text);

// A short text that reads back as the same number, of single precision where
// the value was: 0.1, 100000, 1e+20, nan.
std::string PreviewNumber(double value);
std::string PreviewNumber(float value);

// Takes the first rows out of the values of an array as they come by.
class ArrayPreview {
 public:
  // The header must outlive it.
  explicit ArrayPreview(const ArrayHeader& header);

  // The next values of the file.
  void Add(std::span<const unsigned char> bytes);

  // The columns are numbered, each row being flattened with its last index
  // fastest.
  Preview Take() { return std::move(preview_); }

 private:
  // A value that is shown.
  struct Cell {
    int64_t index = 0;  // among the file's values
    size_t row = 0;
    size_t column = 0;
  };

  const ArrayHeader& header_;
  Preview preview_;
  std::vector<Cell> cells_;  // by index
  size_t next_cell_ = 0;
  int64_t next_value_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DATA_PREVIEW_H_
