#include "training/matrix_product.h"

#include <algorithm>
#include <cstring>

#if defined(__FMA__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace steelyard::training {
namespace {

// The level's vectors, two of which are the columns of a panel; and how many
// rows of `a` fit with them into its registers.
#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
constexpr int kTileRows = 8;
#elif defined(__AVX__)
constexpr int64_t kVectorBytes = 32;
constexpr int kTileRows = 6;
#else
constexpr int64_t kVectorBytes = 16;
constexpr int kTileRows = 6;
#endif

template <typename Real>
struct Level {
  static constexpr int64_t kLanes = kVectorBytes / int64_t{sizeof(Real)};
  static constexpr int64_t kPanel = 2 * kLanes;  // columns
  using Vector __attribute__((vector_size(kVectorBytes))) = Real;
};

// Rows of b in a panel: a panel stays in the first cache.
constexpr int64_t kDepth = 256;

template <typename Real>
using Vector = typename Level<Real>::Vector;

// a * b + c, rounded once where the level can.
#if defined(__AVX512F__)
inline Vector<float> Link(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Vector<double> Link(Vector<double> a, Vector<double> b,
                           Vector<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
#elif defined(__FMA__)
inline Vector<float> Link(Vector<float> a, Vector<float> b, Vector<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vector<double> Link(Vector<double> a, Vector<double> b,
                           Vector<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
#else
template <typename V>
inline V Link(V a, V b, V c) {
  return a * b + c;
}
#endif

template <typename Real>
inline Vector<Real> Load(const Real* from) {
  Vector<Real> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <typename Real>
inline void Store(Vector<Real> v, Real* to) {
  std::memcpy(to, &v, sizeof v);
}

// c += a panel: c: [kTileRows, kPanel], rows `c_stride` apart; a[i]: the first
// of row i's elements, `a_stride` apart; panel: [k, kPanel].
template <typename Real>
void AddTile(const Real* const* a, int64_t a_stride, const Real* panel,
             int64_t k, int64_t c_stride, Real* c) {
  constexpr int64_t kLanes = Level<Real>::kLanes;
  Vector<Real> sum[kTileRows][2];
  const Real* row[kTileRows];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i) {
    row[i] = a[i];
    sum[i][0] = Load(c + i * c_stride);
    sum[i][1] = Load(c + i * c_stride + kLanes);
  }
  for (int64_t step = 0; step < k; ++step) {
    const Vector<Real> b0 = Load(panel);
    const Vector<Real> b1 = Load(panel + kLanes);
    panel += 2 * kLanes;
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      const Vector<Real> x = row[i][step * a_stride] - Vector<Real>{};
      sum[i][0] = Link(x, b0, sum[i][0]);
      sum[i][1] = Link(x, b1, sum[i][1]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i) {
    Store(sum[i][0], c + i * c_stride);
    Store(sum[i][1], c + i * c_stride + kLanes);
  }
}

// The same for a tile that lies over an edge of c.
template <typename Real>
void AddEdge(const Real* const* a, int64_t a_stride, const Real* panel,
             int64_t k, int64_t c_stride, int64_t rows, int64_t columns,
             Real* c) {
  constexpr int64_t kPanel = Level<Real>::kPanel;
  alignas(64) Real tile[kTileRows * kPanel] = {};
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(c + i * c_stride, columns, tile + i * kPanel);
  }
  AddTile(a, a_stride, panel, k, kPanel, tile);
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(tile + i * kPanel, columns, c + i * c_stride);
  }
}

// Rows [0, k) and `columns` columns of b, side by side; zeros beyond.
template <typename Real>
void Pack(const MatrixView<Real>& b, int64_t k, int64_t columns, Real* panel) {
  constexpr int64_t kPanel = Level<Real>::kPanel;
  if (columns < kPanel) std::fill_n(panel, k * kPanel, Real{0});
  if (b.column_stride == 1) {
    for (int64_t step = 0; step < k; ++step) {
      if (columns == kPanel) {
        std::memcpy(panel + step * kPanel, b.data + step * b.row_stride,
                    kPanel * sizeof(Real));
      } else {
        std::copy_n(b.data + step * b.row_stride, columns,
                    panel + step * kPanel);
      }
    }
    return;
  }
  for (int64_t j = 0; j < columns; ++j) {
    const Real* column = b.data + j * b.column_stride;
    for (int64_t step = 0; step < k; ++step) {
      panel[step * kPanel + j] = column[step * b.row_stride];
    }
  }
}

}  // namespace

template <typename Real>
MatrixProduct<Real>::MatrixProduct(int64_t most_k)
    : panel_(std::min(most_k, kDepth) * Level<Real>::kPanel) {}

template <typename Real>
void MatrixProduct<Real>::AddTo(const MatrixView<Real>& a,
                                const MatrixView<Real>& b, int64_t m, int64_t n,
                                int64_t k, Real* c) {
  constexpr int64_t kPanel = Level<Real>::kPanel;
  for (int64_t begin = 0; begin < k; begin += kDepth) {
    const int64_t depth = std::min(kDepth, k - begin);
    for (int64_t j = 0; j < n; j += kPanel) {
      const int64_t columns = std::min(kPanel, n - j);
      Pack<Real>({b.data + begin * b.row_stride + j * b.column_stride,
                  b.row_stride, b.column_stride},
                 depth, columns, panel_.data());
      for (int64_t i = 0; i < m; i += kTileRows) {
        const int64_t rows = std::min<int64_t>(kTileRows, m - i);
        const Real* row[kTileRows];
        for (int64_t r = 0; r < kTileRows; ++r) {
          row[r] = a.data + (i + std::min(r, rows - 1)) * a.row_stride +
                   begin * a.column_stride;
        }
        Real* to = c + i * n + j;
        if (rows == kTileRows && columns == kPanel) {
          AddTile(row, a.column_stride, panel_.data(), depth, n, to);
        } else {
          AddEdge(row, a.column_stride, panel_.data(), depth, n, rows, columns,
                  to);
        }
      }
    }
  }
}

template class MatrixProduct<float>;
template class MatrixProduct<double>;

}  // namespace steelyard::training
