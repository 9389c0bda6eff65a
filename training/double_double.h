#ifndef STEELYARD_TRAINING_DOUBLE_DOUBLE_H_
#define STEELYARD_TRAINING_DOUBLE_DOUBLE_H_

#include <cmath>
#include <cstdint>

// Numbers of twice a double's digits.
//
// Source: T. J. Dekker, A floating-point technique for extending the available
// precision, Numerische Mathematik 18 (1971); the error bounds: M. Joldes,
// J.-M. Muller, V. Popescu, Tight and rigorous error bounds for basic building
// blocks of double-word arithmetic, ACM TOMS 44 (2017).
namespace steelyard::training {

// The unevaluated sum hi + lo, |lo| at most half a unit of hi's last digit.  Of
// results below 2^-969 or above 2^996 digits are lost.
struct DoubleDouble {
  double hi = 0;
  double lo = 0;

  DoubleDouble() = default;
  constexpr explicit DoubleDouble(double high, double low = 0)
      : hi(high), lo(low) {}
  explicit operator double() const { return hi; }
  explicit operator long double() const {
    return static_cast<long double>(hi) + lo;
  }
};

// a + b without error.
inline DoubleDouble TwoSum(double a, double b) {
  const double sum = a + b;
  const double of_b = sum - a;
  return DoubleDouble(sum, (a - (sum - of_b)) + (b - of_b));
}

// The same, where |a| >= |b| or a = 0.
inline DoubleDouble FastTwoSum(double a, double b) {
  const double sum = a + b;
  return DoubleDouble(sum, b - (sum - a));
}

// a b without error: the same two numbers whether or not the processor has a
// fused operation.
inline DoubleDouble TwoProduct(double a, double b) {
  const double product = a * b;
#if defined(__FMA__)
  return DoubleDouble(product, std::fma(a, b, -product));
#else
  constexpr double kSplit = 134217729;  // 2^27 + 1
  const double a_high = kSplit * a - (kSplit * a - a);
  const double b_high = kSplit * b - (kSplit * b - b);
  const double a_low = a - a_high;
  const double b_low = b - b_high;
  const double error =
      ((a_high * b_high - product) + a_high * b_low + a_low * b_high) +
      a_low * b_low;
  return DoubleDouble(product, error);
#endif
}

// Each of the operations below is within 2^-102 of its exact result, relative.
inline DoubleDouble operator-(const DoubleDouble& a) {
  return DoubleDouble(-a.hi, -a.lo);
}

inline DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble high = TwoSum(a.hi, b.hi);
  const DoubleDouble low = TwoSum(a.lo, b.lo);
  const DoubleDouble sum = FastTwoSum(high.hi, high.lo + low.hi);
  return FastTwoSum(sum.hi, sum.lo + low.lo);
}

inline DoubleDouble operator-(const DoubleDouble& a, const DoubleDouble& b) {
  return a + -b;
}

inline DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble high = TwoProduct(a.hi, b.hi);
  return FastTwoSum(high.hi, high.lo + (a.hi * b.lo + a.lo * b.hi));
}

// b is not 0.
inline DoubleDouble operator/(const DoubleDouble& a, const DoubleDouble& b) {
  const double first = a.hi / b.hi;
  const DoubleDouble rest = a - DoubleDouble(first) * b;
  const double second = rest.hi / b.hi;
  const DoubleDouble last = rest - DoubleDouble(second) * b;
  return DoubleDouble(first) + FastTwoSum(second, last.hi / b.hi);
}

// a >= 0.
inline DoubleDouble Sqrt(const DoubleDouble& a) {
  if (a.hi == 0) return DoubleDouble();
  const double root = std::sqrt(a.hi);
  return FastTwoSum(root, (a - TwoProduct(root, root)).hi / (2 * root));
}

inline bool operator<(const DoubleDouble& a, const DoubleDouble& b) {
  return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

// A sum of n products, each of a double and a double or a DoubleDouble.
//
// Source: T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product, SIAM
// Journal on Scientific Computing 26 (2005), algorithm Dot2; the small half is
// kept and the products' low halves are added to it.
class ProductSum {
 public:
  // Times sum |a_i b_i|: what value() may be off.  The small half adds up 3 n
  // numbers whose sizes are together below (n + 2) 2^-53 sum |a_i b_i|.
  static double ErrorFactor(int64_t n) {
    const double count = static_cast<double>(n) + 3;
    return 4 * count * count * 0x1p-106;
  }

  void Add(double a, double b) { Add(a, DoubleDouble(b)); }
  void Add(double a, const DoubleDouble& b) {
    const DoubleDouble product = TwoProduct(a, b.hi);
    const DoubleDouble sum = TwoSum(sum_, product.hi);
    sum_ = sum.hi;
    rest_ += sum.lo + (product.lo + a * b.lo);
  }
  DoubleDouble value() const { return TwoSum(sum_, rest_); }

 private:
  double sum_ = 0;
  double rest_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_DOUBLE_DOUBLE_H_
