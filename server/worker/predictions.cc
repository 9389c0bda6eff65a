#include "server/worker/predictions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/artifact.h"

namespace steelyard::worker {
namespace {

// Rows that are predicted together.
constexpr int64_t kBlockRows = 256;

void AppendNumber(double value, std::string* to) {
  std::array<char, 32> text = {};
  const std::to_chars_result end =
      std::to_chars(text.data(), text.data() + text.size(), value);
  to->append(text.data(), end.ptr);
}

int64_t Predicted(std::span<const double> outputs) {
  if (outputs.size() == 1) return (outputs[0] > 0) - (outputs[0] < 0);
  const auto largest = std::max_element(outputs.begin(), outputs.end());
  const bool tie = std::count(outputs.begin(), outputs.end(), *largest) > 1;
  return tie ? -1 : largest - outputs.begin();
}

// Labels that are no classes have no errors.
bool HasClasses(const training::Trainer& trainer) {
  const auto metrics = trainer.metrics();
  return std::find(metrics.begin(), metrics.end(), "train/error") !=
         metrics.end();
}

std::string HeaderLine(int64_t outputs, bool has_classes) {
  std::string line = "row,label";
  for (int64_t k = 0; k < outputs; ++k) {
    absl::StrAppend(&line, ",output");
    if (outputs > 1) absl::StrAppend(&line, "_", k);
  }
  return absl::StrCat(line, has_classes ? ",predicted\n" : "\n");
}

}  // namespace

absl::StatusOr<std::string> PredictionsCsv(training::Trainer& trainer,
                                           size_t set, int64_t limit_bytes) {
  const training::HeldRows held = trainer.held_rows()[set];
  const auto d = static_cast<size_t>(held.features);
  const auto k = static_cast<size_t>(trainer.outputs());
  const bool has_classes = HasClasses(trainer);
  std::string csv = HeaderLine(trainer.outputs(), has_classes);
  std::vector<double> features(kBlockRows * d);
  std::vector<double> labels(kBlockRows);
  std::vector<double> outputs(kBlockRows * k);
  for (int64_t first = 0; first < held.rows; first += kBlockRows) {
    const auto count =
        static_cast<size_t>(std::min(kBlockRows, held.rows - first));
    const std::span<double> x = std::span(features).first(count * d);
    const std::span<double> y = std::span(labels).first(count);
    const std::span<double> f = std::span(outputs).first(count * k);
    trainer.ReadRows(set, first, x, y);
    trainer.Predict(x, f);
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&csv, first + static_cast<int64_t>(i), ",");
      AppendNumber(y[i], &csv);
      for (const double output : f.subspan(i * k, k)) {
        csv += ',';
        AppendNumber(output, &csv);
      }
      if (has_classes) {
        absl::StrAppend(&csv, ",", Predicted(f.subspan(i * k, k)));
      }
      csv += '\n';
    }
    if (std::ssize(csv) > limit_bytes) {
      return NoRoom(limit_bytes, std::ssize(csv));
    }
  }
  return csv;
}

}  // namespace steelyard::worker
