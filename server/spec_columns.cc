#include "server/spec_columns.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/near_name.h"
#include "server/spec_path.h"
#include "server/spec_rows.h"
#include "server/spec_text.h"

namespace steelyard::server {
namespace {

// The columns of a file by their names.
class ColumnNames {
 public:
  explicit ColumnNames(const v1::DatasetSummary& summary) {
    for (int j = 0; j < summary.columns_size(); ++j) {
      names_.push_back(summary.columns(j).name());
      places_[names_.back()].push_back(j);
    }
  }

  // The number of the column that `word` means; absent when there is none, or
  // more than one: then `fault` says so.
  std::optional<int> Find(const std::string& word, std::string* fault) {
    const auto found = places_.find(word);
    if (found != places_.end()) {
      const std::vector<int>& places = found->second;
      if (places.size() == 1) return places[0];
      *fault = absl::StrCat("want the name of one column, got ", ShowText(word),
                            ", the name of columns ", places[0], " and ",
                            places[1], "; give the number");
      return std::nullopt;
    }
    const bool is_number =
        std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
    size_t number = 0;
    if (is_number && absl::SimpleAtoi(word, &number) &&
        number < names_.size()) {
      return static_cast<int>(number);
    }
    // The search takes its time, and only the first hundred faults are shown.
    constexpr size_t kMostCompared = 1000;
    const bool search = names_.size() <= kMostCompared && searches_left_-- > 0;
    const std::string near = search ? NearName(word, names_) : "";
    *fault = absl::StrCat(
        "want the name of a column or its number, 0 to ", names_.size() - 1,
        ", got ", ShowText(word),
        near.empty() ? OtherSeparator()
                     : absl::StrCat("; did you mean ", ShowText(near), "?"));
    return std::nullopt;
  }

 private:
  // The cure for a file whose fields something else separates.
  std::string OtherSeparator() const {
    if (names_.size() != 1 ||
        names_[0].find_first_of(";\t|") == std::string::npos) {
      return "";
    }
    return absl::StrCat("; the only column is ", ShowText(names_[0]),
                        ": separate the file's fields by commas");
  }

  std::vector<std::string> names_;
  std::map<std::string, std::vector<int>> places_;
  int searches_left_ = 100;
};

bool IsFinite(const v1::ColumnSummary& column) {
  return column.numeric() && column.non_finite() == 0;
}

// What a column that is not finite has.
std::string Found(const v1::ColumnSummary& column, int number) {
  return absl::StrCat(
      column.numeric()
          ? absl::StrCat(column.non_finite(), " rows with NaN or an infinity")
          : "text",
      " in column ", number, ", ", ShowText(column.name()), TextPlace(column));
}

class Finder {
 public:
  Finder(std::string path, const v1::Data& data,
         const v1::DatasetSummary& summary, std::vector<Fault>* faults)
      : path_(std::move(path)),
        csv_(data.csv()),
        split_(data.split().by()),
        summary_(summary),
        names_(summary),
        faults_(faults) {}

  MeantColumns Find() {
    MeantColumns meant;
    meant.label = csv_.label().empty() ? summary_.columns_size() - 1
                                       : FindOne("csv.label", csv_.label());
    bool all_found = meant.label.has_value();
    if (!csv_.group().empty()) {
      meant.group = FindOne("csv.group", csv_.group());
      all_found = all_found && meant.group;
    }
    if (!split_.column().empty()) {
      meant.split = FindOne("split.by.column", split_.column());
      all_found = all_found && meant.split;
      if (meant.split) CheckSplit(summary_.columns(*meant.split));
    }
    if (!csv_.features().empty()) {
      meant.features = csv_.features_size();
      CheckNamedFeatures(meant);
    } else if (all_found) {
      CheckOtherFeatures(&meant);
    }
    return meant;
  }

 private:
  void Add(absl::string_view field, std::string message) {
    faults_->push_back({FieldPath(path_, field), std::move(message)});
  }

  std::optional<int> FindOne(absl::string_view field, const std::string& word) {
    std::string fault;
    const std::optional<int> found = names_.Find(word, &fault);
    if (!found) Add(field, std::move(fault));
    return found;
  }

  // Against the texts of the column, where all of them are known.
  void CheckSplit(const v1::ColumnSummary& column) {
    std::vector<std::string> texts;
    for (const v1::TextCount& text : column.texts()) {
      texts.push_back(text.text());
    }
    if (texts.empty()) return;
    const std::string list = FieldPath(path_, "split.by.test");
    ElementFaults wrong(list, faults_);
    for (int k = 0; k < split_.test_size(); ++k) {
      const std::string& text = split_.test(k);
      if (std::find(texts.begin(), texts.end(), text) != texts.end()) continue;
      const std::string near = NearName(text, texts);
      wrong.Add(IndexPath(list, static_cast<size_t>(k)),
                absl::StrCat("want a text of the column ",
                             ShowText(column.name()), ", got ", ShowText(text),
                             near.empty() ? ""
                                          : absl::StrCat("; did you mean ",
                                                         ShowText(near), "?")));
    }
    if (wrong.none() && split_.test_size() == std::ssize(texts)) {
      Add("split.by.test",
          "want texts that leave a row on both sides, got all of the column's");
    }
  }

  // All columns but those that are something else.
  void CheckOtherFeatures(MeantColumns* meant) {
    const std::string dataset = FieldPath(path_, "csv.dataset");
    ElementFaults wrong(dataset, faults_);
    int64_t features = 0;
    for (int j = 0; j < summary_.columns_size(); ++j) {
      if (j == meant->label || j == meant->group || j == meant->split) continue;
      ++features;
      if (IsFinite(summary_.columns(j))) continue;
      wrong.Add(dataset,
                absl::StrCat("want finite numbers in every column but the "
                             "label's, got ",
                             Found(summary_.columns(j), j),
                             "; say which columns are features with features: "
                             "[...]"));
    }
    if (features == 0) {
      Add("csv.features", "want a column left for features, got none");
    }
    meant->features = features;
  }

  void CheckNamedFeatures(const MeantColumns& meant) {
    const std::string list = FieldPath(path_, "csv.features");
    ElementFaults wrong(list, faults_);
    std::map<int, std::string> taken;
    if (meant.label) taken[*meant.label] = "the label's";
    for (int k = 0; k < csv_.features_size(); ++k) {
      const std::string place = IndexPath(list, static_cast<size_t>(k));
      std::string fault;
      const std::optional<int> found = names_.Find(csv_.features(k), &fault);
      if (!found) {
        wrong.Add(place, std::move(fault));
        continue;
      }
      const v1::ColumnSummary& column = summary_.columns(*found);
      const auto [before, is_new] =
          taken.emplace(*found, absl::StrCat("features[", k, "]"));
      if (!is_new) {
        wrong.Add(place, absl::StrCat("want another column than ",
                                      before->second, ", got ", *found, ", ",
                                      ShowText(column.name())));
      } else if (!IsFinite(column)) {
        wrong.Add(place, absl::StrCat("want a column of finite numbers, got ",
                                      Found(column, *found)));
      }
    }
  }

  const std::string path_;
  const v1::CsvData& csv_;
  const v1::ColumnSplit& split_;
  const v1::DatasetSummary& summary_;
  ColumnNames names_;
  std::vector<Fault>* const faults_;
};

}  // namespace

std::string TextPlace(const v1::ColumnSummary& column) {
  if (column.first_text().empty()) return "";
  return absl::StrCat(", of which ", column.first_text());
}

MeantColumns FindColumns(const std::string& path, const v1::Data& data,
                         const v1::DatasetSummary& summary,
                         std::vector<Fault>* faults) {
  return Finder(path, data, summary, faults).Find();
}

}  // namespace steelyard::server
