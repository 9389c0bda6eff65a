#include "training/shift/kliep.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "support/status_macros.h"
#include "training/random.h"
#include "training/rows_check.h"
#include "training/shift/mixture_shares.h"

namespace steelyard::training {
namespace {

using Vector = std::vector<double>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Calls visit(number of the row, ln k of the row and each centre), of the first
// rows alone where it is to stop.
template <typename Visit>
void ForEachRow(const Features& rows, const Features& centres, double width,
                StopCheck* stop, const Visit& visit) {
  const auto b = static_cast<size_t>(centres.rows);
  Vector kernels(static_cast<size_t>(std::min(rows.rows, kBlockRows)) * b);
  for (int64_t first = 0; first < rows.rows; first += kBlockRows) {
    const Features block = Block(rows, first, kBlockRows);
    LogKernels(block, centres, width, kernels, stop);
    if (Stopped(stop, 0)) return;
    for (int64_t i = 0; i < block.rows; ++i) {
      visit(static_cast<size_t>(first + i),
            std::span<double>(kernels).subspan(static_cast<size_t>(i) * b, b));
    }
  }
}

bool AllEqual(const Features& rows) {
  const auto d = static_cast<size_t>(rows.columns);
  return std::equal(rows.values.begin() + static_cast<std::ptrdiff_t>(d),
                    rows.values.end(), rows.values.begin());
}

// ln mean_source k(., c_l), by sums relative to the largest term so far.
absl::StatusOr<Vector> LogMeans(const Features& source, const Features& centres,
                                double width, StopCheck* stop) {
  const auto b = static_cast<size_t>(centres.rows);
  Vector largest(b, -kInfinity);
  Vector least(b, kInfinity);
  Vector sums(b, 0.0);
  ForEachRow(source, centres, width, stop,
             [&](size_t, std::span<double> kernels) {
               for (size_t l = 0; l < b; ++l) {
                 least[l] = std::min(least[l], kernels[l]);
                 if (kernels[l] == -kInfinity) continue;
                 if (kernels[l] > largest[l]) {
                   sums[l] *= std::exp(largest[l] - kernels[l]);
                   largest[l] = kernels[l];
                 }
                 sums[l] += std::exp(kernels[l] - largest[l]);
               }
             });
  STEELYARD_RETURN_IF_ERROR(StatusOf(stop));
  // Of a distance by d + 3 roundings; what is left of differences is theirs.
  const double noise = static_cast<double>(source.columns + 3) *
                       std::numeric_limits<double>::epsilon();
  bool told_apart = false;
  for (size_t l = 0; l < b; ++l) {
    told_apart |= least[l] < largest[l] + noise * largest[l];
    if (sums[l] == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("widths: want one by which centre ", l,
                       " reaches a row of the source, got ", width));
    }
    sums[l] = largest[l] + std::log(sums[l] / static_cast<double>(source.rows));
  }
  if (told_apart || AllEqual(source)) return sums;
  return absl::FailedPreconditionError(
      "target: want rows nearer to the source, whose rows all have one "
      "distance "
      "from each centre to rounding");
}

// The densities k(., c_l) / m_l at rows of the target, each row divided by its
// largest, whose logarithm is the row's offset.
struct Densities {
  Vector values;   // [n_t, b]
  Vector offsets;  // [n_t]
};

absl::StatusOr<Densities> DensitiesAt(const Features& target,
                                      const Features& centres, double width,
                                      const Vector& log_means,
                                      StopCheck* stop) {
  Densities densities;
  densities.values.reserve(static_cast<size_t>(target.rows * centres.rows));
  densities.offsets.reserve(static_cast<size_t>(target.rows));
  absl::Status status;
  ForEachRow(
      target, centres, width, stop, [&](size_t t, std::span<double> row) {
        for (size_t l = 0; l < row.size(); ++l) row[l] -= log_means[l];
        const double offset = *std::max_element(row.begin(), row.end());
        if (offset == -kInfinity && status.ok()) {
          status = absl::FailedPreconditionError(
              absl::StrCat("widths: want one by which a centre reaches target[",
                           t, "], got ", width));
        }
        for (const double value : row) {
          densities.values.push_back(std::exp(value - offset));
        }
        densities.offsets.push_back(offset);
      });
  STEELYARD_RETURN_IF_ERROR(StatusOf(stop));
  if (!status.ok()) return status;
  return densities;
}

// The mean of ln w over one part, w fitted on the others.
absl::StatusOr<double> ScoreOfPart(const Densities& densities, int64_t centres,
                                   const std::vector<int64_t>& parts,
                                   int64_t part, StopCheck* stop) {
  const auto b = static_cast<size_t>(centres);
  Vector others;
  for (size_t t = 0; t < parts.size(); ++t) {
    if (parts[t] == part) continue;
    const double* row = &densities.values[t * b];
    others.insert(others.end(), row, row + b);
  }
  STEELYARD_ASSIGN_OR_RETURN(const Vector shares,
                             MixtureShares(others, centres, stop));
  double sum = 0;
  int64_t count = 0;
  for (size_t t = 0; t < parts.size(); ++t) {
    if (parts[t] != part) continue;
    double density = 0;
    for (size_t l = 0; l < b; ++l) {
      density += densities.values[t * b + l] * shares[l];
    }
    sum += densities.offsets[t] + std::log(density);
    ++count;
  }
  return sum / static_cast<double>(count);
}

absl::StatusOr<double> Score(const Densities& densities, int64_t centres,
                             const std::vector<int64_t>& parts,
                             StopCheck* stop) {
  const int64_t count = 1 + *std::max_element(parts.begin(), parts.end());
  double sum = 0;
  for (int64_t part = 0; part < count; ++part) {
    STEELYARD_ASSIGN_OR_RETURN(
        const double score, ScoreOfPart(densities, centres, parts, part, stop));
    sum += score;
  }
  return sum / static_cast<double>(count);
}

// Of one width; without shares where there are several and its score is not
// above `score`.
absl::StatusOr<KliepRatio> FitWidth(const Features& source,
                                    const Features& target,
                                    const KliepOptions& options, double width,
                                    double score) {
  const Features centres = RowsOf(options.centres, source.columns);
  KliepRatio ratio = {.centres = options.centres,
                      .shares = {},
                      .log_means = {},
                      .width = width,
                      .score = std::numeric_limits<double>::quiet_NaN()};
  STEELYARD_ASSIGN_OR_RETURN(ratio.log_means,
                             LogMeans(source, centres, width, options.stop));
  STEELYARD_ASSIGN_OR_RETURN(
      const Densities densities,
      DensitiesAt(target, centres, width, ratio.log_means, options.stop));
  if (options.widths.size() > 1) {
    STEELYARD_ASSIGN_OR_RETURN(ratio.score, Score(densities, centres.rows,
                                                  options.parts, options.stop));
    if (!(ratio.score > score)) return ratio;
  }
  STEELYARD_ASSIGN_OR_RETURN(
      ratio.shares,
      MixtureShares(densities.values, centres.rows, options.stop));
  return ratio;
}

absl::Status CheckParts(const std::vector<int64_t>& parts, int64_t rows) {
  if (static_cast<int64_t>(parts.size()) != rows) {
    return Want("parts",
                absl::StrCat("one for each of the target's ", rows, " rows"),
                parts.size());
  }
  std::vector<int64_t> counts(static_cast<size_t>(rows), 0);
  int64_t last = 0;
  for (size_t t = 0; t < parts.size(); ++t) {
    if (parts[t] < 0 || parts[t] >= rows) {
      return Want(absl::StrCat("parts[", t, "]"),
                  absl::StrCat("0 to ", rows - 1), parts[t]);
    }
    ++counts[static_cast<size_t>(parts[t])];
    last = std::max(last, parts[t]);
  }
  if (last == 0) return Want("parts", "at least two", 1);
  for (size_t part = 0; part < static_cast<size_t>(last); ++part) {
    if (counts[part] == 0) {
      return Want("parts", "a row in each", absl::StrCat("none in ", part));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const Features& source, const Features& target,
                   const Features& centres, const KliepOptions& options) {
  STEELYARD_RETURN_IF_ERROR(CheckSamples(source, target));
  STEELYARD_RETURN_IF_ERROR(CheckCentres(centres, source.columns));
  STEELYARD_RETURN_IF_ERROR(CheckWidths(options.widths));
  if (target.rows > kMaxMixtureValues / centres.rows) {
    return Want("centres",
                absl::StrCat("at most ", kMaxMixtureValues / target.rows,
                             " for a target of ", target.rows, " rows"),
                centres.rows);
  }
  return options.widths.size() == 1 ? absl::OkStatus()
                                    : CheckParts(options.parts, target.rows);
}

}  // namespace

std::vector<int64_t> DealParts(int64_t rows, int64_t parts, uint64_t seed) {
  RandomStream random(seed, "shift.parts");
  const std::vector<int64_t> order = RandomOrder(random, rows);
  std::vector<int64_t> dealt(order.size());
  for (size_t p = 0; p < order.size(); ++p) {
    dealt[static_cast<size_t>(order[p])] = static_cast<int64_t>(p) % parts;
  }
  return dealt;
}

absl::StatusOr<KliepRatio> FitKliep(const Features& source,
                                    const Features& target,
                                    const KliepOptions& options) {
  const Features centres = RowsOf(options.centres, source.columns);
  STEELYARD_RETURN_IF_ERROR(Check(source, target, centres, options));
  KliepRatio best;
  best.score = -kInfinity;
  absl::Status bad = absl::FailedPreconditionError(
      "widths: want one by which each row of the target is near another");
  for (const double width : options.widths) {
    absl::StatusOr<KliepRatio> next =
        FitWidth(source, target, options, width, best.score);
    STEELYARD_RETURN_IF_ERROR(StatusOf(options.stop));
    if (!next.ok()) {
      bad = next.status();
    } else if (!next->shares.empty()) {
      best = *std::move(next);
    }
  }
  if (best.shares.empty()) return bad;
  return best;
}

std::vector<double> Ratios(const KliepRatio& ratio, const Features& rows,
                           StopCheck* stop) {
  const Features centres = RowsOf(ratio.centres, rows.columns);
  Vector result;
  result.reserve(static_cast<size_t>(rows.rows));
  ForEachRow(
      rows, centres, ratio.width, stop, [&](size_t, std::span<double> kernels) {
        double sum = 0;
        for (size_t l = 0; l < kernels.size(); ++l) {
          sum += ratio.shares[l] * std::exp(kernels[l] - ratio.log_means[l]);
        }
        result.push_back(sum);
      });
  return result;
}

}  // namespace steelyard::training
