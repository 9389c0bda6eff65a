#ifndef STEELYARD_TRAINING_MARGIN_BOUNDS_H_
#define STEELYARD_TRAINING_MARGIN_BOUNDS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/metric_table.h"

namespace steelyard::training {

// What bounds of the error on the target say of a model, the weights being the
// density ratio of target and source; with w of mean one, s_i = w_i / n:
//   train/weighted_error  sum_i s_i 1[m_i <= 0]
//   margin/weighted_below/G  (1/n) sum_i w_i 1[m_i / ||theta||^a < G], w as
//                         normalised, for each threshold G
//   bound/p10             P10 of docs/science.md, the least over gamma =
//                         R 2^-k, k = 1, 2, ..., 64, each with the confidence
//                         delta / (k (k + 1)):
//                           sum_i s_i 1[m_i / N < gamma]
//                           + 2 R (sqrt(2 L ln 2) + 1) sqrt(sum s_i^2) / gamma
//                           + max w sqrt(ln(k (k + 1) / delta) / (2 n))
//   bound/cortes          sum_i s_i 1[m_i <= 0] + 2^(5/4) sqrt(d2)
//                           ((p/n) ln(2 n e / p) + ln(4 / delta) / n)^(3/8),
//                         d2 = (1/n) sum w_i^2, p the dimension (Cortes,
//                         Mansour & Mohri 2010, theorem 3); n >= p
// delta = .05: each holds with probability .95 over the training rows.  R is
// the length of the longest row, N = prod_l ||W_l||_F over the L layers, which
// is ||theta|| of a linear model.
class MarginBounds {
 public:
  // What the bounds need of a model.
  struct Model {
    // Why there is no margin/normalized; empty where there is.
    std::string no_margin = {};
    std::string no_p10 = {};     // why P10 says nothing of it; empty: it does
    std::string no_cortes = {};  // likewise
    int64_t layers = 1;
    int64_t dimension = 0;  // p
    double longest = 0;     // R
  };

  MarginBounds() = default;  // measures nothing
  // values: normalised weights, [n].
  MarginBounds(const Model& model, std::span<const double> thresholds,
               std::span<const double> values, MetricTable& table);

  // Takes other weights, [n], > 0.
  void SetWeights(std::span<const double> values);

  // margins: m_i, [n]; scale: ||theta||^a; product: N.
  void Measure(std::span<const double> margins, double scale, double product,
               std::vector<MetricValue>& values) const;

 private:
  using Id = std::optional<uint32_t>;

  double BoundP10(std::span<const double> margins, double product) const;

  Model model_;
  std::vector<double> thresholds_;
  std::vector<double> weights_;  // [n], as normalised
  double sum_ = 0;               // of weights_
  double squares_ = 0;           // sum s_i^2
  double largest_ = 0;           // max w_i, of mean one
  uint32_t error_id_ = 0;
  Id below_id_;  // of the first threshold
  Id p10_id_;
  Id cortes_id_;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_MARGIN_BOUNDS_H_
