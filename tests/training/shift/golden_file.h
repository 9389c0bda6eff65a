#ifndef STEELYARD_TESTS_TRAINING_SHIFT_GOLDEN_FILE_H_
#define STEELYARD_TESTS_TRAINING_SHIFT_GOLDEN_FILE_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "training/shift/features.h"

// What golden/*.py write: cases of named arrays.
namespace steelyard::training {

struct GoldenCase {
  std::string name;
  std::map<std::string, std::vector<double>> arrays;

  const std::vector<double>& operator[](const std::string& key) const {
    return arrays.at(key);
  }
  int64_t Count(const std::string& key, size_t place) const {
    return static_cast<int64_t>(arrays.at(key).at(place));
  }
};

inline std::vector<GoldenCase> ReadGolden(const std::string& file_name) {
  std::ifstream file(STEELYARD_SHIFT_GOLDEN "/" + file_name);
  std::vector<GoldenCase> cases;
  for (std::string text; std::getline(file, text);) {
    if (text.empty() || text[0] == '#') continue;
    std::istringstream line(text);
    std::string key;
    line >> key;
    if (key == "case") {
      line >> cases.emplace_back().name;
      continue;
    }
    std::vector<double>& values = cases.back().arrays[key];
    for (std::string word; line >> word;) {
      values.push_back(std::strtod(word.c_str(), nullptr));
    }
  }
  return cases;
}

// Each within `relative` of its own size, or of 1e-5 of the largest where it is
// smaller than that.
inline void ExpectClose(const std::vector<double>& got,
                        const std::vector<double>& want, double relative) {
  ASSERT_EQ(got.size(), want.size());
  double largest = 0;
  for (const double value : want)
    largest = std::fmax(largest, std::fabs(value));
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[i], want[i],
                relative * std::fmax(std::fabs(want[i]), 1e-5 * largest))
        << i;
  }
}

inline double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace steelyard::training

#endif  // STEELYARD_TESTS_TRAINING_SHIFT_GOLDEN_FILE_H_
