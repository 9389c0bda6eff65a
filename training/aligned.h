#ifndef STEELYARD_TRAINING_ALIGNED_H_
#define STEELYARD_TRAINING_ALIGNED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace steelyard::training {

// An array in memory aligned to 64 bytes, zero at first.
template <typename Real>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(int64_t size)
      : data_(static_cast<Real*>(::operator new(
            static_cast<size_t>(size) * sizeof(Real), kAlignment))),
        size_(size) {
    std::fill_n(data_.get(), size, Real{0});
  }

  Real* data() { return data_.get(); }
  const Real* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  std::span<Real> span() { return {data_.get(), static_cast<size_t>(size_)}; }
  Real& operator[](int64_t i) { return data_.get()[i]; }
  Real operator[](int64_t i) const { return data_.get()[i]; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(Real* data) const { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<Real[], Free> data_;
  int64_t size_ = 0;
};

}  // namespace steelyard::training

#endif  // STEELYARD_TRAINING_ALIGNED_H_
