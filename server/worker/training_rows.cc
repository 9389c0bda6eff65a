#include "server/worker/training_rows.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/worker/failure.h"
#include "server/worker/read_data.h"
#include "support/status_macros.h"
#include "training/data/alter_rows.h"

namespace steelyard::worker {
namespace {

using training::LabelValues;

absl::Status CheckFraction(absl::string_view kind, double fraction) {
  if (fraction >= 0 && fraction <= 1) return absl::OkStatus();
  return Wrong("label_noise.", kind, ".fraction: want a value of 0 to 1, got ",
               fraction);
}

absl::Status CheckNoise(const v1::LabelNoise& noise) {
  switch (noise.kind_case()) {
    case v1::LabelNoise::kSymmetric:
      if (!noise.symmetric().has_fraction()) break;
      return CheckFraction("symmetric", noise.symmetric().fraction());
    case v1::LabelNoise::kPair:
      if (!noise.pair().has_fraction()) break;
      return CheckFraction("pair", noise.pair().fraction());
    case v1::LabelNoise::KIND_NOT_SET:
      break;
  }
  return Wrong(
      "label_noise: want symmetric or pair with a fraction, got nothing");
}

absl::Status CheckImbalance(const v1::Imbalance& imbalance,
                            LabelValues labels) {
  if (imbalance.has_long_tailed()) {
    const double ratio = imbalance.long_tailed().ratio();
    if (labels != LabelValues::kClasses) {
      return Wrong("imbalance.long_tailed: want several classes, got others");
    }
    if (std::isfinite(ratio) && ratio >= 1) return absl::OkStatus();
    return Wrong("imbalance.long_tailed.ratio: want a finite value >= 1, got ",
                 ratio);
  }
  if (!imbalance.has_step()) {
    return Wrong("imbalance: want step or long_tailed, got nothing");
  }
  if (labels != LabelValues::kSigns) {
    return Wrong("imbalance.step: want labels of +1 and -1, got others");
  }
  const double ratio = imbalance.step().ratio();
  if (std::isfinite(ratio) && ratio > 0) return absl::OkStatus();
  return Wrong("imbalance.step.ratio: want a finite value > 0, got ", ratio);
}

absl::Status CheckColumnSplit(const v1::Data& data) {
  const v1::ColumnSplit& by = data.split().by();
  if (!data.has_csv()) {
    return Wrong("split.by: want it with csv, got another source");
  }
  if (data.split().has_seed()) {
    return Wrong("split.seed: want it with test_fraction alone");
  }
  if (by.column().empty()) {
    return Wrong(
        "split.by.column: want a column's name or its number, got nothing");
  }
  const std::set<std::string> texts(by.test().begin(), by.test().end());
  if (!texts.empty() && std::ssize(texts) == by.test_size()) {
    return absl::OkStatus();
  }
  return Wrong("split.by.test: want at least one text, and each once, got ",
               by.test_size(), " and ", texts.size(), " different ones");
}

absl::Status CheckSplit(const v1::Data& data) {
  switch (data.split().way_case()) {
    case v1::Split::kTestFraction: {
      const double fraction = data.split().test_fraction();
      if (fraction > 0 && fraction < 1) return absl::OkStatus();
      return Wrong("split.test_fraction: want a value > 0 and < 1, got ",
                   fraction);
    }
    case v1::Split::kBy:
      return CheckColumnSplit(data);
    case v1::Split::WAY_NOT_SET:
      break;
  }
  return Wrong("split: want test_fraction or by, got nothing");
}

// All that can be said before the rows are there.
absl::Status Check(const v1::Data& data, LabelValues labels) {
  if (data.has_split()) STEELYARD_RETURN_IF_ERROR(CheckSplit(data));
  if (data.has_imbalance()) {
    STEELYARD_RETURN_IF_ERROR(CheckImbalance(data.imbalance(), labels));
  }
  if (!data.has_label_noise()) return absl::OkStatus();
  if (labels == LabelValues::kNumbers) {
    return Wrong("label_noise: want labels that are classes, got numbers");
  }
  return CheckNoise(data.label_noise());
}

absl::Status MakeImbalance(const v1::Imbalance& imbalance, int64_t classes,
                           training::Rows& rows) {
  if (imbalance.has_long_tailed()) {
    return Within("data.imbalance.long_tailed.ratio",
                  training::MakeLongTailed(imbalance.long_tailed().ratio(),
                                           classes, rows));
  }
  return Within("data.imbalance.step.ratio",
                training::MakeUnequal(imbalance.step().ratio(), rows));
}

int64_t CountClasses(const v1::Data& data, const TrainingRows& rows) {
  if (rows.labels != LabelValues::kClasses) return 2;
  if (data.has_classes()) return data.classes().each_size();
  const auto most = [](const std::vector<double>& labels) {
    return static_cast<int64_t>(
        *std::max_element(labels.begin(), labels.end()));
  };
  const int64_t last = most(rows.train.labels);
  return 1 + (rows.test ? std::max(last, most(rows.test->labels)) : last);
}

void AddNoise(const v1::LabelNoise& noise, LabelValues labels, int64_t classes,
              training::Rows& rows) {
  if (noise.has_symmetric()) {
    training::FlipSymmetric(noise.symmetric().fraction(), noise.seed(), labels,
                            classes, rows);
  } else if (noise.has_pair()) {
    training::FlipPair(noise.pair().fraction(), noise.seed(), labels, classes,
                       rows);
  }
}

}  // namespace

size_t ClassOf(LabelValues labels, double label) {
  if (labels == LabelValues::kSigns) return label > 0 ? 1 : 0;
  return static_cast<size_t>(label);
}

absl::StatusOr<TrainingRows> ReadTrainingRows(const v1::RunSpec& spec,
                                              const LeasedFiles& files) {
  const v1::Data& data = spec.data();
  TrainingRows rows;
  rows.labels = LabelsOf(spec);
  if (absl::Status bad = Check(data, rows.labels); !bad.ok()) {
    return Wrong("data.", bad.message());
  }
  if (data.split().has_by()) {
    STEELYARD_ASSIGN_OR_RETURN(training::CsvParts parts,
                               ReadSplitRows(spec, files));
    rows.train = std::move(parts.others);
    rows.test = std::move(parts.chosen);
  } else {
    STEELYARD_ASSIGN_OR_RETURN(rows.train, ReadRows(spec, data, "data", files));
  }
  rows.classes = CountClasses(data, rows);
  if (rows.classes < 2) {
    return Wrong(
        "data: want at least two classes, labelled 0, 1, ..., got "
        "only 0");
  }
  if (data.split().has_test_fraction()) {
    absl::StatusOr<training::Rows> test =
        training::SplitOff(data.split().test_fraction(), data.split().seed(),
                           rows.labels, rows.train);
    if (!test.ok()) return Within("data.split.test_fraction", test.status());
    rows.test = *std::move(test);
  }
  if (data.has_imbalance()) {
    STEELYARD_RETURN_IF_ERROR(
        MakeImbalance(data.imbalance(), rows.classes, rows.train));
  }
  AddNoise(data.label_noise(), rows.labels, rows.classes, rows.train);
  return rows;
}

absl::Status CheckUnaltered(const v1::Data& data) {
  const char* field = data.has_split()         ? "split"
                      : data.has_imbalance()   ? "imbalance"
                      : data.has_label_noise() ? "label_noise"
                                               : nullptr;
  if (field == nullptr) return absl::OkStatus();
  return Wrong(field, ": want it in data alone, got it in a test set");
}

}  // namespace steelyard::worker
