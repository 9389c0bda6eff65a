#include "training/tiles.h"

#include <algorithm>
#include <cmath>

#include "training/sum_tree.h"
#include "training/tile_products.h"

namespace steelyard::training {
Tiles::Tiles(const Rows& rows, std::span<const int64_t> kept, bool bias)
    : rows_(static_cast<int64_t>(kept.size())),
      columns_(rows.columns + (bias ? 1 : 0)),
      data_(tiles() * kRows * columns_) {
  labels_.reserve(kept.size());
  for (int64_t i = 0; i < rows_; ++i) {
    const auto from = static_cast<size_t>(kept[static_cast<size_t>(i)]);
    const double y = rows.labels[from];
    const double* x =
        rows.features.data() + from * static_cast<size_t>(rows.columns);
    double* z = data_.data() + (i / kRows) * kRows * columns_ + i % kRows;
    for (int64_t j = 0; j < rows.columns; ++j) z[j * kRows] = y * x[j];
    if (bias) z[rows.columns * kRows] = y;
    labels_.push_back(y);
  }
}

double Tiles::LargestValue() const {
  double largest = 0;
  for (int64_t k = 0; k < data_.size(); ++k) {
    largest = std::max(largest, std::fabs(data_[k]));
  }
  return largest;
}

double Tiles::LongestRow() const {
  double longest = 0;
  for (int64_t i = 0; i < rows_; ++i) {
    long double squares = 0;
    for (int64_t j = 0; j < columns_; ++j) {
      squares += static_cast<long double>(at(i, j)) * at(i, j);
    }
    longest = std::max(longest, static_cast<double>(std::sqrt(squares)));
  }
  return longest;
}

void Tiles::RoundToSingle() {
  for (int64_t k = 0; k < data_.size(); ++k) {
    data_[k] = static_cast<float>(data_[k]);
  }
}

Tiles Tiles::Scaled(int exponent) const {
  Tiles scaled;
  scaled.rows_ = rows_;
  scaled.columns_ = columns_;
  scaled.labels_ = labels_;
  scaled.data_ = AlignedDoubles(data_.size());
  for (int64_t k = 0; k < data_.size(); ++k) {
    scaled.data_[k] = std::scalbn(data_[k], exponent);
  }
  return scaled;
}

Tiles Tiles::Times(std::span<const double> factors) const {
  Tiles product = Scaled(0);
  for (int64_t i = 0; i < rows_; ++i) {
    double* z =
        product.data_.data() + (i / kRows) * kRows * columns_ + i % kRows;
    for (int64_t j = 0; j < columns_; ++j) {
      z[j * kRows] *= factors[static_cast<size_t>(i)];
    }
  }
  return product;
}

Tiles Tiles::Picked(std::span<const int64_t> rows) const {
  Tiles picked;
  picked.rows_ = static_cast<int64_t>(rows.size());
  picked.columns_ = columns_;
  picked.data_ = AlignedDoubles(picked.tiles() * kRows * columns_);
  for (int64_t k = 0; k < picked.rows_; ++k) {
    const int64_t i = rows[static_cast<size_t>(k)];
    double* z =
        picked.data_.data() + (k / kRows) * kRows * columns_ + k % kRows;
    for (int64_t j = 0; j < columns_; ++j) z[j * kRows] = at(i, j);
    picked.labels_.push_back(label(i));
  }
  return picked;
}

void Tiles::Margins(const double* theta, double* margins) const {
  MultiplyRows(data_.data(), columns_, tiles(), theta, margins);
}

void Tiles::AddUp(const double* factors, double* partial, double* sum) const {
  constexpr int64_t kTilesPerBlock = kBlockRows / kRows;
  std::fill_n(sum, columns_, 0.0);
  for (int64_t first = 0; first < tiles(); first += kTilesPerBlock) {
    const int64_t end = std::min(first + kTilesPerBlock, tiles());
    std::fill_n(partial, columns_ * kRows, 0.0);
    for (int64_t t = first; t < end; ++t) {
      AddRows<1>(tile(t), columns_, factors + t * kRows, partial);
    }
    for (int64_t j = 0; j < columns_; ++j) {
      sum[j] += Combine(partial + j * kRows);
    }
  }
}

}  // namespace steelyard::training
