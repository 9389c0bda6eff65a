#include "training/data/csv.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/status_macros.h"
#include "training/data/csv_reader.h"

namespace steelyard::training {
namespace {

// The groups of rows, as they come by.
class GroupNames {
 public:
  // Adds the group of the reader's row.
  absl::Status Add(const CsvReader& reader, size_t column) {
    const std::string name = reader.fields()[column].Text();
    if (name.empty() || name.size() > kMaxCsvGroupBytes) {
      return reader.Fault(column, absl::StrCat("a group's name of 1 to ",
                                               kMaxCsvGroupBytes, " bytes"));
    }
    const auto [place, is_new] =
        places_.emplace(name, static_cast<int32_t>(groups_.names.size()));
    groups_.numbers.push_back(place->second);
    if (!is_new) return absl::OkStatus();
    if (groups_.names.size() == kMaxCsvGroups) {
      return reader.Fault(
          column, absl::StrCat("one of the ", kMaxCsvGroups,
                               " groups before, which are the most there may "
                               "be"));
    }
    groups_.names.push_back(name);
    return absl::OkStatus();
  }
  RowGroups Take() { return std::move(groups_); }

 private:
  absl::flat_hash_map<std::string, int32_t> places_;
  RowGroups groups_;
};

absl::Status ParseFinite(const CsvReader& reader, size_t column,
                         double& value) {
  if (!ParseCsvNumber(reader.fields()[column].text, value)) {
    return reader.Fault(column, "a number");
  }
  return std::isfinite(value) ? absl::OkStatus()
                              : reader.Fault(column, "a finite number");
}

// The texts of a split, and which of them have come by.
class SplitTexts {
 public:
  explicit SplitTexts(std::span<const std::string> texts) {
    for (const std::string& text : texts) seen_.emplace(text, false);
  }

  // Whether the text is one of them.
  bool Chooses(const std::string& text) {
    const auto found = seen_.find(text);
    if (found == seen_.end()) return false;
    found->second = true;
    return true;
  }

  absl::Status CheckSeen() const {
    for (const auto& [text, seen] : seen_) {
      if (seen) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "split: want texts that some row has, got ", QuoteCsvText(text)));
    }
    return absl::OkStatus();
  }

 private:
  std::map<std::string, bool> seen_;
};

// Gathers the rows of a file by part.
class PartsReader {
 public:
  // The reader and the places must outlive it.
  PartsReader(const CsvReader& reader, const CsvPlaces& places,
              std::span<const std::string> texts, const RowSelection& selection)
      : reader_(reader), places_(places), texts_(texts), picker_(selection) {
    for (Part& part : parts_) part.rows.columns = std::ssize(places.features);
  }

  // Makes room for so many rows that are not chosen.
  void Reserve(int64_t count) {
    Rows& rows = parts_[0].rows;
    rows.features.reserve(static_cast<size_t>(count * rows.columns));
    rows.labels.reserve(static_cast<size_t>(count));
  }

  // Adds the reader's row, if it is wanted.
  absl::Status AddRow() {
    const bool chosen = places_.split &&
                        texts_.Chooses(reader_.fields()[*places_.split].Text());
    Part& part = parts_[chosen ? 1 : 0];
    double label = 0;
    STEELYARD_RETURN_IF_ERROR(ParseFinite(reader_, places_.label, label));
    const size_t begin = part.rows.features.size();
    for (const size_t place : places_.features) {
      STEELYARD_RETURN_IF_ERROR(
          ParseFinite(reader_, place, part.rows.features.emplace_back()));
    }
    STEELYARD_ASSIGN_OR_RETURN(const std::optional<double> wanted, Pick(label));
    if (!wanted) {
      part.rows.features.resize(begin);
      return absl::OkStatus();
    }
    part.rows.labels.push_back(*wanted);
    ++part.rows.rows;
    if (!places_.group) return absl::OkStatus();
    return part.groups.Add(reader_, *places_.group);
  }

  absl::StatusOr<CsvParts> Take() {
    STEELYARD_RETURN_IF_ERROR(picker_.CheckSome());
    STEELYARD_RETURN_IF_ERROR(texts_.CheckSeen());
    for (Part& part : parts_) part.rows.groups = part.groups.Take();
    CsvParts parts = {.others = std::move(parts_[0].rows),
                      .chosen = std::move(parts_[1].rows)};
    if (!places_.split || (parts.others.rows > 0 && parts.chosen.rows > 0)) {
      return parts;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("split: want texts that leave a row on both sides, got ",
                     parts.others.rows, " rows, and ", parts.chosen.rows,
                     " with one of the texts"));
  }

 private:
  struct Part {
    Rows rows;
    GroupNames groups;
  };

  absl::StatusOr<std::optional<double>> Pick(double label) {
    absl::StatusOr<std::optional<double>> wanted = picker_.Pick(label);
    if (wanted.ok()) return wanted;
    return absl::InvalidArgumentError(absl::StrCat(
        "row ", reader_.rows(), ", column ", places_.label, " (\"",
        reader_.names()[places_.label], "\"): ", wanted.status().message()));
  }

  const CsvReader& reader_;
  const CsvPlaces& places_;
  SplitTexts texts_;
  RowPicker picker_;
  std::array<Part, 2> parts_;  // the others, the chosen ones
};

}  // namespace

absl::StatusOr<CsvParts> ReadCsvParts(ByteSource& source,
                                      const CsvColumns& columns,
                                      const RowSelection& selection,
                                      int64_t expected_rows) {
  CsvReader reader(source);
  STEELYARD_RETURN_IF_ERROR(reader.ReadHeader());
  STEELYARD_ASSIGN_OR_RETURN(const CsvPlaces places,
                             FindCsvColumns(reader.names(), columns));
  PartsReader parts(reader, places, columns.split.texts, selection);
  parts.Reserve(expected_rows);
  for (;;) {
    STEELYARD_ASSIGN_OR_RETURN(const bool more, reader.Next());
    if (!more) return parts.Take();
    STEELYARD_RETURN_IF_ERROR(parts.AddRow());
  }
}

absl::StatusOr<Rows> ReadCsv(ByteSource& source, const CsvColumns& columns,
                             const RowSelection& selection,
                             int64_t expected_rows) {
  STEELYARD_ASSIGN_OR_RETURN(
      CsvParts parts, ReadCsvParts(source, columns, selection, expected_rows));
  return std::move(parts.others);
}

}  // namespace steelyard::training
