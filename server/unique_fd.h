#ifndef STEELYARD_SERVER_UNIQUE_FD_H_
#define STEELYARD_SERVER_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace steelyard::server {

// Owns a descriptor, and closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }  // -1: none
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace steelyard::server

#endif  // STEELYARD_SERVER_UNIQUE_FD_H_
