#ifndef STEELYARD_TRAINING_METRIC_TABLE_H_
#define STEELYARD_TRAINING_METRIC_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "training/trainer.h"

namespace steelyard::training {

// The metrics that a problem has, by number, and those that it has not.
class MetricTable {
 public:
  // Returns the metric's number, the next one.
  uint32_t Add(std::string name) {
    names_.push_back(std::move(name));
    return static_cast<uint32_t>(names_.size() - 1);
  }
  void AddAbsent(std::string name, std::string reason) {
    absent_.push_back({.metric = std::move(name), .reason = std::move(reason)});
  }

  std::span<const std::string> names() const { return names_; }
  std::span<const Absence> absent() const { return absent_; }

 private:
  std::vector<std::string> names_;
  std::vector<Absence> absent_;
};

// Adding +0 turns -0 into +0 and leaves all else.
inline MetricValue Value(uint32_t metric, double value) {
  return {.metric = metric, .value = value + 0.0};
}

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_METRIC_TABLE_H_
