#include "server/worker/training_rows.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/worker/failure.h"
#include "server/worker/read_data.h"
#include "support/status_macros.h"
#include "training/data/alter_rows.h"

namespace steelyard::worker {
namespace {

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

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

// All that can be said before the rows are there.
absl::Status Check(const v1::Data& data) {
  if (data.has_split()) {
    const double fraction = data.split().test_fraction();
    if (!(fraction > 0 && fraction < 1)) {
      return Wrong("split.test_fraction: want a value > 0 and < 1, got ",
                   fraction);
    }
  }
  if (data.has_imbalance()) {
    const double ratio = data.imbalance().step().ratio();
    if (!std::isfinite(ratio) || ratio <= 0) {
      return Wrong("imbalance.step.ratio: want a finite value > 0, got ",
                   ratio);
    }
  }
  return data.has_label_noise() ? CheckNoise(data.label_noise())
                                : absl::OkStatus();
}

void AddNoise(const v1::LabelNoise& noise, training::Rows& rows) {
  if (noise.has_symmetric()) {
    training::FlipSymmetric(noise.symmetric().fraction(), noise.seed(), rows);
  } else if (noise.has_pair()) {
    training::FlipPair(noise.pair().fraction(), noise.seed(), rows);
  }
}

}  // namespace

absl::StatusOr<TrainingRows> ReadTrainingRows(const v1::Data& data,
                                              const LeasedFiles& files) {
  if (absl::Status bad = Check(data); !bad.ok()) {
    return Wrong("data.", bad.message());
  }
  TrainingRows rows;
  STEELYARD_ASSIGN_OR_RETURN(rows.train, ReadRows(data, "data", files));
  if (data.has_split()) {
    absl::StatusOr<training::Rows> test = training::SplitOff(
        data.split().test_fraction(), data.split().seed(), rows.train);
    if (!test.ok()) return Within("data.split.test_fraction", test.status());
    rows.test = *std::move(test);
  }
  if (data.has_imbalance()) {
    absl::Status changed =
        training::MakeUnequal(data.imbalance().step().ratio(), rows.train);
    if (!changed.ok()) return Within("data.imbalance.step.ratio", changed);
  }
  AddNoise(data.label_noise(), rows.train);
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
