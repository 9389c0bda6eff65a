#include "training/shift/blocking.h"

#include "Eigen/Core"

namespace steelyard::training {
namespace {

bool SetCacheSizes() {
  Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  return true;
}

}  // namespace

void FixBlocking() {
  static const bool kSet = SetCacheSizes();
  static_cast<void>(kSet);
}

}  // namespace steelyard::training
