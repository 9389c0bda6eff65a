#ifndef STEELYARD_TRAINING_MATRIX_PRODUCT_H_
#define STEELYARD_TRAINING_MATRIX_PRODUCT_H_

#include <cstdint>

#include "training/aligned.h"

// Products of dense matrices, in float and in double.
//
// An element of a product is one chain over k, in order, whatever its place,
// the product's size or what the library held before:
//   c <- a_0 b_0 + c,  c <- a_1 b_1 + c,  ...
// each link rounded once where the instruction level has a fused multiply-add,
// twice where it has not.  So a row of a batch has the bits that it has alone.
namespace steelyard::training {

// A matrix in memory: element (i, k) is data[i * row_stride + k *
// column_stride].
template <typename Real>
struct MatrixView {
  const Real* data = nullptr;
  int64_t row_stride = 0;
  int64_t column_stride = 1;

  MatrixView Transposed() const { return {data, column_stride, row_stride}; }
};

// c += a b; a: [m, k], b: [k, n], c: [m, n] row-major and dense.
// 2 m n k flops.  Fast where the rows of `b` are contiguous, or its columns,
// and m is above 8.
template <typename Real>
class MatrixProduct {
 public:
  // `most_k`: the largest k that will come; memory for 64 columns of it.
  explicit MatrixProduct(int64_t most_k);

  // No allocation.
  void AddTo(const MatrixView<Real>& a, const MatrixView<Real>& b, int64_t m,
             int64_t n, int64_t k, Real* c);

 private:
  AlignedArray<Real> panel_;  // columns of b, side by side
};

extern template class MatrixProduct<float>;
extern template class MatrixProduct<double>;

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_MATRIX_PRODUCT_H_
